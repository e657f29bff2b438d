import {
  createRandom,
  FailureError,
  type FailureKind,
  type Sampler,
  type Tokenizer,
} from "@turnwise/core";
import type { AgentFormat, RolloutParts } from "@turnwise/envs";
import { describe, expect, it } from "vitest";
import {
  LostInfrastructure,
  playGroups,
  type PlayPause,
  type PlayProgress,
} from "./play-groups.ts";

const tokenizer: Tokenizer = {
  vocabularySize: 100,
  endToken: 0,
  encode: () => [1, 2],
  decode: (tokens) => tokens.join(","),
};

const format: AgentFormat = {
  presentation: "turn-wise",
  prompt: (_history, { text }) => text,
  write: (action) => action,
  parse: (response) => ({ action: response, isValid: true }),
};

/** Sampler that derives a token from the seed of the request. */
const sampler: Sampler = {
  capabilities: { entropies: "exact", maxSequenceTokens: 100 },
  load: async ({ version }) => version,
  sample: async ({ seed }) => ({
    tokens: [1 + (Array.from(seed).reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 99), 0],
    logProbs: [-1, 0],
    entropies: [1, 0],
    stopReason: "stop-token",
  }),
  release: () => undefined,
};

/**
 * Parts with environments of one turn; `fault` returns the failure of the n-th environment, if any.
 */
function parts(fault: (n: number) => FailureKind | undefined): RolloutParts & { numMade: number } {
  const state = {
    numMade: 0,
    createEnvironment: async () => {
      const kind = fault(++state.numMade);
      if (kind !== undefined) throw new FailureError(kind, `${kind} is gone`);
      return {
        reset: async () => ({ text: "" }),
        step: async (action: string) => ({
          text: action,
          reward: action.length,
          isTerminal: true,
          isSuccess: action > "4",
        }),
        close: async () => undefined,
      };
    },
    format,
    sampler,
    tokenizer,
    policyVersion: 0,
    options: { maxTurns: 1, maxResponseTokens: 4 },
  };
  return state;
}

const plans = [0, 1].map((i) => ({
  id: `group-${i}`,
  task: { id: `task-${i}`, kind: "k" },
  random: createRandom(1).fork(`group/${i}`),
}));
const tolerance = { maxInfrastructureShare: 0.25, patienceSeconds: 60, retrySeconds: 0.001 };

describe("playGroups", () => {
  it("retries failed episodes, with the results of an undisturbed run", async () => {
    const undisturbed = await playGroups(
      plans,
      4,
      parts(() => undefined),
    );
    expect(undisturbed.map(({ trajectories }) => trajectories.length)).toEqual([4, 4]);
    // The engine fails for episodes 3 to 12, that is, in two attempts.
    const disturbed = parts((n) => (n > 2 && n <= 12 ? "engine" : undefined)); // 6 and 4 of them.
    const pauses: PlayPause[] = [];
    const progress: PlayProgress[] = [];
    const groups = await playGroups(plans, 4, disturbed, {
      tolerance,
      onPause: (pause) => pauses.push(pause),
      onProgress: (entry) => progress.push(entry),
    });
    expect(groups).toEqual(undisturbed);
    expect(disturbed.numMade).toBe(8 + 6 + 4);
    expect(pauses.map(({ reason }) => reason)).toEqual([
      "6 of 8 episodes failed (engine 6; first: create environment: engine is gone)",
      "4 of 8 episodes failed (engine 4; first: create environment: engine is gone)",
    ]);
    expect(progress).toContainEqual({ numEpisodes: 8, numEnded: 8, numFailed: 6 });
    expect(progress.at(-1)).toEqual({ numEpisodes: 8, numEnded: 8, numFailed: 0 });
  });

  it("retries the remaining failures of a disturbance while their number falls", async () => {
    const undisturbed = await playGroups(
      plans,
      4,
      parts(() => undefined),
    );
    // 8 episodes fail, then 1 (which would be tolerated), then none.
    const recovering = parts((n) => (n <= 9 ? "network" : undefined));
    expect(await playGroups(plans, 4, recovering, { tolerance })).toEqual(undisturbed);
    expect(recovering.numMade).toBe(8 + 8 + 1);
    // The image of one task remains missing.
    let numTries = 0;
    const lasting = parts((n) => (n <= 8 ? "network" : ++numTries > 7 ? "image" : undefined));
    const groups = await playGroups(plans, 4, lasting, { tolerance });
    expect(lasting.numMade).toBe(8 + 8 + 1);
    const outcomes = groups.flatMap(({ trajectories }) => trajectories.map((t) => t.outcome.kind));
    expect(outcomes.filter((kind) => kind === "failed")).toHaveLength(1);
  });

  it("tolerates infrastructure failures up to the limit", async () => {
    const some = parts((n) => (n <= 2 ? "protocol" : undefined));
    const groups = await playGroups(plans, 4, some, { tolerance });
    expect(some.numMade).toBe(8);
    const outcomes = groups.flatMap(({ trajectories }) => trajectories.map((t) => t.outcome.kind));
    expect(outcomes.filter((kind) => kind === "failed")).toHaveLength(2);
  });

  it.each(["engine", "image", "network", "protocol"] as const)(
    "gives up on %s failures when patience runs out, and keeps what was played",
    async (kind) => {
      const lost = parts((n) => (n > 3 ? kind : undefined));
      const error = await playGroups(plans, 4, lost, {
        tolerance: { ...tolerance, patienceSeconds: 0.01 },
      }).catch((cause: unknown) => cause);
      expect(error).toBeInstanceOf(LostInfrastructure);
      expect((error as Error).message).toBe(
        `5 of 8 episodes failed (${kind} 5; first: create environment: ${kind} is gone); no improvement within 0.01 s`,
      );
      const { groups } = error as LostInfrastructure;
      expect(groups.flatMap((group) => group.trajectories)).toHaveLength(8);
    },
  );

  it.each(["resources", "timeout", "environment"] as const)(
    "does not retry %s failures while other episodes were graded",
    async (kind) => {
      const failing = parts((n) => (n > 1 ? kind : undefined));
      await playGroups(plans, 4, failing, { tolerance });
      expect(failing.numMade).toBe(8);
    },
  );

  it("retries if no episode could be graded, unless all timed out", async () => {
    const broken = parts((n) => (n <= 8 ? "environment" : undefined));
    const groups = await playGroups(plans, 4, broken, { tolerance });
    expect(broken.numMade).toBe(16);
    expect(groups[0]!.trajectories[0]!.outcome.kind).toBe("terminated");
    // A retry would time out again, so timeouts are not retried.
    const slow = parts(() => "timeout");
    await playGroups(plans, 4, slow, { tolerance });
    expect(slow.numMade).toBe(8);
  });

  it("plays only episodes that were not played before", async () => {
    const [first] = await playGroups(
      plans,
      2,
      parts(() => undefined),
    );
    const rest = parts(() => undefined);
    const groups = await playGroups(plans, 2, rest, {
      findPlayed: (groupId, index) =>
        groupId === "group-0" ? first!.trajectories[index] : undefined,
    });
    expect(rest.numMade).toBe(2);
    expect(groups[0]).toEqual(first);
  });

  it("ends a pause with the signal's reason", async () => {
    const controller = new AbortController();
    const playing = playGroups(
      plans,
      1,
      { ...parts(() => "engine"), signal: controller.signal },
      {
        tolerance: { ...tolerance, retrySeconds: 60 },
        onPause: () => controller.abort(new Error("enough")),
      },
    );
    await expect(playing).rejects.toThrow("enough");
  });
});
