import { mean, variance } from "@turnwise/core";
import { isRecord } from "../../is-record.ts";

/** A verified trajectory, as clients of NeMo-Gym send it back. */
export type VerifiedRow = Readonly<Record<string, unknown>>;

/** Metrics by name, such as `mean/reward`. */
type Metrics = Readonly<Record<string, number>>;

/** Answer of `POST /aggregate_metrics`. */
export interface AggregateMetrics {
  /** Metrics of each task, in the order of task indices. */
  readonly group_level_metrics: readonly Metrics[];
  /** Metrics of all trajectories. */
  readonly agent_metrics: Metrics;
  /** The means among them. */
  readonly key_metrics: Metrics;
}

const taskIndex = "_ng_task_index";
const rolloutIndex = "_ng_rollout_index";

/**
 * Summarizes all numbers and booleans (1 or 0) at the top level of verified trajectories, and the token
 * counts in `response.usage`: mean, maximum, minimum, median and sample standard deviation, which is 0
 * for a single value. A trajectory that lacks a value is left out of the metrics of that value.
 */
export function aggregateMetrics(rows: readonly VerifiedRow[]): AggregateMetrics {
  const groups = new Map<number, VerifiedRow[]>();
  for (const row of rows) {
    append(groups, Number(row[taskIndex] ?? 0), row);
  }
  const agent = summarize(rows);
  return {
    group_level_metrics: [...groups]
      .sort(([a], [b]) => a - b)
      .map(([index, group]) => ({
        ...summarize(group),
        [taskIndex]: index,
        num_rollouts: group.length,
      })),
    agent_metrics: agent,
    key_metrics: Object.fromEntries(
      Object.entries(agent).filter(([name]) => name.startsWith("mean/")),
    ),
  };
}

function summarize(rows: readonly VerifiedRow[]): Metrics {
  const columns = new Map<string, number[]>();
  for (const row of rows) {
    for (const [name, value] of Object.entries({ ...row, ...readUsage(row) })) {
      if (name === taskIndex || name === rolloutIndex) continue;
      if (typeof value !== "number" && typeof value !== "boolean") continue;
      append(columns, name, Number(value));
    }
  }
  return Object.fromEntries(
    [...columns].flatMap(([name, values]) =>
      Object.entries(describeValues(values)).map(([statistic, value]) => [
        `${statistic}/${name}`,
        value,
      ]),
    ),
  );
}

/** Appends a value to the list of a key. */
function append<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function readUsage({ response }: VerifiedRow): VerifiedRow {
  const usage = isRecord(response) ? response["usage"] : undefined;
  return isRecord(usage) ? usage : {};
}

function describeValues(values: readonly number[]): Metrics {
  const sorted = values.toSorted((a, b) => a - b);
  const count = sorted.length;
  const middle = sorted.slice(Math.floor((count - 1) / 2), Math.floor(count / 2) + 1);
  return {
    mean: mean(sorted),
    max: sorted.at(-1)!,
    min: sorted[0]!,
    median: mean(middle),
    std: count > 1 ? Math.sqrt(variance(sorted, 1)) : 0,
  };
}
