import type { Task } from "@turnwise/core";
import type { Demonstration, Environment, TaskSource } from "@turnwise/envs";
// Import only types, so that the module loads without built packages.
import type { Experiment } from "../../experiment/experiment.ts";

/** Number-guessing game; the reply to a wrong guess is `more` or `less`. */
function createEnvironment({ id }: Task): Environment {
  const secret = Number(id);
  return {
    reset: async () => ({ text: "guess" }),
    step: async (action) => {
      const guess = Number(action);
      const isSuccess = guess === secret;
      return {
        text: isSuccess ? "found" : guess < secret ? "more" : "less",
        reward: isSuccess ? 1 : 0,
        isTerminal: isSuccess,
        isSuccess,
      };
    },
    close: async () => undefined,
  };
}

/** Creates a demonstration that finds the number by bisection. */
function demonstrate(task: Task, highest: number): Demonstration {
  const turns: Demonstration["turns"][number][] = [];
  let [from, to, text] = [1, highest, "guess"];
  while (text !== "found") {
    const guess = Math.floor((from + to) / 2);
    turns.push({ prompt: `${text} `, response: `${guess}`, action: `${guess}`, isSlip: false });
    text = guess === Number(task.id) ? "found" : guess < Number(task.id) ? "more" : "less";
    if (text === "more") from = guess + 1;
    if (text === "less") to = guess - 1;
  }
  return { task, turns, isSuccess: true };
}

function createTasks({ highest, isBroken }: Readonly<Record<string, unknown>>): TaskSource {
  if (isBroken === true) throw new Error("the toy is broken");
  const numbers = Array.from({ length: Number(highest) }, (_, i) => String(i + 1));
  const all = numbers.map((id): Task => ({ id, kind: Number(id) % 2 === 0 ? "even" : "odd" }));
  return {
    name: "numbers",
    description: `numbers from 1 to ${String(highest)}`,
    training: all,
    evaluation: [{ split: "all", tasks: all }],
    createEnvironment: async (task) => createEnvironment(task),
    format: {
      presentation: "concatenated",
      prompt: (_history, { text }) => `${text} `,
      write: (action) => action,
      parse: (response) => {
        const action = response.trim();
        return { action, isValid: /^\d+$/u.test(action) };
      },
    },
    demonstrator: {
      demonstrate: async (tasks) => tasks.map((task) => demonstrate(task, Number(highest))),
    },
    vocabularyTexts: [`guess ${numbers.join(" ")} more less found`],
  };
}

/** Experiment whose cells take about a second. */
export default function experiment(seed: number): Experiment {
  return {
    experiment: "numbers",
    seed,
    tasks: { name: "numbers", options: { highest: 8, isBroken: false }, create: createTasks },
    episode: { maxTurns: 2, maxResponseTokens: 2, successReward: 1, invalidActionPenalty: 0.1 },
    model: {
      source: "new",
      hiddenSize: 16,
      intermediateSize: 32,
      numLayers: 1,
      numHeads: 2,
      numKeyValueHeads: 1,
      maxTokens: 32,
    },
    warmStart: {
      numDemonstrations: 8,
      slipShare: 0,
      renames: false,
      epochs: 2,
      minibatchSize: 4,
      learningRate: 5e-3,
      finalShare: 1,
      contextWeight: 0,
    },
    training: {
      iterations: 2,
      groupsPerIteration: 4,
      groupSize: 4,
      temperature: 1,
      minibatches: 1,
      epochs: 1,
      learningRate: 4e-3,
      finalShare: 0.5,
      warmUpUpdates: 0,
      weightDecay: 0,
      maxGradientNorm: 1,
    },
    algorithm: {
      advantages: { kind: "group", baseline: "group", scale: "none", singleton: "raw" },
      surrogate: { kind: "clipped", clipLow: 0.2, clipHigh: 0.28 },
      kl: { kind: "none" },
      entropyBonus: { kind: "none" },
      valueLoss: { kind: "none" },
      aggregation: { kind: "token-mean" },
      groupFilter: { kind: "drop-flat", maxRounds: 1 },
      truncation: { truncated: "train", failed: "leave-out", overlong: { kind: "none" } },
      rolloutCorrection: { kind: "none" },
    },
    modulation: { kind: "none" },
    evaluation: { every: 1, temperature: 1 },
    engine: { threads: 1, provider: "cpu", microbatchTokens: 512, recomputeLayers: false },
    checkpoints: { every: 1, keep: 1 },
  };
}
