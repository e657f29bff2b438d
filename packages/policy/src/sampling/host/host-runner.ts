import type { Feeds } from "@turnwise/graph";
import { AttentionCache } from "./attention-cache.ts";
import { drawToken } from "../runner/draw-token.ts";
import { ModelRunner } from "./model-runner.ts";
import type { PageTable } from "../runner/page-table.ts";
import type {
  DrawJob,
  Runner,
  RunnerOptions,
  RunnerTimings,
  RunnerWeights,
  ScoreJob,
  StepDraws,
  StepScores,
} from "../runner/runner.ts";
import { softmaxWeights } from "../runner/softmax-weights.ts";
import { rotaryFeeds } from "../../model/transformer.ts";

/** Maximum number of logits in one step, 128 MB. */
const maxLogits = 2 ** 25;

/**
 * {@link Runner} on the CPU: attention in WebAssembly, between the programs of the layers, and
 * draws in float64.
 */
export class HostRunner implements Runner {
  readonly #options: RunnerOptions;
  readonly #rotary: Feeds;
  readonly #cache: AttentionCache;
  readonly #weights: Float64Array;
  readonly maxScoredTokens: number;
  #model: ModelRunner | undefined;

  constructor(options: RunnerOptions) {
    const { stepTokens, cacheBytes } = options;
    const { config } = options.layout;
    this.#options = options;
    this.#rotary = rotaryFeeds(config);
    this.#cache = new AttentionCache({
      ...config,
      maxStepTokens: stepTokens,
      maxBytes: cacheBytes,
      threads: options.threads ?? 1,
    });
    this.#weights = new Float64Array(config.vocabularySize);
    this.maxScoredTokens = Math.max(1, Math.floor(maxLogits / config.vocabularySize));
  }

  get pages(): PageTable {
    return this.#cache.pages;
  }

  get timings(): RunnerTimings | undefined {
    return this.#model?.timings;
  }

  async load(weights: RunnerWeights): Promise<void> {
    if (!("read" in weights)) {
      throw new TypeError("load: weights must be in host memory, got tensors of an executor");
    }
    await this.#model?.close();
    this.#model = undefined;
    this.#cache.clear();
    const { executor } = this.#options;
    const { read, layout } = weights;
    this.#model = await ModelRunner.create(layout, read, executor, this.#rotary);
  }

  get #loaded(): ModelRunner {
    if (this.#model) return this.#model;
    throw new Error("sample: load() must be called before sampling");
  }

  async step(jobs: readonly DrawJob[]): Promise<StepDraws> {
    const logits = await this.#loaded.step(this.#cache, jobs);
    return (job) => {
      const { options, random } = jobs[job]!.draw!;
      return drawToken(logits.row(job), options, random, this.#weights);
    };
  }

  async score(jobs: readonly ScoreJob[]): Promise<StepScores> {
    const logits = await this.#loaded.step(this.#cache, jobs, { logits: "all" });
    const targets = jobs.flatMap((job) => job.targets);
    const logProbs = new Float64Array(targets.length).fill(Number.NaN);
    const entropies = new Float64Array(targets.length);
    targets.forEach((target, position) => {
      const row = logits.row(position);
      let largest = -Infinity;
      for (let i = 0; i < row.length; i++) largest = Math.max(largest, row[i]!);
      const { total, weighted } = softmaxWeights(row, largest, 1, this.#weights);
      const logTotal = Math.log(total);
      entropies[position] = Math.max(0, logTotal - weighted / total);
      if (target !== undefined) logProbs[position] = row[target]! - largest - logTotal;
    });
    return { logProbs, entropies };
  }

  recover(): boolean {
    return true;
  }

  async close(): Promise<void> {
    await this.#model?.close();
    this.#model = undefined;
    await this.#cache.close();
  }
}
