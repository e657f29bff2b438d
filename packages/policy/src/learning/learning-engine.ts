import {
  checkInteger,
  NonFiniteError,
  type OnTokens,
  type ScoredRow,
  type TokenRow,
  type TrainingRow,
  type UpdateReport,
} from "@turnwise/core";
import type {
  CompileOptions,
  Executable,
  Feed,
  Feeds,
  Output,
  Program,
  ResidentTensor,
  RunFeeds,
} from "@turnwise/graph";
import { withoutTrainedParts, type ParameterLayout } from "../model/parameter-layout.ts";
import type { Parameters } from "../model/shape/parameters.ts";
import type { ReadTensor } from "../checkpoints/stored-parameters.ts";
import { checkOutputs, checkTrainingRows, forestFeeds, objectiveFeeds } from "./batch-feeds.ts";
import {
  copyParameters,
  createHostModel,
  createResidentModel,
  type FrozenModelOptions,
  type FrozenModel,
} from "./frozen-model.ts";
import { HostState } from "./host-state.ts";
import { LossScale, type LossScaleState } from "./loss-scale.ts";
import type { LearningOptions } from "./learning-options.ts";
import { ResidentState } from "./resident-state.ts";
import { ResidentWeights, type WeightFeeds } from "./resident-weights.ts";
import { packRows, type RowForest } from "./pack-rows.ts";
import { checkRows, countReadTokens, countResponseTokens } from "./token-rows.ts";
import { traceScoring, traceTraining } from "./learning-programs.ts";
import { createMergedReader, traceMerge, createWeightReader } from "./merge-program.ts";
import type { ObjectiveProgram } from "./objective-program.ts";
import type { OptimizerState, StateReader, TrainedState } from "./trained-state.ts";
import { initialValueHead } from "../model/value-head.ts";

/** Options of {@link LearningEngine}. */
export interface LearningEngineOptions extends LearningOptions, FrozenModelOptions {
  /** Updates the given arrays in place instead of copying them. Default false. */
  readonly ownsParameters?: boolean;
  /** Values of the layout's adapter, which is trained instead of the model; copied. */
  readonly adapter?: Parameters | undefined;
  /**
   * Maximum number of logits that a program holds at once. For more, the head is computed in
   * chunks, which are recomputed for the gradient. Default 2^26, 256 MB.
   */
  readonly maxLogits?: number;
  /** Scales the loss to avoid underflow of gradients in float16 products. Default false. */
  readonly scalesLoss?: boolean | undefined;
}

/** Counters and timings of an engine's updates. */
export interface LearningTimings {
  numUpdates: number;
  numMicrobatches: number;
  /** Number of tokens in all rows. */
  numTokens: number;
  /** Number of tokens computed; a shared prefix counts once. */
  numPositions: number;
  /** Time spent in the executor's programs. */
  programMilliseconds: number;
  /** Time spent on gradient sums, their norm, and AdamW. */
  optimizerMilliseconds: number;
}

/** Scores rows and updates weights in the calling thread. */
export class LearningEngine {
  readonly #options: LearningEngineOptions;
  readonly #model: FrozenModel;
  readonly #state: TrainedState;
  readonly #lossScale: LossScale | undefined;
  readonly #programs = new Map<string, Promise<Executable<string, string>>>();
  #mergeExecutable: Promise<Executable<"merged">> | undefined;
  readonly timings: LearningTimings = {
    numUpdates: 0,
    numMicrobatches: 0,
    numTokens: 0,
    numPositions: 0,
    programMilliseconds: 0,
    optimizerMilliseconds: 0,
  };

  private constructor(options: LearningEngineOptions, model: FrozenModel, state: TrainedState) {
    this.#options = options;
    this.#model = model;
    this.#state = state;
    this.#lossScale = options.scalesLoss ? new LossScale() : undefined;
  }

  /**
   * @param parameters - Parameters of the model; copied unless `ownsParameters`. With an adapter
   *   they are not changed.
   * @throws `RangeError` for options outside their range.
   */
  static async create(
    parameters: Parameters,
    options: LearningEngineOptions,
  ): Promise<LearningEngine> {
    const { layout, executor, optimizer, microbatchTokens, adapter, resident } = options;
    checkInteger("learner", { microbatchTokens }, { min: 1 });
    const trained = new Map([...(adapter ?? parameters), ...initialValueHead(layout)]);
    if (resident) {
      const state = await ResidentState.create(executor, layout.trained, trained, optimizer);
      try {
        const model = await createResidentModel(parameters, state.tensors, options);
        return new LearningEngine(options, model, state);
      } catch (error) {
        await state.close();
        throw error;
      }
    }
    const own = options.ownsParameters ? trained : copyParameters(trained);
    const state = new HostState(layout.trained, own, optimizer);
    return new LearningEngine(options, createHostModel(parameters, options), state);
  }

  /**
   * Reader of everything that training changes: the parameters of the model or the adapter, and the
   * optimizer moments.
   */
  get reader(): StateReader {
    return this.#state.reader;
  }

  /** Current loss scale; `undefined` if the loss is not scaled. */
  get lossScale(): LossScaleState | undefined {
    return this.#lossScale?.state;
  }

  /**
   * Returns a reader of the model's current weights, with the adapter merged in. Do not modify the
   * arrays: they may be the learner's own, which the next update changes.
   */
  async weights(): Promise<ReadTensor> {
    const { layout, executor } = this.#options;
    const trained = this.#state.feeds;
    if (!layout.adapter) return createWeightReader(trained);
    this.#mergeExecutable ??= executor.compile(traceMerge());
    const { read } = this.#model;
    return createMergedReader(await this.#mergeExecutable, layout.adapter, { read, trained });
  }

  /**
   * Current weights as resident tensors, of the model and the adapter; the caller must release
   * them. `undefined` if the weights are host arrays.
   */
  share(): ResidentWeights | undefined {
    const { tensors } = this.#state;
    return tensors && new ResidentWeights([...this.#model.tensors, ...tensors]);
  }

  /**
   * Gradient of a parameter in the last update, before clipping.
   * @throws `Error` if gradients are resident.
   */
  gradient(name: string): Float32Array {
    return this.#state.gradient(name);
  }

  /**
   * Replaces the weights and, if given, the optimizer state and the loss scale. All values are
   * copied.
   */
  async restore(
    parameters: Parameters,
    state?: OptimizerState,
    lossScale?: LossScaleState,
  ): Promise<void> {
    await this.#state.restore(parameters, state);
    if (lossScale) this.#lossScale?.restore(lossScale);
  }

  /** See `Learner.score`. */
  score(rows: readonly TokenRow[], onTokens?: OnTokens): Promise<ScoredRow[]> {
    const weights = [this.#model.frozen, this.#state.feeds];
    return this.#score(rows, this.#options.layout, weights, onTokens);
  }

  /**
   * Scores rows under the reference policy: the model without the adapter, or the copy of the
   * initial weights.
   * @throws `RangeError` if there is neither an adapter nor a copy.
   */
  async scoreReference(rows: readonly TokenRow[], onTokens?: OnTokens): Promise<ScoredRow[]> {
    const { reference } = this.#model;
    if (!reference) {
      throw new RangeError(
        "scoreReference: keepReference must be true for a policy without an adapter, got false",
      );
    }
    return this.#score(rows, withoutTrainedParts(this.#options.layout), [reference], onTokens);
  }

  async #score(
    rows: readonly TokenRow[],
    layout: ParameterLayout,
    weights: readonly WeightFeeds[],
    onTokens?: OnTokens,
  ): Promise<ScoredRow[]> {
    const modelFeeds = this.#feedsOf(weights);
    checkRows("score", rows, layout.config);
    const scored: ScoredRow[] = rows.map(() => ({ spans: [] }));
    const forests = this.#packRows(rows);
    const total = countPositions(forests);
    let done = 0;
    for (const forest of forests) {
      const executable = await this.#compileScoring(layout, forest);
      const { newLogProbs, entropies, values } = selectArrays(
        await executable.run({
          ...modelFeeds,
          ...forestFeeds(forest, { withGradient: false }),
        }),
      );
      done += forest.tokens.length;
      onTokens?.(done, total);
      let at = 0;
      for (const row of forest.rows) {
        scored[row] = {
          spans: rows[row]!.spans.map(({ length }) => {
            const end = at + length;
            const span = {
              // Return views, because copying many small arrays to another thread is slow.
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
    // Rows without response tokens were not computed; they get empty spans.
    return scored.map((each, row) =>
      each.spans.length > 0
        ? each
        : {
            spans: rows[row]!.spans.map(() => ({
              logProbs: new Float32Array(),
              entropies: new Float32Array(),
              ...(layout.valueHead.length > 0 && { values: new Float32Array() }),
            })),
          },
    );
  }

  /** See `Learner.update`. */
  async update(
    rows: readonly TrainingRow[],
    objective: ObjectiveProgram,
    onTokens?: OnTokens,
  ): Promise<UpdateReport> {
    checkRows("update", rows, this.#options.layout.config);
    checkTrainingRows(rows, objective);
    if (objective.needs.includes("values") && this.#options.layout.valueHead.length === 0) {
      throw new RangeError(
        `update: valueHead must be true for objective ${objective.name}, which reads values, got false`,
      );
    }
    if (rows.every((row) => countResponseTokens(row) === 0)) {
      throw new RangeError("update: rows must contain a response token, got none");
    }
    // Skip rows whose weights are all 0: they do not affect loss, gradient or metrics.
    const weighted = rows.flatMap((row, i) =>
      row.weights.some((weight) => weight !== 0) ? [i] : [],
    );
    const forests = this.#packRows(weighted.map((row) => rows[row]!)).map((forest) => ({
      ...forest,
      rows: forest.rows.map((i) => weighted[i]!),
    }));
    const { timings } = this;
    const scaleBefore = this.#lossScale?.state;
    let sums = await this.#sumGradients(rows, forests, objective, onTokens);
    while (!Number.isFinite(sums.gradientNorm)) {
      // Attribute an overflow to the loss scale as long as it can be reduced.
      if (!this.#lossScale?.shrink()) {
        if (scaleBefore) this.#lossScale?.restore(scaleBefore);
        this.#state.begin();
        throw new NonFiniteError(
          `update: gradient must be finite, got a norm of ${sums.gradientNorm} while all token gradients are finite`,
        );
      }
      sums = await this.#sumGradients(rows, forests, objective, onTokens);
    }
    const { loss, metrics, gradientNorm } = sums;
    const beginStep = performance.now();
    const scale = this.#lossScale?.state.scale ?? 1;
    const learningRate = await this.#state.apply(gradientNorm, scale);
    this.#lossScale?.step();
    timings.optimizerMilliseconds += performance.now() - beginStep;
    timings.numUpdates++;
    const numTokens = rows.reduce(
      (total, { weights }) => total + weights.reduce((n, weight) => n + (weight === 0 ? 0 : 1), 0),
      0,
    );
    return { loss, gradientNorm, learningRate, numTokens, metrics };
  }

  /** Runs the microbatches of an update; the state then holds the sum of their gradients. */
  async #sumGradients(
    rows: readonly TrainingRow[],
    forests: readonly RowForest[],
    objective: ObjectiveProgram,
    onTokens?: OnTokens,
  ): Promise<GradientSums> {
    const { timings } = this;
    const total = countPositions(forests);
    let done = 0;
    const scale = this.#lossScale?.state.scale ?? 1;
    let loss = 0;
    const metrics = Object.fromEntries(objective.metrics.map((name) => [name, 0]));
    this.#state.begin();
    const layOut = (forest: RowForest): Feeds => ({
      ...forestFeeds(forest, { withGradient: true }),
      ...objectiveFeeds(rows, forest, objective.needs),
    });
    try {
      let laidOut = forests.slice(0, 1).map(layOut)[0];
      for (const [i, forest] of forests.entries()) {
        const { sums } = this.#state;
        const executable = await this.#compileTraining(objective, forest, sums !== undefined);
        const begin = performance.now();
        const feeds = {
          ...this.#modelFeeds(),
          ...laidOut,
          ...(this.#lossScale && { lossScale: { data: Float32Array.of(scale), shape: [] } }),
          ...sums,
        };
        const running = executable.run(feeds, this.#state.takeSpare?.());
        // Lay out the next forest while the device computes.
        laidOut = forests.slice(i + 1, i + 2).map(layOut)[0];
        const outputs = await running;
        timings.programMilliseconds += performance.now() - begin;
        timings.numMicrobatches++;
        timings.numTokens += forest.rows.reduce(
          (total, row) => total + countReadTokens(rows[row]!),
          0,
        );
        timings.numPositions += forest.tokens.length;
        done += forest.tokens.length;
        onTokens?.(done, total);
        const beginAdd = performance.now();
        this.#state.add(outputs);
        timings.optimizerMilliseconds += performance.now() - beginAdd;
        const arrays = selectArrays(outputs);
        checkOutputs(rows, forest, arrays);
        loss += arrays["objective/loss"]!.data[0]!;
        for (const name of objective.metrics) {
          metrics[name]! += arrays[`objective/metric/${name}`]!.data[0]!;
        }
      }
      const beginNorm = performance.now();
      const gradientNorm = (await this.#state.gradientNorm()) / scale;
      timings.optimizerMilliseconds += performance.now() - beginNorm;
      return { loss, metrics, gradientNorm };
    } catch (error) {
      this.#state.begin();
      throw error;
    }
  }

  /** Releases the compiled programs and the resident tensors. */
  async close(): Promise<void> {
    const compiled = [...this.#programs.values()];
    this.#programs.clear();
    for (const executable of await Promise.all(compiled)) await executable.release();
    await (await this.#mergeExecutable)?.release();
    this.#mergeExecutable = undefined;
    await this.#state.close();
    this.#model.close();
  }

  #packRows(rows: readonly TokenRow[]): RowForest[] {
    return packRows(rows, { maxTokens: this.#options.microbatchTokens });
  }

  /**
   * Number of chunks for the head of a forest: a power of 2, to keep the number of programs small.
   */
  #headChunks({ predictors }: RowForest): number {
    const { layout, maxLogits = 2 ** 26 } = this.#options;
    const parts = (predictors.length * layout.config.vocabularySize) / maxLogits;
    return 2 ** Math.max(0, Math.ceil(Math.log2(parts)));
  }

  #compileScoring(layout: ParameterLayout, forest: RowForest): Promise<Executable<string, string>> {
    const headChunks = this.#headChunks(forest);
    const kind = layout.adapter ? "adapted" : layout.valueHead.length > 0 ? "valued" : "plain";
    return this.#compile(
      `score ${kind} ${headChunks}`,
      () => traceScoring(layout, { headChunks }),
      layout.adapter !== undefined,
    );
  }

  #compileTraining(
    objective: ObjectiveProgram,
    forest: RowForest,
    addsToSums: boolean,
  ): Promise<Executable<string, string>> {
    const headChunks = this.#headChunks(forest);
    const scalesLoss = this.#lossScale !== undefined;
    // On a GPU, the execution order would not benefit from rematerialization.
    const keepsLeast = !this.#options.resident;
    const { layout, recomputeLayers } = this.#options;
    const options = { headChunks, recomputeLayers, addsToSums, scalesLoss, keepsLeast };
    const kind = addsToSums ? "train on" : "train";
    return this.#compile(
      `${kind} ${headChunks} ${objective.name}`,
      () => traceTraining(layout, objective, options),
      true,
      this.#state.compileOptions(addsToSums),
    );
  }

  #compile(
    key: string,
    program: () => Program,
    isAdapted: boolean,
    options: CompileOptions<string> = {},
  ): Promise<Executable<string, string>> {
    let executable = this.#programs.get(key);
    if (!executable) {
      const traced = program();
      // Parameters in `modulesToSave` replace the model's own, except in the reference.
      const trained = isAdapted ? this.#state.feeds : new Map();
      const frozen = Object.fromEntries(
        Object.entries(this.#model.stored).filter(
          ([name]) => Object.hasOwn(traced.inputs, name) && !trained.has(name),
        ),
      );
      const all = { ...options, frozen };
      executable = this.#options.executor.compile<string, string>(traced, all);
      this.#programs.set(key, executable);
    }
    return executable;
  }

  #modelFeeds(): RunFeeds {
    return this.#feedsOf([this.#model.frozen, this.#state.feeds]);
  }

  /**
   * Combines weights to the inputs of a program.
   * @param weights - If several contain a parameter, the last one wins.
   */
  #feedsOf(weights: readonly WeightFeeds[]): RunFeeds {
    const feeds: Record<string, Feed | ResidentTensor> = { ...this.#model.rotary };
    const { model, trained } = this.#options.layout;
    for (const { name } of [...model, ...trained]) {
      const feed = weights.findLast((each) => each.has(name))?.get(name);
      if (feed) feeds[name] = feed;
    }
    return feeds;
  }
}

/** Number of tokens that forests compute; a shared prefix counts once. */
const countPositions = (forests: readonly RowForest[]): number =>
  forests.reduce((total, { tokens }) => total + tokens.length, 0);

/** Sums over the microbatches of an update. */
interface GradientSums {
  readonly loss: number;
  readonly metrics: Record<string, number>;
  /** Not finite if an entry of the sum is not finite. */
  readonly gradientNorm: number;
}

/** Selects the outputs that are host arrays. */
function selectArrays(
  outputs: Readonly<Record<string, Output | ResidentTensor>>,
): Record<string, Output> {
  const arrays: Record<string, Output> = {};
  for (const [name, output] of Object.entries(outputs)) {
    if ("data" in output) arrays[name] = output;
  }
  return arrays;
}
