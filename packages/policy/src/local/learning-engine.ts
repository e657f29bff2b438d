import {
  checkInteger,
  NonFiniteError,
  type ScoredRow,
  type TokenRow,
  type TrainingRow,
  type UpdateReport,
} from "@turnwise/core";
import type { Executable, Executor, Feeds } from "@turnwise/graph";
import type { ModelConfig } from "../model-config.ts";
import { parameterTable, type Parameters, type ParameterSpec } from "../parameters.ts";
import { checkOutputs, checkTrainingRows, objectiveFeeds, tokenFeeds } from "./batch-feeds.ts";
import {
  copyParameters,
  Optimizer,
  type OptimizerConfig,
  type OptimizerState,
} from "./optimizer.ts";
import { checkRows, packRows, readLength, responseTokenCount, rowBatches } from "../row-batches.ts";
import {
  scoringProgram,
  trainingProgram,
  type LearningProgramOptions,
} from "./learning-programs.ts";
import type { ObjectiveProgram } from "./objective-program.ts";
import { rotaryFeeds } from "./transformer.ts";

/** Options of {@link LearningEngine}. */
export interface LearningEngineOptions {
  readonly config: ModelConfig;
  readonly executor: Executor;
  readonly optimizer: OptimizerConfig;
  /** The most positions of one microbatch, padding included. */
  readonly microbatchTokens: number;
}

/** What an engine has done in its updates, and how long their parts took. */
export interface LearningTimings {
  numUpdates: number;
  numMicrobatches: number;
  /** Tokens that were read, padding left out. */
  numTokens: number;
  /** Positions that were computed, padding included. */
  numPositions: number;
  /** In the executor's programs. */
  programMilliseconds: number;
  /** Adding gradients up, their norm, and AdamW. */
  optimizerMilliseconds: number;
}

/** Entries of the logits of one microbatch that are held at once, 256 MB of them. */
const maxLogits = 2 ** 26;

/** Scores rows and changes weights, in the thread that calls it. */
export class LearningEngine {
  readonly #options: LearningEngineOptions;
  readonly #table: readonly ParameterSpec[];
  readonly #programOptions: LearningProgramOptions;
  readonly #rotary: Feeds;
  readonly #parameters: Parameters;
  readonly #optimizer: Optimizer;
  #scoring: Promise<Executable> | undefined;
  readonly #training = new Map<string, Promise<Executable>>();
  readonly timings: LearningTimings = {
    numUpdates: 0,
    numMicrobatches: 0,
    numTokens: 0,
    numPositions: 0,
    programMilliseconds: 0,
    optimizerMilliseconds: 0,
  };

  /** @param parameters - Copied. */
  constructor(parameters: Parameters, options: LearningEngineOptions) {
    const { config, optimizer, microbatchTokens } = options;
    checkInteger("learner", { microbatchTokens }, { min: 1 });
    this.#options = options;
    this.#table = parameterTable(config);
    const headChunks = Math.ceil((microbatchTokens * config.vocabularySize) / maxLogits);
    this.#programOptions = { headChunks };
    this.#rotary = rotaryFeeds(config);
    this.#parameters = new Map([...parameters].map(([name, values]) => [name, values.slice()]));
    this.#optimizer = new Optimizer(this.#table, optimizer);
  }

  /** The present weights; the arrays change with each update. */
  get parameters(): Parameters {
    return this.#parameters;
  }

  /** The gradient of a parameter in the last update, before clipping. */
  gradient(name: string): Float32Array {
    return this.#optimizer.gradient(name);
  }

  /** The optimizer's state; its arrays change with each update. */
  get optimizerState(): OptimizerState {
    return this.#optimizer.state;
  }

  /** Takes over weights and, if given, the optimizer's state. All are copied. */
  restore(parameters: Parameters, state?: OptimizerState): void {
    copyParameters(this.#parameters, parameters);
    if (state) this.#optimizer.restore(state);
  }

  /** See `Learner.score`. */
  async score(rows: readonly TokenRow[]): Promise<ScoredRow[]> {
    checkRows("score", rows, this.#options.config);
    const scored: ScoredRow[] = rows.map(() => ({ spans: [] }));
    this.#scoring ??= this.#options.executor.compile(
      scoringProgram(this.#options.config, this.#programOptions),
    );
    const executable = await this.#scoring;
    for (const batch of this.#batches(rows)) {
      const packed = packRows(rows, batch);
      const { newLogProbs, entropies } = await executable.run({
        ...this.#modelFeeds(),
        ...tokenFeeds(packed),
      });
      let at = 0;
      for (const row of packed.rows) {
        scored[row] = {
          spans: rows[row]!.spans.map(({ length }) => {
            const end = at + length;
            const span = {
              // Views: of many small arrays, threads would copy each by itself.
              logProbs: newLogProbs!.data.subarray(at, end),
              entropies: entropies!.data.subarray(at, end),
            };
            at = end;
            return span;
          }),
        };
      }
    }
    // Rows without a response token were left out; their spans are empty.
    return scored.map((each, row) =>
      each.spans.length > 0
        ? each
        : {
            spans: rows[row]!.spans.map(() => ({
              logProbs: new Float32Array(),
              entropies: new Float32Array(),
            })),
          },
    );
  }

  /** See `Learner.update`. */
  async update(rows: readonly TrainingRow[], objective: ObjectiveProgram): Promise<UpdateReport> {
    checkRows("update", rows, this.#options.config);
    checkTrainingRows(rows, objective);
    if (rows.every((row) => responseTokenCount(row) === 0)) {
      throw new RangeError("update: rows must hold a response token, got none");
    }
    // A row without a weight adds nothing to the loss, to its gradient or to a metric.
    const weighted = rows.flatMap((row, i) =>
      row.weights.some((weight) => weight !== 0) ? [i] : [],
    );
    const batches = this.#batches(weighted.map((row) => rows[row]!)).map((batch) =>
      batch.map((i) => weighted[i]!),
    );
    const executable = await this.#compileTraining(objective);
    this.#optimizer.begin();
    let loss = 0;
    const metrics = Object.fromEntries(objective.metrics.map((name) => [name, 0]));
    const { timings } = this;
    for (const batch of batches) {
      const packed = packRows(rows, batch);
      const begin = performance.now();
      const outputs = await executable.run({
        ...this.#modelFeeds(),
        ...tokenFeeds(packed),
        ...objectiveFeeds(rows, packed, objective.needs),
      });
      timings.programMilliseconds += performance.now() - begin;
      timings.numMicrobatches++;
      timings.numTokens += batch.reduce((total, row) => total + readLength(rows[row]!), 0);
      timings.numPositions += packed.tokens.length;
      const values = (name: string): Float32Array => outputs[name]!.data;
      checkOutputs(packed, values);
      loss += values("objective/loss")[0]!;
      for (const name of objective.metrics) {
        metrics[name]! += values(`objective/metric/${name}`)[0]!;
      }
      const beginAccumulate = performance.now();
      for (const { name } of this.#table) {
        this.#optimizer.add(name, values(`gradient/${name}`));
      }
      timings.optimizerMilliseconds += performance.now() - beginAccumulate;
    }
    const beginStep = performance.now();
    const gradientNorm = this.#optimizer.gradientNorm();
    if (!Number.isFinite(gradientNorm)) {
      throw new NonFiniteError(
        `update: gradient must be finite, got a norm of ${gradientNorm} while all token gradients are finite`,
      );
    }
    const learningRate = this.#optimizer.apply(this.#parameters, gradientNorm);
    timings.optimizerMilliseconds += performance.now() - beginStep;
    timings.numUpdates++;
    const numTokens = rows.reduce(
      (total, { weights }) => total + weights.reduce((n, weight) => n + (weight === 0 ? 0 : 1), 0),
      0,
    );
    return { loss, gradientNorm, learningRate, numTokens, metrics };
  }

  /** Gives back the compiled programs. */
  async close(): Promise<void> {
    const compiled = [...this.#training.values(), ...(this.#scoring ? [this.#scoring] : [])];
    this.#training.clear();
    this.#scoring = undefined;
    for (const executable of await Promise.all(compiled)) await executable.release();
  }

  #batches(rows: readonly TokenRow[]): number[][] {
    return rowBatches(rows, { maxTokens: this.#options.microbatchTokens });
  }

  #compileTraining(objective: ObjectiveProgram): Promise<Executable> {
    let executable = this.#training.get(objective.name);
    if (!executable) {
      const program = trainingProgram(this.#options.config, objective, this.#programOptions);
      executable = this.#options.executor.compile(program);
      this.#training.set(objective.name, executable);
    }
    return executable;
  }

  #modelFeeds(): Feeds {
    const feeds: Record<string, Feeds[string]> = { ...this.#rotary };
    for (const { name, shape } of this.#table) {
      feeds[name] = { data: this.#parameters.get(name)!, shape };
    }
    return feeds;
  }
}
