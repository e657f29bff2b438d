/**
 * How sure a number is.
 * - `"paper"`: in AEM's own text.
 * - `"reading"`: in careful readings of AEM by others.
 * - `"framework"`: the default or script of the framework that AEM used; what its authors set is
 *   not known.
 */
export type Certainty = "paper" | "reading" | "framework";

/** A number, and how sure it is. */
export interface Stated<T> {
  readonly value: T;
  readonly certainty: Certainty;
}

/** What is the same in all runs on one benchmark. */
export interface PaperSetting {
  readonly benchmark: "alfworld" | "webshop" | "swe-bench-verified";
  /** How a trajectory is shown to the model. */
  readonly presentation: Stated<"turn-wise" | "concatenated">;
  readonly groupsPerIteration: Stated<number>;
  readonly groupSize: Stated<number>;
  readonly iterations: Stated<number>;
  readonly seeds: Stated<number>;
  readonly successReward: Stated<number>;
  /** Taken off for each response that does not parse. */
  readonly invalidActionPenalty: Stated<number>;
  readonly maxTurns: Stated<number>;
  /** Past turns in the prompt; absent where the whole trajectory is. */
  readonly historyTurns?: Stated<number>;
  readonly maxPromptTokens: Stated<number>;
  /** Of one response (turn-wise), or of all of a trajectory (concatenated). */
  readonly maxResponseTokens: Stated<number>;
  readonly temperature: Stated<number>;
  readonly evaluationTemperature?: Stated<number>;
  readonly learningRate: Stated<number>;
  /** Rows in one optimizer step. */
  readonly minibatchRows: Stated<number>;
  readonly epochs: Stated<number>;
  /** AEM's lambda. */
  readonly strength: Stated<number>;
  /** AEM's dead zone, nats per token. */
  readonly minEntropyRange: Stated<number>;
}

function stated<T>(certainty: Certainty, value: T): Stated<T> {
  return { value, certainty };
}

/** ALFWorld on verl-agent. */
export const alfworldSetting: PaperSetting = {
  benchmark: "alfworld",
  presentation: stated("framework", "turn-wise"),
  groupsPerIteration: stated("reading", 16),
  groupSize: stated("reading", 8),
  iterations: stated("reading", 150),
  seeds: stated("reading", 3),
  successReward: stated("reading", 10),
  invalidActionPenalty: stated("reading", 0.1),
  maxTurns: stated("framework", 50),
  historyTurns: stated("framework", 2),
  maxPromptTokens: stated("framework", 2048),
  maxResponseTokens: stated("framework", 512),
  temperature: stated("framework", 1),
  evaluationTemperature: stated("framework", 0.4),
  learningRate: stated("framework", 1e-6),
  minibatchRows: stated("framework", 256),
  epochs: stated("framework", 1),
  strength: stated("reading", 1),
  minEntropyRange: stated("reading", 0.1),
};

/** WebShop on verl-agent. Only a perfect purchase is a success; the score is reported apart. */
export const webshopSetting: PaperSetting = {
  ...alfworldSetting,
  benchmark: "webshop",
  maxTurns: stated("framework", 15),
  maxPromptTokens: stated("framework", 4096),
  minibatchRows: stated("framework", 64),
};

/**
 * SWE-bench-Verified by the DeepSWE script of rLLM, trained on R2E-Gym. The batch of 64 tasks is
 * drawn twice over, and half is kept.
 */
export const sweBenchSetting: PaperSetting = {
  benchmark: "swe-bench-verified",
  presentation: stated("framework", "concatenated"),
  groupsPerIteration: stated("reading", 64),
  groupSize: stated("reading", 8),
  iterations: stated("reading", 250),
  seeds: stated("reading", 3),
  successReward: stated("reading", 1),
  invalidActionPenalty: stated("framework", 0),
  maxTurns: stated("framework", 50),
  maxPromptTokens: stated("framework", 4096),
  maxResponseTokens: stated("framework", 32_768),
  temperature: stated("framework", 1),
  learningRate: stated("framework", 1e-6),
  minibatchRows: stated("framework", 8),
  epochs: stated("framework", 1),
  strength: stated("reading", 1),
  minEntropyRange: stated("reading", 0.1),
};

/** A measure that was reported, in percent, and how sure the number is. */
export interface ReportedResult {
  readonly measure: "success" | "score";
  readonly value: number;
  readonly certainty: Certainty;
}

/** The algorithms of the tables, by their names in `algorithmPresets`. */
export type PaperAlgorithm = "ppo" | "grpo" | "dapo" | "gspo" | "deep-swe";

/** One row of the tables of arXiv:2605.00425, and what is known of it. */
export interface PaperRun {
  readonly setting: PaperSetting;
  readonly model: "Qwen2.5-1.5B-Instruct" | "Qwen2.5-7B-Instruct" | "Qwen3-32B";
  /** Name in `algorithmPresets`. */
  readonly algorithm: PaperAlgorithm;
  /** Name in `modulators` of `@turnwise/aem`. */
  readonly modulation: "none" | "aem";
  /** Empty where no number could be found. */
  readonly reported: readonly ReportedResult[];
  /** Whether the paper has such a row. PPO draws no groups, so it has none with AEM. */
  readonly isInPaper: boolean;
}

const small = "Qwen2.5-1.5B-Instruct";
const large = "Qwen2.5-7B-Instruct";

/** Success, then score; `undefined` where no number could be found. */
function pair(
  setting: PaperSetting,
  model: PaperRun["model"],
  algorithm: PaperAlgorithm,
  base: readonly [success?: number | undefined, score?: number],
  modulated: readonly [success?: number | undefined, score?: number],
): PaperRun[] {
  const run = (
    modulation: PaperRun["modulation"],
    [success, score]: readonly [success?: number | undefined, score?: number],
  ): PaperRun => ({
    setting,
    model,
    algorithm,
    modulation,
    reported: [
      ...(success === undefined ? [] : [result("success", success)]),
      ...(score === undefined ? [] : [result("score", score)]),
    ],
    isInPaper: modulation === "none" || algorithm !== "ppo",
  });
  return [run("none", base), run("aem", modulated)];
}

function result(measure: ReportedResult["measure"], value: number): ReportedResult {
  return { measure, value, certainty: "reading" };
}

/**
 * The rows of the paper's tables, each algorithm without and with AEM. Differences between the two are
 * in the paper's own text for GRPO and DeepSWE; the values themselves come from readings of it.
 */
export const paperRuns: readonly PaperRun[] = [
  ...pair(alfworldSetting, small, "ppo", [], []),
  ...pair(alfworldSetting, small, "grpo", [68.0], [76.8]),
  ...pair(alfworldSetting, small, "dapo", [88.5], [94.5]),
  ...pair(alfworldSetting, small, "gspo", [66.7], [71.9]),
  ...pair(alfworldSetting, large, "ppo", [], []),
  ...pair(alfworldSetting, large, "grpo", [78.7], [84.4]),
  ...pair(alfworldSetting, large, "dapo", [96.1], [96.6]),
  ...pair(alfworldSetting, large, "gspo", [], []),
  ...pair(webshopSetting, small, "ppo", [], []),
  ...pair(webshopSetting, small, "grpo", [65.0, 83.6], [70.6, 86.4]),
  // Which model this score belongs to is inferred.
  ...pair(webshopSetting, small, "dapo", [undefined, 86.5], [undefined, 88.0]),
  ...pair(webshopSetting, small, "gspo", [], []),
  ...pair(webshopSetting, large, "ppo", [], []),
  ...pair(webshopSetting, large, "grpo", [75.9, 84.1], [80.5, 86.9]),
  ...pair(webshopSetting, large, "dapo", [86.7], [88.9]),
  ...pair(webshopSetting, large, "gspo", [], []),
  ...pair(sweBenchSetting, "Qwen3-32B", "deep-swe", [42.3], [43.7]),
];
