import { expectAllNear, type Group } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import { bestOfGroupAdvantages } from "../best-of-group.ts";
import { groupAdvantages } from "../group-advantages.ts";
import { overlongPenalty } from "../overlong-penalty.ts";
import {
  reinforcePlusPlusAdvantages,
  reinforcePlusPlusBaselineAdvantages,
} from "../reinforce-plus-plus.ts";
import { createGroup, createGroupOfReturns, createScores } from "../testing/groups.ts";
import { gigpoAdvantages, turnAdvantages } from "../turn-advantages.ts";
import { whiten } from "../whiten.ts";
import type { Algorithm } from "./algorithm.ts";
import { batchRows } from "./batch-rows.ts";
import { compileAlgorithm, type Credit } from "./compile-algorithm.ts";
import { cispo, grpo, ppo, reinforcePlusPlus } from "./presets.ts";

const plain: Algorithm = { ...cispo, advantages: { kind: "group" } };

function computeCredit(
  algorithm: Algorithm,
  groups: readonly Group[],
  lists: Parameters<typeof createScores>[1] & { readonly references?: readonly number[] } = {},
): Credit {
  const { credit, initialState } = compileAlgorithm(algorithm);
  return credit(
    {
      groups,
      rows: batchRows(groups),
      scores: createScores(groups, lists),
      ...(lists.references && { references: createScores(groups, { logProbs: lists.references }) }),
    },
    initialState,
  );
}

/** Computes the advantages of all tokens, in row order. */
function computeTokenAdvantages(...input: Parameters<typeof computeCredit>): number[] {
  return computeCredit(...input).credits.flatMap((row) =>
    row.flatMap(({ advantages }) => [...advantages]),
  );
}

/** Compares credit values, which are rounded to float32. */
const expectCredit = (values: readonly number[], expected: readonly number[]): void =>
  expectAllNear("credit", values, expected, 5e-6);

// Two groups. The first trajectory has two turns: two tokens with a penalty, then one token with a
// reward.
const groups = [
  createGroup("g", [
    { turns: [{ penalty: 1, length: 2, observation: "b" }, { reward: 5 }] },
    { turns: [{ reward: 1, observation: "c" }] },
  ]),
  createGroup("h", [{ turns: [{ reward: 3, length: 3 }] }, { turns: [{ length: 1 }] }]),
];

describe("credit", () => {
  it("compares trajectories, charged with all their penalties", () => {
    // Returns 4 and 1, 3 and 0, minus their means.
    const advantages: Algorithm["advantages"] = { kind: "group", scale: "none" };
    expectCredit(
      computeTokenAdvantages({ ...plain, advantages }, groups),
      [1.5, 1.5, 1.5, -1.5, 1.5, 1.5, 1.5, -1.5],
    );
  });

  it("compares responses, charged with their own penalties", () => {
    // Scores 4, 5 and 1 of the first group, mean 10 / 3.
    const advantages: Algorithm["advantages"] = {
      kind: "group",
      credit: "response",
      scale: "none",
      statisticsOver: "responses",
    };
    const first = computeTokenAdvantages({ ...plain, advantages }, groups).slice(0, 4);
    expectCredit(first, [2 / 3, 2 / 3, 5 / 3, -7 / 3]);
  });

  it.each([
    [{ kind: "group", baseline: "leave-one-out", scale: "none" }],
    [{ kind: "group", baseline: "batch", scale: "sample", scaleOver: "batch" }],
    [{ kind: "group", scale: "population", statisticsOver: "tokens", singleton: "raw" }],
  ] as const)("is groupAdvantages for %j", (advantages) => {
    const counts = {
      numResponses: [
        [2, 1],
        [1, 1],
      ],
      numTokens: [
        [3, 1],
        [3, 1],
      ],
    };
    const [[a, b], [c, d]] = groupAdvantages(
      [
        [4, 1],
        [3, 0],
      ],
      { ...advantages, ...counts },
    ) as [[number, number], [number, number]];
    expectCredit(computeTokenAdvantages({ ...plain, advantages }, groups), [
      a,
      a,
      a,
      b,
      c,
      c,
      c,
      d,
    ]);
  });

  it("trains only the best of a group, and leaves a group of one at 0", () => {
    const advantages: Algorithm["advantages"] = { kind: "best-of-group", scale: "none" };
    const algorithm = { ...plain, advantages };
    expect(computeTokenAdvantages(algorithm, groups)).toEqual([3, 3, 3, 0, 3, 3, 3, 0]);
    expect(computeTokenAdvantages(algorithm, [createGroupOfReturns("g", [5])])).toEqual([0]);
    const [scaled] = bestOfGroupAdvantages([4, 1]);
    expectCredit(
      [computeTokenAdvantages({ ...plain, advantages: { kind: "best-of-group" } }, groups)[0]!],
      [scaled!],
    );
  });

  it("is turnAdvantages over penalized rewards", () => {
    const options = { discount: 0.5, among: "group", scale: "none" } as const;
    const [[[a, b], [c]], [[d], [e]]] = turnAdvantages(
      [
        [[-1, 5], [1]],
        [[3], [0]],
      ],
      options,
    ) as [[[number, number], [number]], [[number], [number]]];
    const advantages: Algorithm["advantages"] = { kind: "turn", ...options };
    expectCredit(computeTokenAdvantages({ ...plain, advantages }, groups), [
      a,
      a,
      b,
      c,
      d,
      d,
      d,
      e,
    ]);
  });

  it("is gigpoAdvantages with the observation before each turn as its state", () => {
    const options = { scale: "sample", turnWeight: 2, discount: 0.9 } as const;
    const same = createGroup("g", [
      { turns: [{ observation: "b" }, { reward: 5 }] },
      { turns: [{ observation: "c" }, { reward: 1 }] },
    ]);
    const [expected] = gigpoAdvantages(
      [
        [
          { rewards: [0, 5], stateKeys: ["start", "b"] },
          { rewards: [0, 1], stateKeys: ["start", "c"] },
        ],
      ],
      options,
    );
    const algorithm: Algorithm = { ...plain, advantages: { kind: "gigpo", ...options } };
    expectCredit(computeTokenAdvantages(algorithm, [same]), expected!.flat());
    // With these state keys, all turns are in the same state.
    const { credit, initialState } = compileAlgorithm(algorithm);
    const { credits } = credit(
      {
        groups: [same],
        rows: batchRows([same]),
        scores: [],
        stateKeys: ({ turns }) => turns.map(() => "here"),
      },
      initialState,
    );
    const [own] = gigpoAdvantages(
      [
        [
          [0, 5],
          [0, 1],
        ].map((rewards) => ({ rewards, stateKeys: ["here", "here"] })),
      ],
      options,
    );
    expectCredit(
      credits.flatMap((row) => row.map(({ advantages }) => advantages[0]!)),
      own!.flat(),
    );
  });

  it("computes the return from each turn on, whitened over tokens if configured", () => {
    const advantages: Algorithm["advantages"] = { kind: "discounted-returns", discount: 0.5 };
    // -1 + 0.5 * 5 and 5; 1; 3; 0.
    const returns = [1.5, 5, 1, 3, 0];
    expectCredit(
      computeTokenAdvantages({ ...plain, advantages }, groups),
      [1.5, 1.5, 5, 1, 3, 3, 3, 0],
    );
    const [white] = whiten([returns], [[2, 1, 1, 3, 1]]);
    const [a, b, c, d, e] = white as [number, number, number, number, number];
    expectCredit(
      computeTokenAdvantages(
        { ...plain, advantages: { ...advantages, whitening: "batch" } },
        groups,
      ),
      [a, a, b, c, d, d, d, e],
    );
  });

  it("is REINFORCE++ over the tokens of each trajectory", () => {
    const advantages: Algorithm["advantages"] = { kind: "reinforce-plus-plus", discount: 0.5 };
    const expected = reinforcePlusPlusAdvantages([[0, -1, 5], [1], [0, 0, 3], [0]], {
      discount: 0.5,
    });
    expectCredit(computeTokenAdvantages({ ...plain, advantages }, groups), expected.flat());
  });

  it("is REINFORCE++ with a baseline", () => {
    const advantages: Algorithm["advantages"] = { kind: "reinforce-plus-plus-baseline" };
    const [[a, b], [c, d]] = reinforcePlusPlusBaselineAdvantages(
      [
        [4, 1],
        [3, 0],
      ],
      [
        [3, 1],
        [3, 1],
      ],
    ) as [[number, number], [number, number]];
    expectCredit(computeTokenAdvantages({ ...plain, advantages }, groups), [
      a,
      a,
      a,
      b,
      c,
      c,
      c,
      d,
    ]);
  });

  it("assigns the reward of a turn without a response to the response before it, or the first", () => {
    const group = createGroup("g", [
      { turns: [{ reward: 2, length: 0 }, { reward: 1 }, { reward: 4, length: 0 }, { reward: 8 }] },
    ]);
    const returns = computeCredit(ppo, [group], { values: [0, 0] }).credits.flat();
    expect(returns.flatMap((response) => [...response.returns!])).toEqual([15, 8]);
  });
});

describe.each(["turn-wise", "concatenated"] as const)(
  "credit with a critic, %s",
  (presentation) => {
    const turns = (reward: number, penalty: number) => [{ length: 2 }, { reward, penalty }];
    const group = createGroup("g", [{ turns: turns(5, 1) }, { turns: turns(0, 0) }], presentation);
    const values = [1, 2, 3, 1, 1, 1];

    it("follows a trajectory's responses from its end, and whitens over the batch", () => {
      const all = computeCredit(ppo, [group], { values }).credits.flat();
      // With discount and lambda 1, the return is the sum of all remaining rewards: 5 - 1, and 0.
      expect(all.flatMap(({ returns }) => [...returns!])).toEqual([4, 4, 4, 0, 0, 0]);
      expect(all.flatMap(({ oldValues }) => [...oldValues!])).toEqual(values);
      // Advantages 3, 2, 1, -1, -1, -1: mean 0.5, squared deviations 6.25 + 2.25 + 0.25 + 3 * 2.25,
      // divided by 5: 3.1.
      const white = [3, 2, 1, -1, -1, -1].map((raw) => (raw - 0.5) / 3.1 ** 0.5);
      expectCredit(
        all.flatMap(({ advantages }) => [...advantages]),
        white,
      );
    });

    it("does not whiten if configured so", () => {
      const advantages: Algorithm["advantages"] = { kind: "generalized", whitening: "none" };
      expect(computeTokenAdvantages({ ...ppo, advantages }, [group], { values })).toEqual([
        3, 2, 1, -1, -1, -1,
      ]);
    });

    it("refuses scores of a learner without a value head", () => {
      expect(() => computeCredit(ppo, [group])).toThrow(
        "credit: scores[0].spans[0].values must be given with a critic, got undefined",
      );
    });
  },
);

describe("credit with a divergence in the reward", () => {
  const group = createGroup("g", [
    { turns: [{ length: 2 }, { reward: 4 }] },
    { turns: [{ reward: 1 }] },
  ]);
  // k1 estimates of the four tokens: 1, 0, -0.5, 2.
  const lists = { logProbs: [-1, -1, -1.5, -1], references: [-2, -1, -1, -3] };

  it("charges it to the token where it arises", () => {
    const algorithm: Algorithm = {
      ...reinforcePlusPlus,
      kl: { kind: "reward", coefficient: 0.5 },
    };
    const { metrics, state } = computeCredit(algorithm, [group], lists);
    // Rewards -0.5, 0, 4 + 0.25; 1 - 1. Returns 3.75, 4.25, 4.25; 0.
    const [expected] = whiten([[3.75, 4.25, 4.25, 0]]);
    expectCredit(computeTokenAdvantages(algorithm, [group], lists), expected!);
    expect(metrics).toEqual({ rewardKl: 2.5 / 4, klCoefficient: 0.5 });
    expect(state).toEqual({ klCoefficient: 0.5 });
  });

  it("subtracts it from the return of a trajectory", () => {
    const algorithm: Algorithm = {
      ...plain,
      advantages: { kind: "group", scale: "none" },
      kl: { kind: "reward", coefficient: 0.5 },
    };
    // Returns 4 - 0.25 and 1 - 1: 3.75 and 0.
    expectCredit(computeTokenAdvantages(algorithm, [group], lists), [1.875, 1.875, 1.875, -1.875]);
  });

  it("estimates by another formula within a limit", () => {
    const kl = { kind: "reward", coefficient: 1, estimator: "k2", limit: 1 } as const;
    // k2 estimates 0.5, 0, 0.125, and 2 limited to 1.
    expect(computeCredit({ ...plain, kl }, [group], lists).metrics["rewardKl"]).toBeCloseTo(
      1.625 / 4,
      6,
    );
  });

  it("adapts the coefficient to a target", () => {
    const adaptation = { kind: "adaptive", target: 0.1, horizon: 10 } as const;
    const algorithm: Algorithm = {
      ...plain,
      kl: { kind: "reward", coefficient: 0.5, adaptation },
    };
    // The divergence exceeds the target by more than a fifth, so the change is 0.5 * (1 + 0.2 * 2
    // rows / 10).
    const { state } = computeCredit(algorithm, [group], lists);
    expect(state.klCoefficient).toBeCloseTo(0.52, 12);
    const { credit } = compileAlgorithm(algorithm);
    const rows = batchRows([group]);
    const [scores, references] = [lists.logProbs, lists.references].map((logProbs) =>
      createScores([group], { logProbs }),
    );
    const next = credit({ groups: [group], rows, scores: scores!, references: references! }, state);
    expect(next.metrics["klCoefficient"]).toBe(state.klCoefficient);
  });

  it("requires scores of the reference", () => {
    expect(() => computeCredit(reinforcePlusPlus, [group], { logProbs: lists.logProbs })).toThrow(
      'credit: references must be given with kl.kind "reward", got undefined',
    );
  });
});

describe("credit with an overlong penalty", () => {
  const group = createGroup("g", [
    { turns: [{ length: 9, reward: 1 }, { length: 3 }] },
    { turns: [{ length: 2, reward: 1 }] },
  ]);
  const soft = { kind: "soft", maxLength: 10, buffer: 5 } as const;

  it("subtracts it from the return", () => {
    const algorithm = (of: "response" | "trajectory"): Algorithm => ({
      ...plain,
      advantages: { kind: "group", scale: "none" },
      truncation: { overlong: { ...soft, of } },
    });
    const computeFirst = (of: "response" | "trajectory"): number =>
      computeTokenAdvantages(algorithm(of), [group])[0]!;
    expect(computeFirst("response")).toBeCloseTo(overlongPenalty(9, soft) / 2, 6);
    expect(computeFirst("trajectory")).toBeCloseTo(overlongPenalty(12, soft) / 2, 6);
  });

  it("is part of the scores that distinguish groups", () => {
    const filtered: Algorithm = { ...plain, groupFilter: { kind: "drop-flat" } };
    expect(compileAlgorithm(filtered).keep(group)).toBe(false);
    const { keep } = compileAlgorithm({
      ...filtered,
      truncation: { overlong: { ...soft, of: "response" } },
    });
    expect(keep(group)).toBe(true);
  });

  it("does not change the group", () => {
    const before = structuredClone(group);
    computeCredit({ ...grpo, kl: { kind: "none" }, truncation: { overlong: soft } }, [group]);
    expect(group).toEqual(before);
  });
});
