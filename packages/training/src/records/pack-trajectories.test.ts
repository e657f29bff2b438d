import { gunzipSync } from "node:zlib";
import { recordVersion, type Outcome } from "@turnwise/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { indexColumns, type IndexRow } from "./index-columns.ts";
import { decodeIndex, encodeIndex, readIndexRow } from "./index-file.ts";
import { packTrajectories } from "./pack-trajectories.ts";
import type { RecordedTrajectory } from "./recorded-trajectory.ts";

const outcomes: readonly Outcome[] = [
  { kind: "terminated", isSuccess: true },
  { kind: "terminated", isSuccess: false },
  { kind: "truncated", limit: "tokens" },
  { kind: "failed", error: { kind: "image", message: "no such image" } },
];

const trajectories: readonly RecordedTrajectory[] = outcomes.map((outcome, i) => ({
  version: recordVersion,
  status: i < 2 ? "trained" : "left-out",
  taskId: `task-${i >> 1}`,
  taskKind: "schlüssel",
  groupId: `iteration-2/group-${4 + (i >> 1)}`,
  trajectoryIndex: i & 1,
  presentation: "turn-wise",
  policyVersion: 1,
  firstObservation: "the start",
  outcome,
  turns: [1, 2].map((tokens) => ({
    promptTokens: [1],
    responseTokens: Array<number>(tokens).fill(5),
    samplerLogProbs: Array<number>(tokens).fill(-1),
    samplerEntropies: Array<number>(tokens).fill(0.75),
    action: "look",
    isValidAction: true,
    observation: "",
    reward: tokens,
    ...(i === 0 && { score: 0.25 }),
    ...(i < 2 && {
      credit: {
        oldLogProbs: Array<number>(tokens).fill(-1),
        entropies: Array<number>(tokens).fill(tokens),
        meanTokenEntropy: tokens,
        baseAdvantage: 1,
        coefficient: tokens,
        advantage: tokens === 1 ? 4 : [1, 2],
      },
    }),
  })),
}));

it("packs each trajectory so that it can be read alone, and all of them at once", async () => {
  const { packed, index } = await packTrajectories(trajectories, { iteration: 2, seed: 7 });
  const decoded = decodeIndex(index, "test");
  expect(decoded.numRows).toBe(4);
  expect(decoded.packedBytes).toBe(packed.length);
  const { offset, length } = decoded.columns;
  const alone = [...offset].map((at, row) =>
    JSON.parse(String(gunzipSync(packed.subarray(at, at + length[row]!)))),
  );
  expect(alone).toEqual(trajectories);
  const lines = String(gunzipSync(packed)).trim().split("\n");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(trajectories);
});

it("describes each trajectory in the index", async () => {
  const { index } = await packTrajectories(trajectories, { iteration: 2, seed: 7 });
  const decoded = decodeIndex(index, "test");
  const common = { iteration: 2, kind: "schlüssel", seed: 7, return: 3, turns: 2, tokens: 3 };
  expect(readIndexRow(decoded, 0)).toMatchObject({
    ...common,
    group: 0,
    trajectory: 0,
    task: "task-0",
    success: 1,
    score: 0.25,
    // One token with entropy 1 and two with entropy 2; advantages 4, 1 and 2.
    entropy: Math.fround(5 / 3),
    coefficientMin: 1,
    coefficientMax: 2,
    advantage: Math.fround(7 / 3),
    outcome: "success",
    status: "trained",
    offset: 0,
  });
  expect(readIndexRow(decoded, 3)).toMatchObject({
    ...common,
    group: 1,
    trajectory: 1,
    task: "task-1",
    success: 0,
    score: Number.NaN,
    entropy: 0.75,
    coefficientMin: Number.NaN,
    advantage: Number.NaN,
    outcome: "failed:image",
    status: "left-out",
  });
  expect([1, 2].map((row) => readIndexRow(decoded, row).outcome)).toEqual([
    "failure",
    "truncated:tokens",
  ]);
  expect(() => readIndexRow(decoded, 4)).toThrow(
    "readIndexRow: row must be an integer in [0, 4), got 4",
  );
});

it("writes float32 numbers in few digits, and rewards exactly", async () => {
  const [first] = trajectories;
  const turn = {
    ...first!.turns[0]!,
    samplerLogProbs: [Math.fround(-0.1)],
    reward: 0.1 + 0.2,
  };
  const { packed } = await packTrajectories([{ ...first!, turns: [turn] }], {
    iteration: 1,
    seed: 1,
  });
  const text = String(gunzipSync(packed));
  expect(text).toContain('"samplerLogProbs":[-0.1],');
  expect(text).toContain('"reward":0.30000000000000004,');
});

it("packs many trajectories in a worker thread, with the same bytes as one by one", async () => {
  const position = { iteration: 1, seed: 1 };
  const many = Array.from({ length: 300 }, (_, i) => ({
    ...trajectories[i % 4]!,
    taskId: `task-${i}`,
    firstObservation: `${i} größer `.repeat(500),
  }));
  const { packed, index } = await packTrajectories(many, position);
  const { offset, length } = decodeIndex(index, "test").columns;
  for (const row of [0, 1, 150, 299]) {
    const alone = await packTrajectories([many[row]!], position);
    const member = packed.subarray(offset[row], offset[row]! + length[row]!);
    expect(Buffer.compare(member, alone.packed)).toBe(0);
  }
  expect(packed).toHaveLength(offset[299]! + length[299]!);
});

it("packs nothing as an empty gzip file", async () => {
  const { packed, index } = await packTrajectories([], { iteration: 1, seed: 1 });
  expect(String(gunzipSync(packed))).toBe("");
  expect(decodeIndex(index, "test").numRows).toBe(0);
});

const rowArbitrary: fc.Arbitrary<IndexRow> = fc.record(
  Object.fromEntries(
    Object.entries(indexColumns).map(([name, kind]) => {
      if (kind === "string") return [name, fc.string({ unit: "binary" })];
      if (kind === "uint8") return [name, fc.nat({ max: 255 })];
      if (kind === "uint32") return [name, fc.nat({ max: 2 ** 32 - 1 })];
      return [name, kind === "float32" ? fc.float() : fc.double()];
    }),
  ),
) as unknown as fc.Arbitrary<IndexRow>;

it("reads back every row that it writes, at any alignment", () => {
  fc.assert(
    fc.property(fc.array(rowArbitrary, { maxLength: 9 }), fc.nat({ max: 7 }), (rows, shift) => {
      const bytes = encodeIndex(rows, 12345);
      const moved = new Uint8Array(bytes.length + shift);
      moved.set(bytes, shift);
      const index = decodeIndex(moved.subarray(shift), "test");
      expect(rows.map((_, row) => readIndexRow(index, row))).toEqual(rows);
      expect(index.packedBytes).toBe(12345);
    }),
  );
});

it("names the damage in a file that is no index", async () => {
  const { index } = await packTrajectories(trajectories, { iteration: 2, seed: 7 });
  const changed = (change: (view: DataView) => void): Uint8Array => {
    const copy = index.slice();
    change(new DataView(copy.buffer));
    return copy;
  };
  expect(() => decodeIndex(new Uint8Array(), "a.index")).toThrow(
    'a.index: must start with TWIX, got ""',
  );
  expect(() => decodeIndex(index.subarray(0, 10), "a.index")).toThrow(
    "a.index: must have at least 32 bytes, got 10",
  );
  expect(() => decodeIndex(index.subarray(0, index.length - 1), "a.index")).toThrow(
    `a.index: must have at least ${index.length} bytes, got ${index.length - 1}`,
  );
  expect(() =>
    decodeIndex(
      changed((view) => view.setUint32(4, 2, true)),
      "a.index",
    ),
  ).toThrow("a.index: version must be 1, got 2");
  // Overwrite the name of the first column.
  expect(() =>
    decodeIndex(
      changed((view) => view.setUint8(32, 120)),
      "a.index",
    ),
  ).toThrow("a.index: column iteration must be of kind uint32, got none");
  const strings = (view: DataView): number => view.getUint32(16, true);
  expect(() =>
    decodeIndex(
      changed((view) => view.setUint8(strings(view), 120)),
      "a.index",
    ),
  ).toThrow("a.index: table of strings must be a JSON list of strings");
});

it("reports every truncated index as such", async () => {
  const { index } = await packTrajectories(trajectories, { iteration: 2, seed: 7 });
  for (let length = 0; length < index.length; length++) {
    expect(() => decodeIndex(index.subarray(0, length), "cut")).toThrow(/^cut: /u);
  }
});
