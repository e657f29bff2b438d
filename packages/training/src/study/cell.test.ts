import { describe, expect, it } from "vitest";
import { checkCell, cellName, taskOutcomes, type StudyCell } from "./cell.ts";
import { packBits, unpackBits } from "./pack-bits.ts";

const sha256 = "0".repeat(64);

const cell: StudyCell = {
  outcome: "finished",
  version: 1,
  study: { name: "toy", sha256 },
  experiment: "numbers",
  arm: "grpo-aem",
  seed: 3,
  settings: { training: { learningRate: 0.001 } },
  settingsSha256: sha256,
  overlay: { training: { learningRate: 0.001 } },
  versions: { turnwise: "0.1.0", node: "v20.19.0" },
  platform: "linux x64",
  processor: "a CPU",
  training: { success: [0.25, null] },
  evaluations: [
    {
      phase: "after",
      iteration: 2,
      split: "all",
      mode: "sampled",
      metrics: { success: 0.5 },
      byKind: { number: { graded: 2, solved: 1 } },
      tasksSha256: sha256,
      numTasks: 3,
      // 0b101: the first task and the third.
      solved: "BQ==",
      ungraded: [2],
    },
  ],
  seconds: { wall: 2, cpu: 3, collect: 1, score: 0, update: 0.5 },
  tokens: { sampled: 10, read: 20, trained: 30 },
};

describe("packBits", () => {
  it("puts the first bit lowest, 8 to a byte", () => {
    expect(packBits([true, false, true])).toBe("BQ==");
    const bits = Array.from({ length: 1024 }, (_, i) => i % 3 === 0);
    expect(unpackBits(packBits(bits), 1024)).toEqual(bits);
    expect(unpackBits(packBits([]), 0)).toEqual([]);
  });

  it("refuses another number of bits", () => {
    expect(() => unpackBits("BQ==", 9)).toThrow(
      "unpackBits: base64 must hold 2 bytes for 9 bits, got 1",
    );
  });
});

describe("checkCell", () => {
  it("accepts a finished cell and names it", () => {
    expect(checkCell(cell, "cell.json")).toEqual(cell);
    expect(cellName(cell)).toBe("numbers-grpo-aem-seed3");
  });

  it("tells ungraded tasks from unsolved ones", () => {
    expect(taskOutcomes(cell.evaluations[0]!)).toEqual([true, false, undefined]);
  });

  it("names the field that is wrong", () => {
    expect(() => checkCell({ ...cell, seed: -1 }, "cell.json")).toThrow("cell.json: seed must be");
    expect(() => checkCell({ ...cell, luck: 1 }, "cell.json")).toThrow("cell.json: luck must be a");
  });
});
