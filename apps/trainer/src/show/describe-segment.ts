import { formatCount } from "@turnwise/core";
import type { IndexRow } from "@turnwise/training/reader";
import { alignColumns } from "./align-columns.ts";

/** Lists the groups of an iteration or an evaluation. */
export function describeSegment(
  name: string,
  rows: readonly IndexRow[],
  { json = false }: { readonly json?: boolean },
): string[] {
  if (json) return rows.map((row) => JSON.stringify(row));
  const groups = new Map<number, IndexRow[]>();
  for (const row of rows) groups.set(row.group, [...(groups.get(row.group) ?? []), row]);
  const table = [...groups].map(([group, members]) => [
    String(group),
    members[0]!.task,
    members[0]!.kind,
    `${members.filter(({ success }) => success === 1).length}/${members.length}`,
    formatMean(members.map((row) => row.return)),
    formatMean(members.map(({ turns }) => turns)),
    formatMean(members.map(({ tokens }) => tokens)),
    formatMean(members.map(({ entropy }) => entropy)),
    formatRange(members),
    [...new Set(members.map(({ status }) => status))].join(", "),
  ]);
  const header = ["group", "task", "kind", "solved", "return", "turns", "tokens", "entropy"];
  return [
    `${name}: ${formatCount(groups.size, "group")}, ${formatCount(rows.length, "trajectory", "trajectories")}`,
    "",
    ...alignColumns(
      [[...header, "coefficients", "status"], ...table],
      new Set([0, 3, 4, 5, 6, 7, 8]),
    ),
  ];
}

/** Formats the mean of the defined values, with two decimals. */
export function formatMean(values: readonly number[]): string {
  const known = values.filter((value) => !Number.isNaN(value));
  if (known.length === 0) return "-";
  return (known.reduce((sum, value) => sum + value, 0) / known.length).toFixed(2);
}

/** Formats the smallest and the largest coefficient of trajectories. */
export function formatRange(
  rows: readonly Pick<IndexRow, "coefficientMin" | "coefficientMax">[],
): string {
  const known = rows.filter(({ coefficientMin }) => !Number.isNaN(coefficientMin));
  if (known.length === 0) return "-";
  const low = Math.min(...known.map(({ coefficientMin }) => coefficientMin));
  const high = Math.max(...known.map(({ coefficientMax }) => coefficientMax));
  return `${low.toFixed(2)} to ${high.toFixed(2)}`;
}
