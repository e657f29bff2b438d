import {
  checkInteger,
  NonFiniteError,
  type ScoredRow,
  type TokenRow,
  type TrainingRow,
  type UpdateReport,
} from "@turnwise/core";
import type { Executable, Executor, Feeds } from "@turnwise/graph";
import { adapterTable, mergeAdapter, type Adapter, type AdapterConfig } from "../lora.ts";
import type { ModelConfig } from "../model-config.ts";
import { parameterTable, type Parameters, type ParameterSpec } from "../parameters.ts";
import { checkOutputs, checkTrainingRows, forestFeeds, objectiveFeeds } from "./batch-feeds.ts";
import {
  copyParameters,
  Optimizer,
  type OptimizerConfig,
  type OptimizerState,
} from "./optimizer.ts";
import { rowForests, type RowForest } from "../row-forests.ts";
import { checkRows, readLength, responseTokenCount } from "../token-rows.ts";
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
  /** The most tokens of one microbatch, those that rows share counted once. */
  readonly microbatchTokens: number;
  /** Whether the arrays that it is given may be changed, instead of copies. Default false. */
  readonly ownsParameters?: boolean;
  /** Trained in place of the model, which then stays as it is. Its values are copied. */
  readonly adapter?: Adapter | undefined;
  /**
   * Whether to keep a copy of the first weights, for `scoreReference`. With an adapter there is no
   * need: the model without it is the reference. Default false.
   */
  readonly keepReference?: boolean | undefined;
}

/** What an engine has done in its updates, and how long their parts took. */
export interface LearningTimings {
  numUpdates: number;
  numMicrobatches: number;
  /** Tokens that were read, row by row. */
  numTokens: number;
  /** Tokens that were computed, those that rows share counted once. */
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
  /** What is trained. */
  readonly #table: readonly ParameterSpec[];
  readonly #programOptions: LearningProgramOptions;
  readonly #rotary: Feeds;
  /** The model without what is trained: all of it with an adapter, else nothing. */
  readonly #frozen: Parameters;
  readonly #parameters: Parameters;
  readonly #reference: Parameters | undefined;
  readonly #optimizer: Optimizer;
  readonly #scoring = new Map<AdapterConfig | undefined, Promise<Executable>>();
  readonly #training = new Map<string, Promise<Executable>>();
  readonly timings: LearningTimings = {
    numUpdates: 0,
    numMicrobatches: 0,
    numTokens: 0,
    numPositions: 0,
    programMilliseconds: 0,
    optimizerMilliseconds: 0,
  };

  /** @param parameters - Copied, if not owned; with an adapter kept as they are, and not changed. */
  constructor(parameters: Parameters, options: LearningEngineOptions) {
    const { config, optimizer, microbatchTokens, adapter, keepReference, ownsParameters } = options;
    checkInteger("learner", { microbatchTokens }, { min: 1 });
    this.#options = options;
    this.#table = adapter ? adapterTable(config, adapter.config) : parameterTable(config);
    const headChunks = Math.ceil((microbatchTokens * config.vocabularySize) / maxLogits);
    this.#programOptions = { headChunks, adapter: adapter?.config };
    this.#rotary = rotaryFeeds(config);
    this.#frozen = adapter ? parameters : new Map();
    const trained = adapter?.parameters ?? parameters;
    this.#parameters = ownsParameters ? trained : copyOf(trained);
    this.#reference = adapter ? parameters : keepReference ? copyOf(parameters) : undefined;
    this.#optimizer = new Optimizer(this.#table, optimizer);
  }

  /** What is trained: the model's parameters, or the adapter's. The arrays change with each update. */
  get parameters(): Parameters {
    return this.#parameters;
  }

  /** The model's present weights, with the adapter put into them. */
  weights(): Parameters {
    const { config, adapter } = this.#options;
    if (!adapter) return this.#parameters;
    return mergeAdapter(config, this.#frozen, {
      config: adapter.config,
      parameters: this.#parameters,
    });
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
  score(rows: readonly TokenRow[]): Promise<ScoredRow[]> {
    return this.#score(rows, this.#programOptions, this.#modelFeeds());
  }

  /**
   * Scores rows under the model as it was at first: without the adapter, or from the copy of the first
   * weights.
   * @throws `RangeError` if there is neither.
   */
  async scoreReference(rows: readonly TokenRow[]): Promise<ScoredRow[]> {
    if (!this.#reference) {
      throw new RangeError(
        "scoreReference: keepReference must be set without an adapter, got false",
      );
    }
    const { headChunks } = this.#programOptions;
    return this.#score(rows, { headChunks }, this.#feedsOf([this.#reference]));
  }

  async #score(
    rows: readonly TokenRow[],
    options: LearningProgramOptions,
    modelFeeds: Feeds,
  ): Promise<ScoredRow[]> {
    checkRows("score", rows, this.#options.config);
    const scored: ScoredRow[] = rows.map(() => ({ spans: [] }));
    const executable = await this.#compileScoring(options);
    for (const forest of this.#forests(rows)) {
      const { newLogProbs, entropies } = await executable.run({
        ...modelFeeds,
        ...forestFeeds(forest, { withGradient: false }),
      });
      let at = 0;
      for (const row of forest.rows) {
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
    const forests = this.#forests(weighted.map((row) => rows[row]!)).map((forest) => ({
      ...forest,
      rows: forest.rows.map((i) => weighted[i]!),
    }));
    const executable = await this.#compileTraining(objective);
    this.#optimizer.begin();
    let loss = 0;
    const metrics = Object.fromEntries(objective.metrics.map((name) => [name, 0]));
    const { timings } = this;
    for (const forest of forests) {
      const begin = performance.now();
      const outputs = await executable.run({
        ...this.#modelFeeds(),
        ...forestFeeds(forest, { withGradient: true }),
        ...objectiveFeeds(rows, forest, objective.needs),
      });
      timings.programMilliseconds += performance.now() - begin;
      timings.numMicrobatches++;
      timings.numTokens += forest.rows.reduce((total, row) => total + readLength(rows[row]!), 0);
      timings.numPositions += forest.tokens.length;
      const values = (name: string): Float32Array => outputs[name]!.data;
      checkOutputs(rows, forest, outputs);
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
    const compiled = [...this.#training.values(), ...this.#scoring.values()];
    this.#training.clear();
    this.#scoring.clear();
    for (const executable of await Promise.all(compiled)) await executable.release();
  }

  #forests(rows: readonly TokenRow[]): RowForest[] {
    return rowForests(rows, { maxTokens: this.#options.microbatchTokens });
  }

  #compileScoring(options: LearningProgramOptions): Promise<Executable> {
    let executable = this.#scoring.get(options.adapter);
    if (!executable) {
      executable = this.#options.executor.compile(scoringProgram(this.#options.config, options));
      this.#scoring.set(options.adapter, executable);
    }
    return executable;
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
    return this.#feedsOf([this.#frozen, this.#parameters]);
  }

  /** @param values - Of several that hold a parameter the last one counts. */
  #feedsOf(values: readonly Parameters[]): Feeds {
    const feeds: Record<string, Feeds[string]> = { ...this.#rotary };
    const model = parameterTable(this.#options.config);
    for (const { name, shape } of [...model, ...this.#table]) {
      const data = values.findLast((each) => each.has(name))?.get(name);
      if (data) feeds[name] = { data, shape };
    }
    return feeds;
  }
}

const copyOf = (parameters: Parameters): Parameters =>
  new Map([...parameters].map(([name, values]) => [name, values.slice()]));
