/**
 * Source of a number.
 * - `"paper"`: the text of the AEM paper.
 * - `"reading"`: other people's careful readings of the paper.
 * - `"framework"`: a default or script of the framework that the authors used; their own setting is
 * unknown.
 */
export type Certainty = "paper" | "reading" | "framework";

/** Number with its source. */
export interface Stated<T> {
  readonly value: T;
  readonly certainty: Certainty;
}

/** Settings shared by all runs on one benchmark. */
export interface PaperSetting {
  readonly benchmark: "alfworld" | "webshop" | "swe-bench-verified";
  /** Presentation of a trajectory to the model. */
  readonly presentation: Stated<"turn-wise" | "concatenated">;
  readonly groupsPerIteration: Stated<number>;
  readonly groupSize: Stated<number>;
  readonly iterations: Stated<number>;
  readonly seeds: Stated<number>;
  readonly successReward: Stated<number>;
  /** Penalty of each response that cannot be parsed. */
  readonly invalidActionPenalty: Stated<number>;
  readonly maxTurns: Stated<number>;
  /** Number of past turns in the prompt; absent if the prompt contains all of them. */
  readonly historyTurns?: Stated<number>;
  readonly maxPromptTokens: Stated<number>;
  /**
   * Maximum length of one response (turn-wise), or of all responses of a trajectory (concatenated).
   */
  readonly maxResponseTokens: Stated<number>;
  readonly temperature: Stated<number>;
  readonly evaluationTemperature?: Stated<number>;
  readonly learningRate: Stated<number>;
  /** Number of rows per optimizer step. */
  readonly minibatchRows: Stated<number>;
  readonly epochs: Stated<number>;
  /** AEM's lambda. */
  readonly strength: Stated<number>;
  /** AEM's dead zone, nats per token. */
  readonly minEntropyRange: Stated<number>;
}

function cite<T>(certainty: Certainty, value: T): Stated<T> {
  return { value, certainty };
}

/** ALFWorld on verl-agent. */
export const alfworldSetting: PaperSetting = {
  benchmark: "alfworld",
  presentation: cite("framework", "turn-wise"),
  groupsPerIteration: cite("reading", 16),
  groupSize: cite("reading", 8),
  iterations: cite("reading", 150),
  seeds: cite("reading", 3),
  successReward: cite("reading", 10),
  invalidActionPenalty: cite("reading", 0.1),
  maxTurns: cite("framework", 50),
  historyTurns: cite("framework", 2),
  maxPromptTokens: cite("framework", 2048),
  maxResponseTokens: cite("framework", 512),
  temperature: cite("framework", 1),
  evaluationTemperature: cite("framework", 0.4),
  learningRate: cite("framework", 1e-6),
  minibatchRows: cite("framework", 256),
  epochs: cite("framework", 1),
  strength: cite("reading", 1),
  minEntropyRange: cite("reading", 0.1),
};

/**
 * WebShop on verl-agent. Only a perfect purchase counts as success; the score is reported
 * separately.
 */
export const webshopSetting: PaperSetting = {
  ...alfworldSetting,
  benchmark: "webshop",
  maxTurns: cite("framework", 15),
  maxPromptTokens: cite("framework", 4096),
  minibatchRows: cite("framework", 64),
};

/**
 * SWE-bench-Verified by the DeepSWE script of rLLM, trained on R2E-Gym. 128 tasks are drawn for a
 * batch of 64, and half are kept.
 */
export const sweBenchSetting: PaperSetting = {
  benchmark: "swe-bench-verified",
  presentation: cite("framework", "concatenated"),
  groupsPerIteration: cite("reading", 64),
  groupSize: cite("reading", 8),
  iterations: cite("reading", 250),
  seeds: cite("reading", 3),
  successReward: cite("reading", 1),
  invalidActionPenalty: cite("framework", 0),
  maxTurns: cite("framework", 50),
  maxPromptTokens: cite("framework", 4096),
  maxResponseTokens: cite("framework", 32_768),
  temperature: cite("framework", 1),
  learningRate: cite("framework", 1e-6),
  minibatchRows: cite("framework", 8),
  epochs: cite("framework", 1),
  strength: cite("reading", 1),
  minEntropyRange: cite("reading", 0.1),
};

/** Reported result in percent, with its source. */
export interface ReportedResult {
  readonly measure: "success" | "score";
  readonly value: number;
  readonly certainty: Certainty;
}

/** Algorithms of the paper's tables, by their names in `algorithmPresets`. */
export type PaperAlgorithm = "ppo" | "grpo" | "dapo" | "gspo" | "deep-swe";

/** Row of the tables of arXiv:2605.00425. */
export interface PaperRun {
  readonly setting: PaperSetting;
  readonly model: "Qwen2.5-1.5B-Instruct" | "Qwen2.5-7B-Instruct" | "Qwen3-32B";
  /** Name in `algorithmPresets`. */
  readonly algorithm: PaperAlgorithm;
  /** Name in `modulators` of `@turnwise/aem`. */
  readonly modulation: "none" | "aem";
  /** Empty if no number is known. */
  readonly reported: readonly ReportedResult[];
  /**
   * True if the paper has this row. PPO draws no groups, so the paper has no row of PPO with AEM.
   */
  readonly isInPaper: boolean;
}

const small = "Qwen2.5-1.5B-Instruct";
const large = "Qwen2.5-7B-Instruct";

/**
 * Creates the rows without and with AEM. Results are success, then score; `undefined` if unknown.
 */
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
 * Rows of the paper's tables: each algorithm with and without AEM. For GRPO and DeepSWE, the
 * paper's text states the gain of AEM; the values themselves are other people's readings of the
 * paper.
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
  // The source does not name the model for this score; it is inferred.
  ...pair(webshopSetting, small, "dapo", [undefined, 86.5], [undefined, 88.0]),
  ...pair(webshopSetting, small, "gspo", [], []),
  ...pair(webshopSetting, large, "ppo", [], []),
  ...pair(webshopSetting, large, "grpo", [75.9, 84.1], [80.5, 86.9]),
  ...pair(webshopSetting, large, "dapo", [86.7], [88.9]),
  ...pair(webshopSetting, large, "gspo", [], []),
  ...pair(sweBenchSetting, "Qwen3-32B", "deep-swe", [42.3], [43.7]),
];
