import {
  checkInteger,
  NonFiniteError,
  type ScoredRow,
  type TokenRow,
  type TrainingRow,
  type UpdateReport,
} from "@turnwise/core";
import type { Executable, Executor, Feeds, Program } from "@turnwise/graph";
import type { Adapter } from "../lora.ts";
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
  trainedTable,
  trainingProgram,
  type LearningProgramOptions,
} from "./learning-programs.ts";
import { mergeBy, mergeProgram } from "./merge-program.ts";
import type { ObjectiveProgram } from "./objective-program.ts";
import { initialValueHead } from "../value-head.ts";
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
  /** Whether a value head is trained beside. Default false. */
  readonly valueHead?: boolean | undefined;
  /**
   * Whether each layer is computed once more for its gradient, which takes a third more time and keeps
   * one vector of each token and layer, instead of some twenty. Default false.
   */
  readonly recomputeLayers?: boolean | undefined;
  /**
   * The most logits that a program holds at once: beyond that the head is computed in parts, for its
   * gradient once more. Default 2^26, 256 MB of them.
   */
  readonly maxLogits?: number;
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

/** Scores rows and changes weights, in the thread that calls it. */
export class LearningEngine {
  readonly #options: LearningEngineOptions;
  /** What is trained. */
  readonly #table: readonly ParameterSpec[];
  readonly #programOptions: Omit<LearningProgramOptions, "headChunks">;
  readonly #rotary: Feeds;
  /** The model without what is trained: all of it with an adapter, else nothing. */
  readonly #frozen: Parameters;
  readonly #parameters: Parameters;
  readonly #reference: Parameters | undefined;
  readonly #optimizer: Optimizer;
  readonly #programs = new Map<string, Promise<Executable>>();
  #merging: Promise<Executable<"merged">> | undefined;
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
    const { valueHead = false, recomputeLayers = false } = options;
    checkInteger("learner", { microbatchTokens }, { min: 1 });
    this.#options = options;
    this.#programOptions = { adapter: adapter?.config, valueHead, recomputeLayers };
    this.#table = trainedTable(config, this.#programOptions);
    this.#rotary = rotaryFeeds(config);
    this.#frozen = adapter ? parameters : new Map();
    const trained = adapter?.parameters ?? parameters;
    this.#parameters = new Map([
      ...(ownsParameters ? trained : copyOf(trained)),
      ...(valueHead ? initialValueHead(config) : []),
    ]);
    this.#reference = adapter ? parameters : keepReference ? copyOf(parameters) : undefined;
    this.#optimizer = new Optimizer(this.#table, optimizer);
  }

  /** What is trained: the model's parameters, or the adapter's. The arrays change with each update. */
  get parameters(): Parameters {
    return this.#parameters;
  }

  /** The model's present weights, with the adapter put into them: new arrays where it changes some. */
  async weights(): Promise<Parameters> {
    const { config, adapter, executor } = this.#options;
    if (!adapter) return this.#parameters;
    this.#merging ??= executor.compile(mergeProgram());
    const present = { config: adapter.config, parameters: this.#parameters };
    return mergeBy(await this.#merging, config, this.#frozen, present);
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
    return this.#score(rows, {}, this.#feedsOf([this.#reference]));
  }

  async #score(
    rows: readonly TokenRow[],
    options: Omit<LearningProgramOptions, "headChunks">,
    modelFeeds: Feeds,
  ): Promise<ScoredRow[]> {
    checkRows("score", rows, this.#options.config);
    const scored: ScoredRow[] = rows.map(() => ({ spans: [] }));
    for (const forest of this.#forests(rows)) {
      const executable = await this.#scoring(options, forest);
      const { newLogProbs, entropies, values } = await executable.run({
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
              ...(values && { values: values.data.subarray(at, end) }),
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
              ...(options.valueHead && { values: new Float32Array() }),
            })),
          },
    );
  }

  /** See `Learner.update`. */
  async update(rows: readonly TrainingRow[], objective: ObjectiveProgram): Promise<UpdateReport> {
    checkRows("update", rows, this.#options.config);
    checkTrainingRows(rows, objective);
    if (objective.needs.includes("values") && !this.#options.valueHead) {
      throw new RangeError(
        `update: valueHead must be set for objective ${objective.name}, which needs values, got false`,
      );
    }
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
    this.#optimizer.begin();
    let loss = 0;
    const metrics = Object.fromEntries(objective.metrics.map((name) => [name, 0]));
    const { timings } = this;
    for (const forest of forests) {
      const executable = await this.#training(objective, forest);
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
    const compiled = [...this.#programs.values()];
    this.#programs.clear();
    for (const executable of await Promise.all(compiled)) await executable.release();
    await (await this.#merging)?.release();
    this.#merging = undefined;
  }

  #forests(rows: readonly TokenRow[]): RowForest[] {
    return rowForests(rows, { maxTokens: this.#options.microbatchTokens });
  }

  /**
   * In how many parts the head of a forest is computed: a power of 2, so that there are few programs.
   */
  #headChunks({ predictors }: RowForest): number {
    const { config, maxLogits = 2 ** 26 } = this.#options;
    const parts = (predictors.length * config.vocabularySize) / maxLogits;
    return 2 ** Math.max(0, Math.ceil(Math.log2(parts)));
  }

  #scoring(
    options: Omit<LearningProgramOptions, "headChunks">,
    forest: RowForest,
  ): Promise<Executable> {
    const headChunks = this.#headChunks(forest);
    const kind = options.adapter ? "adapted" : options.valueHead ? "valued" : "plain";
    return this.#compiled(`score ${kind} ${headChunks}`, () =>
      scoringProgram(this.#options.config, { ...options, headChunks }),
    );
  }

  #training(objective: ObjectiveProgram, forest: RowForest): Promise<Executable> {
    const options = { ...this.#programOptions, headChunks: this.#headChunks(forest) };
    return this.#compiled(`train ${options.headChunks} ${objective.name}`, () =>
      trainingProgram(this.#options.config, objective, options),
    );
  }

  #compiled(key: string, program: () => Program): Promise<Executable> {
    let executable = this.#programs.get(key);
    if (!executable) {
      executable = this.#options.executor.compile(program());
      this.#programs.set(key, executable);
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
