import { recordVersion, type Group, type Outcome } from "@turnwise/core";
import { algorithmPresets, batchRows, compileAlgorithm } from "@turnwise/estimators";
import { describe, expect, it } from "vitest";
import { algorithms } from "./recipes/algorithms.ts";
import {
  algorithmRecord,
  algorithmSchema,
  composeAlgorithm,
  type AlgorithmConfig,
} from "./algorithm.ts";

const modulation = { kind: "none", strength: 1, minEntropyRange: 0 } as const;
const won: Outcome = { kind: "terminated", isSuccess: true };
const cut: Outcome = { kind: "truncated", limit: "turns" };
const broken: Outcome = { kind: "failed", error: { kind: "environment", message: "gone" } };

/** Siblings: how each ended, and the reward and penalty of each turn. */
function group(...siblings: [Outcome, ...[reward: number, penalty: number][]][]): Group {
  return {
    id: "g",
    task: { id: "t", kind: "k" },
    trajectories: siblings.map(([outcome, ...turns], trajectoryIndex) => ({
      version: recordVersion,
      taskId: "t",
      taskKind: "k",
      groupId: "g",
      trajectoryIndex,
      presentation: "concatenated",
      policyVersion: 0,
      firstObservation: "",
      turns: turns.map(([reward, penalty]) => ({
        promptTokens: [1],
        responseTokens: [2],
        samplerLogProbs: [-1],
        action: "",
        isValidAction: penalty === 0,
        observation: "",
        reward,
        penalty,
      })),
      outcome,
    })),
  };
}

/** The advantage of each response by the recipe, `[trajectory][turn]`. */
function advantagesOf(
  { estimate }: ReturnType<typeof composeAlgorithm>,
  siblings: Group,
): number[][] {
  const credits = estimate([siblings], batchRows([siblings]), []);
  return credits.map((row) => row.map(({ advantages }) => advantages[0]!));
}

const compose = (changes: Partial<AlgorithmConfig>) =>
  composeAlgorithm({ ...algorithms.grpo, ...changes }, modulation);

describe("algorithms", () => {
  it.each(Object.keys(algorithms))("%s is the preset of the estimators", (name) => {
    const settings = algorithmSchema.parse(Reflect.get(algorithms, name));
    expect(compileAlgorithm(algorithmRecord(settings)).record).toEqual(
      compileAlgorithm(algorithmPresets[name]!).record,
    );
  });
});

describe("composeAlgorithm", () => {
  it("lets a response or its whole trajectory answer for a penalty", () => {
    const siblings = group([won, [0, 1], [4, 0]], [won, [0, 0], [0, 0]]);
    // Scores 3 and 4 of the first, 0 and 0 of the second; less their mean 7 / 4.
    const own = compose({ advantages: "drGrpo", credit: "response" });
    expect(advantagesOf(own, siblings)).toEqual([
      [1.25, 2.25],
      [-1.75, -1.75],
    ]);
    // Returns 3 and 0; less their mean 3 / 2.
    const whole = compose({ advantages: "drGrpo", credit: "trajectory" });
    expect(advantagesOf(whole, siblings)).toEqual([
      [1.5, 1.5],
      [-1.5, -1.5],
    ]);
  });

  it("never uses what broke, and what was cut short as it is told", () => {
    const siblings = group([won, [1, 0]], [cut, [0, 0]], [broken, [0, 0]]);
    const kept = (cutShort: AlgorithmConfig["cutShort"]) => {
      const { usable, isTrainedOn } = compose({ cutShort });
      const { trajectories } = usable(siblings);
      return [trajectories.length, trajectories.filter(isTrainedOn).length];
    };
    expect(kept("train")).toEqual([2, 2]);
    expect(kept("count")).toEqual([2, 1]);
    expect(kept("leave-out")).toEqual([1, 1]);
  });

  it("keeps groups without a difference only where it is told", () => {
    const flat = group([won, [1, 0]], [won, [1, 0]]);
    expect(compose({ flatGroups: "keep" }).keep(flat)).toBe(true);
    expect(compose({ flatGroups: "drop" }).keep(flat)).toBe(false);
    expect(compose({ flatGroups: "drop" }).keep(group([won, [1, 0]], [won, [1, 1]]))).toBe(true);
  });
});
