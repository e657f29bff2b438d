import { describe, expect, it } from "vitest";
import { formatCellName, checkCell, unpackTaskOutcomes } from "./cell.ts";
import { packBits, unpackBits } from "./pack-bits.ts";
import { toyCell as cell } from "./testing/toy-cell.ts";

describe("packBits", () => {
  it("puts the first bit lowest, 8 to a byte", () => {
    expect(packBits([true, false, true])).toBe("BQ==");
    const bits = Array.from({ length: 1024 }, (_, i) => i % 3 === 0);
    expect(unpackBits(packBits(bits), 1024)).toEqual(bits);
    expect(unpackBits(packBits([]), 0)).toEqual([]);
  });

  it("refuses another number of bits", () => {
    expect(() => unpackBits("BQ==", 9)).toThrow(
      "unpackBits: base64 must contain 2 bytes for 9 bits, got 1",
    );
  });
});

describe("checkCell", () => {
  it("accepts a finished cell and names it", () => {
    expect(checkCell(cell, "cell.json")).toEqual(cell);
    expect(formatCellName(cell)).toBe("numbers-aem-seed3");
  });

  it("tells ungraded tasks from unsolved ones", () => {
    expect(unpackTaskOutcomes(cell.evaluations[0]!)).toEqual([true, false, undefined]);
  });

  it("names the field that is wrong", () => {
    expect(() => checkCell({ ...cell, seed: -1 }, "cell.json")).toThrow("cell.json: seed must be");
    expect(() => checkCell({ ...cell, luck: 1 }, "cell.json")).toThrow("cell.json: luck must be a");
  });
});
