import { describe, expect, it } from "vitest";
import { gigpoAdvantages, turnAdvantages } from "./turn-advantages.ts";

const group = [
  { rewards: [0, 10], stateKeys: ["A", "B"] },
  { rewards: [0, 0, 0], stateKeys: ["A", "C", "A"] },
];

describe("gigpoAdvantages", () => {
  it("computes the numbers of the paper's code", () => {
    // Trajectory part: returns 10, 10, 0, 0, 0 with mean 4. Turn part: state A has the returns 9.5,
    // 0 and 0.
    expect(gigpoAdvantages([group])[0]).toEqual([
      [expect.closeTo(12.333333, 6), 6],
      [expect.closeTo(-7.166667, 6), -4, expect.closeTo(-7.166667, 6)],
    ]);
    expect(gigpoAdvantages([group], { scale: "sample" })[0]).toEqual([
      [expect.closeTo(2.250145, 6), expect.closeTo(1.095445, 6)],
      [expect.closeTo(-1.307647, 6), expect.closeTo(-0.730297, 6), expect.closeTo(-1.307647, 6)],
    ]);
  });

  it("equals the trajectory's advantage without turn credit", () => {
    const options = { turnWeight: 0, statisticsOver: "trajectories" } as const;
    expect(gigpoAdvantages([group], options)[0]).toEqual([
      [5, 5],
      [-5, -5, -5],
    ]);
  });

  it("does not compare turns of different groups", () => {
    const [first, second] = gigpoAdvantages([group, group]);
    expect(first).toEqual(second);
  });

  it("names the invalid argument", () => {
    expect(() => gigpoAdvantages([[{ rewards: [1], stateKeys: [] }]])).toThrow(
      "gigpoAdvantages: rewards[0] and stateKeys[0] must have the same length, got 1 and 0",
    );
  });
});

describe("turnAdvantages", () => {
  const rewards = [
    [
      [0, 1],
      [0, 0, 0.5],
    ],
  ];

  it("compares turns of one index", () => {
    // Returns from each turn onward: 1, 1 and 0.5, 0.5, 0.5. Only one trajectory reaches the third
    // turn.
    expect(turnAdvantages(rewards, { scale: "none" })).toEqual([
      [
        [0.25, 0.25],
        [-0.25, -0.25, 0],
      ],
    ]);
  });

  it("does not compare turns of different groups", () => {
    const [, second] = turnAdvantages([...rewards, [[8], [4]]], { scale: "none" });
    expect(second).toEqual([[2], [-2]]);
  });

  it("compares all turns of the group", () => {
    const [advantages] = turnAdvantages(rewards, { scale: "none", among: "group" });
    expect(advantages).toEqual([
      [expect.closeTo(0.3, 12), expect.closeTo(0.3, 12)],
      [expect.closeTo(-0.2, 12), expect.closeTo(-0.2, 12), expect.closeTo(-0.2, 12)],
    ]);
  });

  it("discounts later rewards", () => {
    const [advantages] = turnAdvantages(rewards, {
      scale: "none",
      baseline: "none",
      discount: 0.5,
    });
    expect(advantages).toEqual([
      [0.5, 1],
      [0.125, 0.25, 0.5],
    ]);
  });
});
