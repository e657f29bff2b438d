import { formatCount } from "@turnwise/core";
import { formatDuration, formatPercent, formatThousands } from "./format-numbers.ts";
import { drawBar, drawSparkline } from "./sparkline.ts";
import type { TextStyle } from "./terminal.ts";
import { cleanText, cutText, measureWidth } from "./text-width.ts";
import type { NotableTrajectory, WorkInProgress } from "./run-note.ts";

/** Part of a line with one style. */
export interface Span {
  readonly text: string;
  readonly style?: TextStyle;
}

/** Content of the live screen. */
export interface PanelState {
  /** Text of the current activity, for an activity without counts. */
  readonly activity: string;
  readonly work?: WorkInProgress | undefined;
  /** Metrics of the iterations so far, the latest last. */
  readonly iterations: readonly Readonly<Record<string, unknown>>[];
  readonly notable?: NotableTrajectory | undefined;
  /** Advisories so far, each with the iteration at which it fired. */
  readonly advisories: readonly string[];
  readonly elapsedSeconds: number;
}

/** Maximum width of the panel, columns. */
const maxWidth = 100;
const labelWidth = 10;
/** Names of the phases of an iteration, in order. */
const phases = ["collect", "score", "update"];

/**
 * Lays out the live screen: phase, success and entropy so far, counts of the last iteration, the
 * last notable trajectory, advisories.
 * @param width - Columns of the terminal.
 * @param height - Maximum number of rows of the panel, `>= 1`; the least important rows are
 * omitted.
 */
export function layOutPanel(state: PanelState, width: number, height: number): Span[][] {
  const columns = Math.max(10, Math.min(maxWidth, width - 1));
  const { work, activity } = state;
  // Rows with their priorities.
  const rows: { readonly order: number; readonly spans: readonly Span[] }[] = [];
  const add = (order: number, spans: readonly Span[] | undefined): void => {
    if (spans !== undefined) rows.push({ order, spans });
  };
  add(1, state.iterations.length > 0 || work ? layOutTitle(state, columns) : undefined);
  add(0, work ? layOutWork(work, columns) : activity === "" ? undefined : [dim(activity)]);
  add(2, layOutCurve("success", "green", state, columns));
  add(3, layOutCurve("entropy", "cyan", state, columns));
  add(5, layOutCounts(state));
  for (const spans of layOutNotable(state)) add(6, spans);
  add(4, layOutAdvisories(state));
  const kept = new Set([...rows].sort((a, b) => a.order - b.order).slice(0, height));
  return rows.filter((row) => kept.has(row)).map(({ spans }) => cutSpans(spans, columns));
}

const dim = (text: string): Span => ({ text, style: "dim" });
const label = (text: string): Span => ({ text: text.padEnd(labelWidth), style: "bold" });

/** Lays out the title: `── iteration 12 of 150 ───────── 1:20 so far, 12:34 left ──`. */
function layOutTitle({ work, elapsedSeconds }: PanelState, columns: number): Span[] {
  const title = work?.label ?? "";
  const left = work?.runSecondsLeft;
  const time = `${formatDuration(elapsedSeconds)} so far${left === undefined ? "" : `, ${formatDuration(left)} left`}`;
  const rest = columns - measureWidth(title) - time.length - 8;
  if (rest < 0) return [{ text: cutText(title, columns), style: "bold" }];
  return [
    dim("── "),
    { text: title, style: "bold" },
    dim(` ${"─".repeat(rest)} `),
    { text: time },
    dim(" ──"),
  ];
}

/**
 * Lays out the current phase: `collect ██████░░░░ 52% 67/128 episodes, 1 failed, 310 tokens/s, 0:12
 * left`.
 */
function layOutWork(
  { phase, share, counts, tokensPerSecond, secondsLeft }: WorkInProgress,
  columns: number,
): Span[] {
  const { done = 0, total = 0, unit = "", failed = 0 } = counts ?? {};
  const details = [
    ...(counts === undefined ? [] : [`${formatThousands(done)}/${formatThousands(total)} ${unit}`]),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(tokensPerSecond === undefined || tokensPerSecond === 0
      ? []
      : [`${formatThousands(tokensPerSecond)} tokens/s`]),
    ...(secondsLeft === undefined ? [] : [`${formatDuration(secondsLeft)} left`]),
  ].join(", ");
  const name = cleanText(phase);
  const percent = `${Math.floor(100 * share)}%`.padStart(5);
  const width = Math.min(
    30,
    columns - Math.max(labelWidth, name.length + 2) - 6 - details.length - 2,
  );
  return [
    label(phases.includes(name) ? name : `${name}  `),
    ...(width >= 4 ? [{ text: drawBar(share, width), style: "green" } as const] : []),
    { text: percent },
    dim(`  ${details}`),
  ];
}

/** Lays out a curve of the iterations so far: `success   ▁▂▃▅▆ 43.8%  best 50.0%`. */
function layOutCurve(
  name: "success" | "entropy",
  style: TextStyle,
  { iterations }: PanelState,
  columns: number,
): Span[] | undefined {
  const values = iterations.map((line) => line[name]).filter((value) => typeof value === "number");
  const last = values.at(-1);
  if (last === undefined) return undefined;
  const high = name === "success" ? 1 : Math.max(...values, 1e-9);
  const text =
    name === "success"
      ? `${formatPercent(last)}  best ${formatPercent(Math.max(...values))}`
      : `${last.toPrecision(3)} nats per token  first ${values[0]!.toPrecision(3)}`;
  const width = Math.min(values.length, columns - labelWidth - text.length - 2);
  const curve = drawSparkline(values, width, { low: 0, high });
  return [label(name), { text: curve, style }, { text: `${curve === "" ? "" : "  "}${text}` }];
}

/** Lays out counts of the last iteration: failures, limits, groups. */
function layOutCounts({ iterations }: PanelState): Span[] | undefined {
  const last = iterations.at(-1);
  if (last === undefined) return undefined;
  const number = (name: string): number | undefined =>
    typeof last[name] === "number" ? last[name] : undefined;
  const share = (name: string, text: string): string[] =>
    number(name) === undefined ? [] : [`${formatPercent(number(name)!)} ${text}`];
  const [failed = 0, kept] = [number("failed"), number("keptGroups")];
  const text = [
    ...(number("return") === undefined ? [] : [`return ${number("return")!.toFixed(2)}`]),
    ...(number("turns") === undefined ? [] : [`${number("turns")!.toFixed(1)} turns`]),
    ...(kept === undefined ? [] : [`${formatCount(kept, "group")} trained on`]),
    ...share("truncated", "truncated"),
    ...share("invalidActions", "invalid"),
  ].join(", ");
  const failures = `${failed}/${number("episodes") ?? 0} failed`;
  return [
    label("last"),
    failed > 0 ? { text: failures, style: "red" } : { text: failures },
    dim(text === "" ? "" : `, ${text}`),
  ];
}

function layOutNotable({ notable }: PanelState): Span[][] {
  if (notable === undefined) return [];
  const { reason, iteration, group, trajectory, taskId, outcome, actions } = notable;
  return [
    [
      label("notable"),
      { text: `${reason}: iteration ${iteration}, group ${group}, trajectory ${trajectory}` },
      dim(`, ${outcome}, ${cleanText(taskId)}`),
    ],
    [label(""), dim(actions.map(cleanText).join(" › "))],
  ];
}

function layOutAdvisories({ advisories }: PanelState): Span[] | undefined {
  if (advisories.length === 0) return undefined;
  return [label("advisory"), { text: advisories.join(", "), style: "yellow" }];
}

/** Truncates a line to a number of columns. */
function cutSpans(spans: readonly Span[], columns: number): Span[] {
  let left = columns;
  return spans.flatMap((span) => {
    if (left <= 0 || span.text === "") return [];
    const text = cutText(span.text, left);
    left -= measureWidth(text);
    if (text !== span.text) left = 0;
    return [{ ...span, text }];
  });
}
