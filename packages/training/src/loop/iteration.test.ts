import {
  createRandom,
  FailureError,
  NonFiniteError,
  type Learner,
  type Sampler,
  type Tokenizer,
  type TrainingRow,
} from "@turnwise/core";
import type { AgentFormat, Environment } from "@turnwise/envs";
import { compileModulator } from "@turnwise/aem";
import { compileAlgorithm, type Algorithm } from "@turnwise/estimators";
import { describe, expect, it } from "vitest";
import { householdGames } from "../experiments/household-games.ts";
import { PoisonedUpdate, trainIteration, type TrainerParts } from "./iteration.ts";
import { recordTrajectories } from "../records/record-trajectories.ts";

const tokenizer: Tokenizer = {
  vocabularySize: 10,
  endToken: 0,
  encode: () => [1, 2],
  decode: (tokens) => tokens.join(""),
};

const format: AgentFormat = {
  presentation: "concatenated",
  prompt: (_history, { text }) => text,
  write: (action) => action,
  parse: (response) => ({ action: response, isValid: true }),
};

/** Environment of one turn; solved by the response 7. */
const environment: Environment = {
  reset: async () => ({ text: "say seven" }),
  step: async (action) => ({
    text: "",
    reward: action === "7" ? 10 : 0,
    isTerminal: true,
    isSuccess: action === "7",
  }),
  close: async () => undefined,
};

/**
 * Parts whose sampler answers 7 in every second episode from episode `firstSeven` onward, with
 * higher entropy than otherwise.
 */
function parts(
  update: Learner["update"],
  algorithm: Partial<Algorithm> = {},
  firstSeven = 0,
): TrainerParts {
  let numSampled = 0;
  const sampler: Sampler = {
    capabilities: { entropies: "exact", maxSequenceTokens: 100 },
    load: async ({ version }) => version,
    sample: async () => {
      const token = numSampled >= firstSeven && numSampled % 2 === 0 ? 7 : 3;
      numSampled += 1;
      return {
        tokens: [token, 0],
        logProbs: [-1, -1],
        entropies: [1, 1],
        stopReason: "stop-token",
      };
    },
    release: () => undefined,
  };
  const learner: Learner = {
    capabilities: { entropies: "exact", customObjectives: true, maxSequenceTokens: 100 },
    score: async (rows) =>
      rows.map(({ tokens, spans }) => ({
        spans: spans.map(({ length }) => ({
          logProbs: new Float32Array(length).fill(-1),
          entropies: new Float32Array(length).fill(tokens.includes(7) ? 1.2 : 0.2),
        })),
      })),
    update,
    weights: () => ({ version: 4 }),
    save: async () => undefined,
    restore: async () => undefined,
  };
  const config = householdGames(1);
  return {
    drawTasks: (_iteration, round, numTasks) =>
      Array.from({ length: numTasks }, (_, i) => ({ id: `task-${round}-${i}`, kind: "seven" })),
    rolloutParts: {
      createEnvironment: async () => environment,
      format,
      tokenizer,
      options: { maxTurns: 1, maxResponseTokens: 4 },
    },
    sampler,
    learner,
    algorithm: compileAlgorithm({ ...config.algorithm, ...algorithm }),
    modulator: compileModulator(config.modulation),
    settings: { groupsPerIteration: 2, groupSize: 4, minibatches: 1, epochs: 1 },
    random: createRandom(1),
  };
}

describe("trainIteration", () => {
  it("trains on modulated advantages of all responses, and reports", async () => {
    let seen: readonly TrainingRow[] = [];
    const report = await trainIteration(
      3,
      parts(async (rows) => {
        seen = rows;
        const metrics = { weight: 1, clipFraction: 0.25 };
        return { loss: -1, gradientNorm: 2, learningRate: 0.1, numTokens: 16, metrics };
      }),
    );
    expect(seen).toHaveLength(8);
    // Returns 10 and 0 give advantages 5 and -5; entropies 1.2 and 0.2 give coefficients 2 / (1 +
    // e) and 2 e / (1 + e).
    const advantages = seen.map(({ tokens, fields }) => [
      tokens.includes(7),
      fields.advantages![0]!,
    ]);
    for (const [isWon, advantage] of advantages) {
      const coefficient = isWon ? 2 / (1 + Math.E) : (2 * Math.E) / (1 + Math.E);
      expect(advantage).toBeCloseTo((isWon ? 5 : -5) * coefficient, 5);
    }
    expect(report.metrics).toMatchObject({
      episodes: 8,
      success: 0.5,
      keptGroups: 2,
      deadZoneShare: 0,
      clipFraction: 0.25,
      gradientNorm: 2,
    });
    expect(report.groups[0]!.trajectories[0]!.policyVersion).toBe(4);
  });

  it("is recorded with the values that the objective was given", async () => {
    let seen: readonly TrainingRow[] = [];
    const report = await trainIteration(
      3,
      parts(async (rows) => {
        seen = rows;
        return { loss: 0, gradientNorm: 0, learningRate: 0, numTokens: 0, metrics: {} };
      }),
    );
    const records = [...recordTrajectories(report)];
    expect(records).toHaveLength(8);
    const trained = records.map(({ turns }) => turns[0]!);
    const advantageOf = (row: TrainingRow): number => row.fields.advantages![0]!;
    const recorded = trained.map(({ credit }) => Math.fround(credit!.advantage as number));
    const byValue = (a: number, b: number): number => a - b;
    expect(recorded.sort(byValue)).toEqual(seen.map(advantageOf).sort(byValue));
    for (const { credit, responseTokens } of trained) {
      const isWon = responseTokens.includes(7);
      expect(credit).toMatchObject({
        oldLogProbs: [-1, -1],
        entropies: Array(2).fill(Math.fround(isWon ? 1.2 : 0.2)),
        meanTokenEntropy: expect.closeTo(isWon ? 1.2 : 0.2, 6) as number,
        baseAdvantage: isWon ? 5 : -5,
        samplerRatio: { mean: 1, min: 1, max: 1 },
      });
      expect(credit).not.toHaveProperty("correction");
    }
    expect(trained.map(({ stopReason }) => stopReason)).toEqual(Array(8).fill("stop-token"));
    expect(records.map(({ status }) => status)).toEqual(Array(8).fill("trained"));
  });

  it("draws again until enough groups differ, or the rounds are over", async () => {
    const report = { loss: 0, gradientNorm: 0, learningRate: 0, numTokens: 0, metrics: {} };
    let numRows = 0;
    const update = async (rows: readonly TrainingRow[]) => {
      numRows = rows.length;
      return report;
    };
    // All 8 episodes of the first round fail; in the second round half of each group succeeds.
    const filled = await trainIteration(
      1,
      parts(update, { groupFilter: { kind: "drop-flat", maxRounds: 3 } }, 8),
    );
    expect(filled.groups.map(({ task }) => task.id)).toEqual([
      "task-0-0",
      "task-0-1",
      "task-1-0",
      "task-1-1",
    ]);
    expect(new Set(filled.groups.map(({ id }) => id)).size).toBe(4);
    expect(filled.metrics).toMatchObject({ episodes: 16, success: 0.25, keptGroups: 2 });
    expect(numRows).toBe(8);
    const exhausted = await trainIteration(
      1,
      parts(update, { groupFilter: { kind: "drop-flat", maxRounds: 2 } }, 1000),
    );
    expect(exhausted.metrics).toMatchObject({ episodes: 16, keptGroups: 0, updates: 0 });
  });

  it("is not completed if the sampler's server fails for longer than tolerated", async () => {
    let numUpdates = 0;
    const update = async () => {
      numUpdates += 1;
      return { loss: 0, gradientNorm: 0, learningRate: 0, numTokens: 0, metrics: {} };
    };
    const working = parts(update);
    let numFailures = Infinity;
    const sampler: Sampler = {
      ...working.sampler,
      sample: async (request, signal) => {
        if (--numFailures >= 0) throw new FailureError("protocol", "status 502");
        return working.sampler.sample(request, signal);
      },
    };
    const tolerance = { maxInfrastructureShare: 0.2, patienceSeconds: 0, retrySeconds: 0.001 };
    await expect(trainIteration(1, { ...working, sampler, tolerance })).rejects.toThrow(
      "8 of 8 episodes failed (protocol 8; first: sample: status 502)",
    );
    expect(numUpdates).toBe(0);
    // Within its patience, the run retries the episodes until the server is available again.
    numFailures = 12;
    const patient = { ...tolerance, patienceSeconds: 60 };
    const report = await trainIteration(1, { ...working, sampler, tolerance: patient });
    expect(report.metrics).toMatchObject({ episodes: 8, graded: 8, failed: 0 });
    expect(numUpdates).toBe(1);
  });

  it("stops at a NaN loss, and names iteration, group and token", async () => {
    const message = "update: the loss of row 5, position 3 must be finite, got NaN";
    const iteration = trainIteration(
      3,
      parts(() => Promise.reject(new NonFiniteError(message, 5, 3))),
    );
    const error = await iteration.then(
      () => undefined,
      (cause: unknown) => cause,
    );
    expect(error).toBeInstanceOf(PoisonedUpdate);
    expect(String(error)).toMatch(/iteration 3: iteration-3\/group-[01]: .*position 3.*NaN/u);
    expect((error as PoisonedUpdate).rows).toHaveLength(8);
  });
});
