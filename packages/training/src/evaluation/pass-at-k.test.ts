import { recordVersion, type Group, type Outcome } from "@turnwise/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { passAllK, passAtK, computePassCurve } from "./pass-at-k.ts";

/** Creates a group from one letter per episode: s success, f failure, x failed episode. */
function group(episodes: string): Group {
  const outcomes: Readonly<Record<string, Outcome>> = {
    s: { kind: "terminated", isSuccess: true },
    f: { kind: "truncated", limit: "turns" },
    x: { kind: "failed", error: { kind: "environment", message: "engine" } },
  };
  return {
    id: episodes,
    task: { id: episodes, kind: "k" },
    trajectories: Array.from(episodes, (letter, trajectoryIndex) => ({
      version: recordVersion,
      taskId: episodes,
      taskKind: "k",
      groupId: episodes,
      trajectoryIndex,
      presentation: "concatenated",
      policyVersion: 0,
      firstObservation: "",
      turns: [],
      outcome: outcomes[letter]!,
    })),
  };
}

describe("passAtK", () => {
  it("is the share of draws with a success in them", () => {
    // Three of the 6 pairs from 4 episodes contain the success.
    expect(passAtK(4, 1, 2)).toBeCloseTo(0.5, 12);
    expect(passAtK(5, 0, 3)).toBe(0);
    expect(passAtK(5, 3, 3)).toBe(1);
    expect(() => passAtK(3, 4, 1)).toThrow("passAtK: c must be a whole number in [0, 3], got 4");
    expect(() => passAtK(3, 1, 4)).toThrow("passAtK: k must be a whole number in [1, 3], got 4");
  });

  it("equals counting all draws, and is the success rate for k = 1", () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 8 }),
        (episodes, wanted) => {
          const k = Math.min(wanted, episodes.length);
          const c = episodes.filter(Boolean).length;
          let [draws, hits] = [0, 0];
          for (let bits = 0; bits < 2 ** episodes.length; bits++) {
            const drawn = episodes.filter((_, i) => ((bits >> i) & 1) === 1);
            if (drawn.length !== k) continue;
            draws += 1;
            if (drawn.includes(true)) hits += 1;
          }
          expect(passAtK(episodes.length, c, k)).toBeCloseTo(hits / draws, 12);
          expect(passAtK(episodes.length, c, 1)).toBeCloseTo(c / episodes.length, 12);
        },
      ),
    );
  });
});

describe("passAllK", () => {
  it("is the share of draws with only successes", () => {
    // Three of the 6 pairs from 4 episodes do not contain the failure.
    expect(passAllK(4, 3, 2)).toBeCloseTo(0.5, 12);
    expect(passAllK(5, 5, 3)).toBe(1);
    expect(passAllK(5, 2, 3)).toBe(0);
    expect([...computePassCurve([group("sfff"), group("ssss")], passAllK)]).toEqual([
      [1, 0.625],
      [2, 0.5],
      [4, 0.5],
    ]);
  });
});

describe("computePassCurve", () => {
  it("averages over tasks, and leaves out failed episodes", () => {
    expect(computePassCurve([group("sfff"), group("ffff")])).toEqual(
      new Map([
        [1, 0.125],
        [2, 0.25],
        [4, 0.5],
      ]),
    );
    // Two of the three episodes are graded: k = 1 and 2.
    expect([...computePassCurve([group("sxf")])]).toEqual([
      [1, 0.5],
      [2, 1],
    ]);
    expect([...computePassCurve([group("sff")]).keys()]).toEqual([1, 2, 3]);
    expect(computePassCurve([group("xx")]).size).toBe(0);
  });
});
