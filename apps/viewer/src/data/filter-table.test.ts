import { describe, expect, it } from "vitest";
import { filterTable, parseQuery, sortPositions } from "./filter-table.ts";
import type { TrajectoryTable } from "./trajectory-table.ts";

/** Four trajectories of two runs; the last has no coefficient. */
const strings = [
  "cup-1",
  "mug-2",
  "heat",
  "cool",
  "success",
  "truncated:turns",
  "trained",
  "evaluated",
];
const floats = (...values: number[]): Float32Array => Float32Array.from(values);
const zeros = floats(0, 0, 0, 0);
const table: TrajectoryTable = {
  length: 4,
  strings,
  numbers: {
    iteration: floats(1, 1, 2, 2),
    group: zeros,
    trajectory: zeros,
    seed: zeros,
    return: floats(1, 0, 0.7, 0),
    success: floats(1, 0, 1, 0),
    score: zeros,
    turns: floats(3, 12, 5, 12),
    tokens: zeros,
    entropy: floats(0.2, 0.4, 0.1, 0.3),
    coefficientMin: zeros,
    coefficientMax: floats(1.5, 1.2, 1.9, Number.NaN),
    advantage: zeros,
  },
  texts: {
    task: Uint32Array.from([0, 1, 0, 1]),
    kind: Uint32Array.from([2, 3, 2, 3]),
    outcome: Uint32Array.from([4, 5, 4, 5]),
    status: Uint32Array.from([6, 6, 6, 7]),
  },
  run: Uint16Array.from([0, 0, 1, 1]),
  segment: Uint16Array.from([0, 0, 0, 1]),
  row: Uint32Array.from([0, 1, 0, 0]),
  ranges: new Map(),
};
const names = { runs: ["aem-1", "none 1"], stages: [["iteration"], ["iteration", "evaluation"]] };
const find = (query: string): number[] => [...filterTable(table, parseQuery(query), names)];

describe("queries", () => {
  it.each([
    ["", [0, 1, 2, 3]],
    ["HEAT", [0, 2]],
    ["heat run:none", [2]],
    ['run:"none 1"', [2, 3]],
    ["-kind:heat", [1, 3]],
    ["-cup", [1, 3]],
    ["outcome:truncated stage:iteration", [1]],
    ["turns>=5 entropy<0.4", [2, 3]],
    ["coefficient>1.4", [0, 2]],
    ["it=2", [2, 3]],
  ])("%s", (query, rows) => {
    expect(find(query)).toEqual(rows);
  });

  it("compare with the precision of the columns", () => {
    expect(find("return=0.7")).toEqual([2]);
    expect(find("return>=0.7")).toEqual([0, 2]);
  });

  it("name the columns where one is unknown", () => {
    expect(() => parseQuery("speed>1")).toThrow(/^query: column must be one of .*, got speed$/u);
    expect(() => parseQuery("turns>many")).toThrow("query: turns must be a number, got many");
  });
});

describe("sortPositions", () => {
  const all = Uint32Array.from([0, 1, 2, 3]);

  it("puts trajectories without a value last in both directions", () => {
    const column = "coefficientMax";
    expect([...sortPositions(table, all, { column, isDescending: true })]).toEqual([2, 0, 1, 3]);
    expect([...sortPositions(table, all, { column, isDescending: false })]).toEqual([1, 0, 2, 3]);
  });

  it("keeps the order of equal values", () => {
    const order = { column: "turns", isDescending: true } as const;
    expect([...sortPositions(table, all, order)]).toEqual([1, 3, 2, 0]);
  });

  it("sorts texts by name", () => {
    const order = { column: "kind", isDescending: false } as const;
    expect([...sortPositions(table, all, order)]).toEqual([1, 3, 0, 2]);
  });
});
