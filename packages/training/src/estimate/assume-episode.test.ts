import { recordVersion, type Trajectory } from "@turnwise/core";
import { expect, it } from "vitest";
import { assumeEpisode } from "./assume-episode.ts";

const limits = { maxTurns: 20, maxResponseTokens: 100, successReward: 1 };

/** Turn-wise trajectory of two turns with prompts of 10 tokens and responses of `length` tokens. */
const played = (length: number): Trajectory => ({
  version: recordVersion,
  taskId: "t",
  taskKind: "k",
  groupId: "g",
  trajectoryIndex: 0,
  presentation: "turn-wise",
  policyVersion: 0,
  firstObservation: "",
  outcome: { kind: "truncated", limit: "turns" },
  turns: Array.from({ length: 2 }, () => ({
    promptTokens: Array.from({ length: 10 }, () => 1),
    responseTokens: Array.from({ length }, () => 2),
    samplerLogProbs: Array.from({ length }, () => -1),
    action: "",
    isValidAction: true,
    observation: "",
    reward: 0,
  })),
});

it("a warm-started policy's episode lies between the demonstrations and the limit", () => {
  const imitated = { turns: 8, promptTokens: 7, responseTokens: 4 };
  expect(assumeEpisode(limits, imitated, { maxResponseTokens: 4 }, [])).toEqual({
    ...imitated,
    turns: 14,
  });
});

it("another policy has half of the maximum turns, and the responses of its first episodes", () => {
  expect(assumeEpisode(limits, undefined, { maxResponseTokens: 64 }, [played(30)])).toEqual({
    turns: 10,
    promptTokens: 10,
    responseTokens: 30,
  });
});

it("responses that reach the probe's limit are assumed to have half of the run's", () => {
  expect(
    assumeEpisode(limits, undefined, { maxResponseTokens: 64 }, [played(64)]).responseTokens,
  ).toBe(50);
});
