import {
  checkInteger,
  checkNonNegative,
  checkPositive,
  NonFiniteError,
  type ObjectiveField,
  type ScoredRow,
  type TokenRow,
  type TrainingRow,
  type UpdateReport,
} from "@turnwise/core";
import {
  accumulate,
  adamW,
  globalNorm,
  type Executable,
  type Executor,
  type Feeds,
} from "@turnwise/graph";
import { learningRateAt, type LearningRateSchedule } from "../learning-rate.ts";
import type { ModelConfig } from "../model-config.ts";
import { parameterTable, type Parameters, type ParameterSpec } from "../parameters.ts";
import {
  checkRows,
  packRows,
  readLength,
  responseTokenCount,
  rowBatches,
  type PackedRows,
} from "../row-batches.ts";
import {
  scoringProgram,
  trainingProgram,
  type LearningProgramOptions,
} from "./learning-programs.ts";
import type { ObjectiveProgram } from "./objective-program.ts";
import { rotaryTables } from "./transformer.ts";

/** AdamW, as PyTorch computes it, behind a clipped gradient. */
export interface OptimizerConfig {
  readonly learningRate: LearningRateSchedule;
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
  /** Decoupled decay. Default 0. */
  readonly weightDecay?: number;
  /** What decays: `matrices` leaves norms and biases alone. Default `matrices`. */
  readonly decayed?: "matrices" | "all";
  /** The global norm that longer gradients are scaled to; `Infinity` never scales. Default 1. */
  readonly maxGradientNorm?: number;
}

/** Options of {@link LearningEngine}. */
export interface LearningEngineOptions {
  readonly config: ModelConfig;
  readonly executor: Executor;
  readonly optimizer: OptimizerConfig;
  /** The most positions of one microbatch, padding included. */
  readonly microbatchTokens: number;
}

/** The optimizer's running averages, and how many steps it has made. */
export interface OptimizerState {
  readonly step: number;
  readonly firstMoments: Parameters;
  readonly secondMoments: Parameters;
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
  readonly #firstMoments: Parameters;
  readonly #secondMoments: Parameters;
  readonly #gradients: Parameters;
  #step = 0;
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
    checkOptimizer(optimizer);
    checkInteger("learner", { microbatchTokens }, { min: 1 });
    this.#options = options;
    this.#table = parameterTable(config);
    const headChunks = Math.ceil((microbatchTokens * config.vocabularySize) / maxLogits);
    this.#programOptions = { headChunks };
    const shape = [config.maxSequenceTokens, config.headSize / 2];
    const { cos, sin } = rotaryTables(config);
    this.#rotary = { cos: { data: cos, shape }, sin: { data: sin, shape } };
    const allocate = (): Parameters =>
      new Map(
        this.#table.map(({ name }) => [name, new Float32Array(parameters.get(name)!.length)]),
      );
    this.#parameters = allocate();
    this.#firstMoments = allocate();
    this.#secondMoments = allocate();
    this.#gradients = allocate();
    copyInto(this.#parameters, parameters);
  }

  /** The present weights; the arrays change with each update. */
  get parameters(): Parameters {
    return this.#parameters;
  }

  /** The gradient of a parameter in the last update, before clipping. */
  gradient(name: string): Float32Array {
    const gradient = this.#gradients.get(name);
    if (!gradient) throw new RangeError(`gradient: name must be a parameter, got ${name}`);
    return gradient;
  }

  /** The optimizer's state; its arrays change with each update. */
  get optimizerState(): OptimizerState {
    return {
      step: this.#step,
      firstMoments: this.#firstMoments,
      secondMoments: this.#secondMoments,
    };
  }

  /** Takes over weights and, if given, the optimizer's state. All are copied. */
  restore(parameters: Parameters, state?: OptimizerState): void {
    copyInto(this.#parameters, parameters);
    if (!state) return;
    copyInto(this.#firstMoments, state.firstMoments);
    copyInto(this.#secondMoments, state.secondMoments);
    this.#step = state.step;
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
    const batches = this.#batches(rows);
    if (batches.length === 0) {
      throw new RangeError("update: rows must hold a response token, got none");
    }
    const executable = await this.#compileTraining(objective);
    for (const gradient of this.#gradients.values()) gradient.fill(0);
    const totals = new Map(["loss", ...objective.metrics].map((name) => [name, 0]));
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
      totals.set("loss", totals.get("loss")! + values("objective/loss")[0]!);
      for (const name of objective.metrics) {
        totals.set(name, totals.get(name)! + values(`objective/metric/${name}`)[0]!);
      }
      const beginAccumulate = performance.now();
      for (const { name } of this.#table) {
        accumulate(this.#gradients.get(name)!, values(`gradient/${name}`));
      }
      timings.optimizerMilliseconds += performance.now() - beginAccumulate;
    }
    const beginStep = performance.now();
    const gradientNorm = globalNorm([...this.#gradients.values()]);
    if (!Number.isFinite(gradientNorm)) {
      throw new NonFiniteError(
        `update: gradient must be finite, got a norm of ${gradientNorm} while all token gradients are finite`,
      );
    }
    const learningRate = this.#apply(gradientNorm);
    timings.optimizerMilliseconds += performance.now() - beginStep;
    timings.numUpdates++;
    const numTokens = rows.reduce(
      (total, { weights }) => total + weights.reduce((n, weight) => n + (weight === 0 ? 0 : 1), 0),
      0,
    );
    const { loss, ...metrics } = Object.fromEntries(totals) as Record<string, number>;
    return { loss: loss!, gradientNorm, learningRate, numTokens, metrics };
  }

  /** Clips, and makes one step. @returns The learning rate. */
  #apply(gradientNorm: number): number {
    const {
      learningRate: schedule,
      beta1 = 0.9,
      beta2 = 0.999,
      epsilon = 1e-8,
      weightDecay = 0,
      decayed = "matrices",
      maxGradientNorm = 1,
    } = this.#options.optimizer;
    const learningRate = learningRateAt(schedule, this.#step);
    this.#step++;
    // As torch.nn.utils.clip_grad_norm_ has it.
    const gradientScale = Math.min(1, maxGradientNorm / (gradientNorm + 1e-6));
    for (const { name, shape } of this.#table) {
      adamW(
        {
          parameter: this.#parameters.get(name)!,
          gradient: this.#gradients.get(name)!,
          firstMoment: this.#firstMoments.get(name)!,
          secondMoment: this.#secondMoments.get(name)!,
        },
        {
          step: this.#step,
          learningRate,
          beta1,
          beta2,
          epsilon,
          weightDecay: decayed === "all" || shape.length > 1 ? weightDecay : 0,
          gradientScale,
        },
      );
    }
    return learningRate;
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

function copyInto(target: Parameters, source: Parameters): void {
  for (const [name, values] of target) values.set(source.get(name)!);
}

function checkOptimizer({
  learningRate,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  weightDecay = 0,
  maxGradientNorm = 1,
}: OptimizerConfig): void {
  learningRateAt(learningRate, 0);
  learningRateAt(learningRate, learningRate.warmupSteps ?? 0);
  checkNonNegative("optimizer", { beta1, beta2, epsilon, weightDecay });
  if (maxGradientNorm !== Number.POSITIVE_INFINITY) checkPositive("optimizer", { maxGradientNorm });
  for (const [name, value] of Object.entries({ beta1, beta2 })) {
    if (value >= 1) throw new RangeError(`optimizer: ${name} must be below 1, got ${value}`);
  }
}

function tokenFeeds({ batchSize, length, tokens, positions, targets }: PackedRows): Feeds {
  return {
    tokens: { data: tokens, shape: [batchSize, length] },
    positions: { data: positions, shape: [positions.length] },
    targets: { data: targets, shape: [targets.length] },
  };
}

function objectiveFeeds(
  rows: readonly TrainingRow[],
  packed: PackedRows,
  needs: readonly ObjectiveField[],
): Feeds {
  const numTokens = packed.targets.length;
  const join = (list: (row: TrainingRow) => Float32Array): Feeds[string] => {
    const data = new Float32Array(numTokens);
    let at = 0;
    packed.rows.forEach((row, slot) => {
      data.set(list(rows[row]!), at);
      at += packed.tokenCounts[slot]!;
    });
    return { data, shape: [numTokens] };
  };
  return {
    weights: join(({ weights }) => weights),
    responses: { data: packed.responses, shape: [numTokens] },
    responseAxis: { data: new Float32Array(packed.numResponses), shape: [packed.numResponses] },
    ...Object.fromEntries(needs.map((field) => [field, join(({ fields }) => fields[field]!)])),
  };
}

/** Requires weights and fields of the right length, and finite ones. */
function checkTrainingRows(
  rows: readonly TrainingRow[],
  { name, needs }: Pick<ObjectiveProgram, "name" | "needs">,
): void {
  rows.forEach((row, index) => {
    const numTokens = responseTokenCount(row);
    const lists = {
      weights: row.weights,
      ...Object.fromEntries(needs.map((field) => [field, row.fields[field]])),
    };
    for (const [field, list] of Object.entries(lists)) {
      if (list?.length !== numTokens) {
        throw new RangeError(
          `update: rows[${index}] must have ${numTokens} ${field} for objective ${name}, got ${list?.length ?? "none"}`,
        );
      }
      const found = list.findIndex((value) => !Number.isFinite(value));
      if (found < 0) continue;
      const position = positionOf(row, found);
      throw new NonFiniteError(
        `update: rows[${index}].${field}[${found}] (token at position ${position}) must be finite, got ${list[found]}`,
        index,
        position,
      );
    }
  });
}

/** Position in its row of a response token, counted over all spans. */
function positionOf({ spans }: TokenRow, index: number): number {
  let before = 0;
  for (const { start, length } of spans) {
    if (index < before + length) return start + index - before;
    before += length;
  }
  return -1;
}

/** Requires finite numbers from a microbatch, and finds the token that is to blame. */
function checkOutputs(packed: PackedRows, values: (name: string) => Float32Array): void {
  const perToken = {
    "log-prob": "newLogProbs",
    entropy: "entropies",
    "gradient of the loss by the log-prob": "objective/newLogProbs",
    "gradient of the loss by the entropy": "objective/entropies",
  };
  for (const [what, output] of Object.entries(perToken)) {
    const list = values(output);
    const found = list.findIndex((value) => !Number.isFinite(value));
    if (found < 0) continue;
    const row = Math.floor(packed.positions[found]! / packed.length);
    const position = (packed.positions[found]! % packed.length) + 1;
    throw new NonFiniteError(
      `update: ${what} of the token at position ${position} of rows[${packed.rows[row]!}] must be finite, got ${list[found]}`,
      packed.rows[row],
      position,
    );
  }
  const loss = values("objective/loss")[0]!;
  if (!Number.isFinite(loss)) {
    throw new NonFiniteError(
      `update: loss must be finite, got ${loss} while all token gradients are finite, in rows ${packed.rows.join(", ")}`,
    );
  }
}
