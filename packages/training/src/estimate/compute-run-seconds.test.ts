import { expect, it } from "vitest";
import { checkConfig } from "../settings/config.ts";
import { householdGames } from "../experiments/household-games.ts";
import { computeRunSeconds, computeTurnSeconds } from "./compute-run-seconds.ts";

const base = householdGames(1);
const config = checkConfig(
  {
    ...base,
    training: { ...base.training, iterations: 10, groupsPerIteration: 2, groupSize: 5, epochs: 3 },
    warmStart: { ...base.warmStart, numDemonstrations: 1000, epochs: 4 },
    evaluation: { every: 4, temperature: 1, modes: ["greedy", "sampled"] },
  },
  "test",
);
const tasksOf = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: String(i), kind: "k" }));
const tasks = {
  training: tasksOf(5000),
  evaluation: [
    { split: "seen", tasks: tasksOf(20) },
    { split: "unseen", tasks: tasksOf(30) },
  ],
};
const speeds = {
  numEpisodes: 10,
  maxResponseTokens: 8,
  secondsPerTurn: 0.1,
  secondsPerToken: 0.02,
  scored: 1000,
  trained: 400,
  imitated: 200,
  secondsPerDemonstration: 0.01,
};
const episode = { turns: 5, promptTokens: 16, responseTokens: 4 };

it("adds up collecting, scoring and training", () => {
  // A turn takes 0.1 + 3 * 0.02 seconds; 10 episodes have 5 turns and 100 tokens.
  expect(computeTurnSeconds(speeds, episode)).toBeCloseTo(0.16);
  const { iteration } = computeRunSeconds(
    config,
    tasks,
    speeds,
    { episode, demonstration: undefined },
    2,
  );
  expect(iteration).toBeCloseTo(50 * 0.16 + (2 * 1000) / 1000 + (3 * 1000) / 400);
});

it("counts the evaluations before, between and after, and the warm start", () => {
  const demonstration = { turns: 4, promptTokens: 8, responseTokens: 2 };
  const seconds = computeRunSeconds(config, tasks, speeds, { episode, demonstration }, 1);
  // Before and after: 50 tasks in two modes; after iterations 4 and 8: the first split in one mode.
  expect(seconds.evaluations).toBeCloseTo((2 * 2 * 50 + 2 * 20) * 5 * 0.16);
  // 4 epochs of 1000 demonstrations of 40 tokens; all 1000 must be recorded.
  expect(seconds.warmStart).toBeCloseTo((4 * 1000 * 40) / 200 + 1000 * 0.01);
  const half = { episode, demonstration, imitatedShare: 0.5 };
  expect(computeRunSeconds(config, tasks, speeds, half, 1).warmStart).toBeCloseTo(
    (4 * 500 * 40) / 200 + 1000 * 0.01,
  );
  const few = { ...tasks, training: tasksOf(100) };
  expect(
    computeRunSeconds(config, few, speeds, { episode, demonstration }, 1).warmStart,
  ).toBeCloseTo((4 * 100 * 40) / 200 + 100 * 0.01);
  expect(seconds.total).toBeCloseTo(
    seconds.warmStart + 10 * seconds.iteration + seconds.evaluations,
  );
});

it("has no warm start without demonstrations, and no evaluation in between unless asked for", () => {
  const { warmStart, evaluations } = computeRunSeconds(
    { ...config, evaluation: { ...config.evaluation, every: 0, modes: ["greedy"] } },
    tasks,
    speeds,
    { episode, demonstration: undefined },
    1,
  );
  expect(warmStart).toBe(0);
  expect(evaluations).toBeCloseTo(2 * 50 * 5 * 0.16);
});
