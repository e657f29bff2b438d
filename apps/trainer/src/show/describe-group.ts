import { compareSiblings, type IndexRow, type RecordedTrajectory } from "@turnwise/training/reader";
import { alignColumns } from "./align-columns.ts";
import { formatMean, formatRange } from "./describe-segment.ts";

/** Describes each sibling of a group in a line, and the turn in which the siblings diverge. */
export function describeGroup(
  segment: string,
  rows: readonly IndexRow[],
  records: readonly RecordedTrajectory[],
  { json = false }: { readonly json?: boolean },
): string[] {
  const { divergence, shared } = compareSiblings(records);
  if (json) {
    return rows.map((row, i) => JSON.stringify({ ...row, sharedTurns: shared[i], divergence }));
  }
  const [first] = rows;
  const table = rows.map((row, i) => [
    String(row.trajectory),
    row.outcome,
    row.status,
    row.return.toFixed(2),
    String(row.turns),
    String(row.tokens),
    formatMean([row.entropy]),
    formatRange([row]),
    formatMean([row.advantage]),
    describeShared(shared[i]!, rows),
  ]);
  const header = ["trajectory", "outcome", "status", "return", "turns", "tokens", "entropy"];
  return [
    `${segment}, group ${first!.group}: task ${first!.task} (${first!.kind})`,
    "",
    ...alignColumns(
      [[...header, "coefficients", "advantage", "same turns as"], ...table],
      new Set([0, 3, 4, 5, 6, 7, 8]),
    ),
    "",
    ...describeDivergence(divergence, records),
  ];
}

function describeShared(
  { with: other, turns }: ReturnType<typeof compareSiblings>["shared"][number],
  rows: readonly IndexRow[],
): string {
  if (other === undefined || turns === 0) return "-";
  return `${rows[other]!.trajectory}, ${turns === 1 ? "turn 0" : `turns 0 to ${turns - 1}`}`;
}

/**
 * Lists the actions of the first turn that differs, with the number of siblings that chose each.
 */
function describeDivergence(
  divergence: number | undefined,
  records: readonly RecordedTrajectory[],
): string[] {
  if (divergence === undefined) return ["all trajectories have the same actions"];
  const counts = new Map<string, number>();
  for (const { turns } of records) {
    const action = turns[divergence]?.action ?? "(had ended)";
    counts.set(action, (counts.get(action) ?? 0) + 1);
  }
  const order = [...counts].sort(([, a], [, b]) => b - a);
  return [
    `they diverge in turn ${divergence}:`,
    ...order.map(([action, count]) => `  ${count} × ${action.replaceAll("\n", " ").slice(0, 100)}`),
  ];
}
