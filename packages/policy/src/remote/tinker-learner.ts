import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  NonFiniteError,
  type Learner,
  type LearnerCapabilities,
  type Objective,
  type ObjectiveField,
  type PolicyWeights,
  type ScoredRow,
  type TokenRow,
  type TrainingRow,
  type UpdateReport,
} from "@turnwise/core";
import { readJson, writeJson } from "../files/json-file.ts";
import { learningRateAt } from "../learning/learning-rate.ts";
import type { JsonAnswer } from "./json-answer.ts";
import { RemoteError } from "./remote-error.ts";
import type { TinkerClient } from "./tinker-client.ts";
import type { TinkerPolicyOptions } from "./tinker-options.ts";

/** File with references to weights that the server keeps. */
const stateFile = "tinker.json";

interface TensorData {
  readonly data: readonly number[];
  readonly dtype: "int64" | "float32";
  readonly shape: readonly [number];
}

const floats = (data: readonly number[]): TensorData => ({
  data,
  dtype: "float32",
  shape: [data.length],
});

/** True if the error means that the server does not have a route. */
function isMissingRoute(error: unknown): boolean {
  return error instanceof RemoteError && (error.status === 404 || error.status === 405);
}

/** Trains a model on a Tinker server. Operations must run one at a time. */
export class TinkerLearner implements Learner {
  readonly capabilities: LearnerCapabilities;
  readonly #client: TinkerClient;
  readonly #makeModel: () => Promise<string>;
  readonly #options: TinkerPolicyOptions & { readonly rowsPerRequest: number };
  #modelId: string;
  #version = 0;
  #numUpdates = 0;
  #lastSequence = 0;
  #hasForward = true;
  #published: { readonly version: number; readonly path: string } | undefined;

  private constructor(
    client: TinkerClient,
    makeModel: () => Promise<string>,
    options: TinkerPolicyOptions & { readonly rowsPerRequest: number },
    modelId: string,
  ) {
    this.#client = client;
    this.#makeModel = makeModel;
    this.#options = options;
    this.#modelId = modelId;
    this.capabilities = {
      entropies: "surprisal",
      customObjectives: true,
      maxSequenceTokens: options.maxSequenceTokens,
      weights: { transports: ["server-handle"], numAdapters: 1 },
    };
  }

  static async create(
    client: TinkerClient,
    makeModel: () => Promise<string>,
    options: TinkerPolicyOptions & { readonly rowsPerRequest: number },
  ): Promise<TinkerLearner> {
    return new TinkerLearner(client, makeModel, options, await makeModel());
  }

  get modelId(): string {
    return this.#modelId;
  }

  /** Returns the server's log-probs; entropies are replaced by surprisals. */
  async score(rows: readonly TokenRow[]): Promise<ScoredRow[]> {
    const logProbs = await this.#logProbs(rows);
    return rows.map(({ spans }, i) => {
      let at = 0;
      return {
        spans: spans.map(({ length }) => {
          const part = Float32Array.from(logProbs[i]!.slice(at, at + length));
          at += length;
          return { logProbs: part, entropies: part.map((logProb) => -logProb) };
        }),
      };
    });
  }

  /**
   * Evaluates the objective locally at the server's log-probs, and sends its gradient.
   * @throws `NonFiniteError` if a log-prob or a gradient is not finite; in that case nothing is
   *   sent. `RangeError` for an objective that depends on entropies or values, which the protocol
   *   does not support.
   */
  async update(rows: readonly TrainingRow[], objective: Objective): Promise<UpdateReport> {
    const trained = rows.filter(({ weights }) => weights.some((weight) => weight !== 0));
    const logProbs = await this.#logProbs(trained);
    const slopes = this.#slopes(trained, logProbs, objective);
    const scaled = this.#scaleSlopes(trained, slopes.byRow);
    await this.#forwardBackward(trained, logProbs, scaled);

    const { learningRate, beta1 = 0.9, beta2 = 0.95, epsilon = 1e-12 } = this.#options.optimizer;
    const { weightDecay = 0, maxGradientNorm } = this.#options.optimizer;
    const rate = learningRateAt(learningRate, this.#numUpdates);
    const answer = await this.#operate("/optim_step", {
      adam_params: {
        learning_rate: rate,
        beta1,
        beta2,
        eps: epsilon,
        ...(weightDecay !== 0 && { weight_decay: weightDecay }),
        ...(maxGradientNorm !== undefined && { grad_clip_norm: maxGradientNorm }),
      },
      type: "optim_step",
    });
    this.#numUpdates += 1;
    this.#version += 1;
    return {
      loss: slopes.loss,
      gradientNorm: readGradientNorm(answer),
      learningRate: rate,
      numTokens: trained.reduce(
        (sum, { weights }) => sum + weights.filter((weight) => weight !== 0).length,
        0,
      ),
      metrics: slopes.metrics,
    };
  }

  weights(): PolicyWeights {
    return { version: this.#version };
  }

  /** Stores the current weights on the server for sampling. @returns Their path on the server. */
  async publish(): Promise<string> {
    if (this.#published?.version === this.#version) return this.#published.path;
    const answer = await this.#operate("/save_weights_for_sampler", {
      path: `v${this.#version}-${this.#lastSequence + 1}`,
      type: "save_weights_for_sampler",
    });
    this.#published = { version: this.#version, path: answer.field("path").text() };
    return this.#published.path;
  }

  /** Stores weights and optimizer state on the server, and writes a reference to them. */
  async save(directory: string): Promise<void> {
    const answer = await this.#operate("/save_weights", {
      path: `u${this.#numUpdates}-${this.#lastSequence + 1}`,
      type: "save_weights",
    });
    await mkdir(directory, { recursive: true });
    await writeJson(join(directory, stateFile), {
      format: 1,
      baseModel: this.#options.baseModel,
      path: answer.field("path").text(),
      version: this.#version,
      numUpdates: this.#numUpdates,
    });
  }

  /**
   * Restores the state that {@link save} has stored, in a new model, because servers can load state
   * only into new models.
   */
  async restore(directory: string): Promise<void> {
    const file = join(directory, stateFile);
    const state = await readJson(file);
    const { path, version, numUpdates, baseModel } = state;
    if (baseModel !== this.#options.baseModel) {
      throw new Error(
        `${file}: baseModel must be ${this.#options.baseModel}, got ${String(baseModel)}`,
      );
    }
    if (typeof path !== "string")
      throw new Error(`${file}: path must be a string, got ${String(path)}`);
    for (const [name, value] of Object.entries({ version, numUpdates })) {
      if (!Number.isSafeInteger(value) || (value as number) < 0) {
        throw new Error(`${file}: ${name} must be a whole number >= 0, got ${String(value)}`);
      }
    }
    const former = { modelId: this.#modelId, lastSequence: this.#lastSequence };
    const modelId = await this.#makeModel();
    try {
      this.#modelId = modelId;
      this.#lastSequence = 0;
      await this.#operate("/load_weights", { path, optimizer: true, type: "load_weights" });
    } catch (error) {
      this.#modelId = former.modelId;
      this.#lastSequence = former.lastSequence;
      await this.#unload(modelId).catch(() => undefined);
      throw error;
    }
    this.#version = version as number;
    this.#numUpdates = numUpdates as number;
    this.#published = undefined;
    await this.#unload(former.modelId).catch(() => undefined);
  }

  /** Releases the model on the server. */
  async unload(): Promise<void> {
    await this.#unload(this.#modelId);
  }

  async #unload(modelId: string): Promise<void> {
    const answer = await this.#client.ask("/unload_model", {
      model_id: modelId,
      type: "unload_model",
    });
    await this.#client.result("/unload_model", answer.field("request_id"));
  }

  /**
   * Runs an operation on the model. Its sequence number ensures that a repeated request counts only
   * once.
   */
  async #operate(path: string, body: Readonly<Record<string, unknown>>): Promise<JsonAnswer> {
    this.#lastSequence += 1;
    return this.#client.operate(path, {
      model_id: this.#modelId,
      seq_id: this.#lastSequence,
      ...body,
    });
  }

  /** Log-probs of the response tokens of each row, one span after the other. */
  async #logProbs(rows: readonly TokenRow[]): Promise<number[][]> {
    const found: number[][] = [];
    for (const part of this.#parts(rows)) {
      const data = part.map((row) => toDatum(row));
      const answers = this.#hasForward
        ? await this.#forward(data).catch((error: unknown) => {
            if (!isMissingRoute(error)) throw error;
            this.#hasForward = false;
            return undefined;
          })
        : undefined;
      found.push(...(answers ?? (await this.#forwardByTraining(data))));
    }
    return found.map((logProbs, i) => selectResponseEntries(rows[i]!, logProbs));
  }

  async #forward(data: readonly unknown[]): Promise<number[][]> {
    const answer = await this.#operate("/forward", {
      forward_input: { data, loss_fn: "cross_entropy" },
      type: "forward",
    });
    return readLogProbs(answer, data.length);
  }

  /** Fallback for servers without a forward pass: a training pass whose gradient is zero. */
  async #forwardByTraining(data: readonly ReturnType<typeof toDatum>[]): Promise<number[][]> {
    const answer = await this.#operate("/forward_backward", {
      forward_backward_input: {
        data: data.map((entry) => {
          const zeros = floats(entry.loss_fn_inputs.target_tokens.data.map(() => 0));
          return {
            ...entry,
            loss_fn_inputs: { ...entry.loss_fn_inputs, logprobs: zeros, advantages: zeros },
          };
        }),
        loss_fn: "importance_sampling",
      },
      type: "forward_backward",
    });
    return readLogProbs(answer, data.length);
  }

  async #forwardBackward(
    rows: readonly TrainingRow[],
    logProbs: readonly (readonly number[])[],
    advantages: readonly (readonly number[])[],
  ): Promise<void> {
    let first = 0;
    for (const part of this.#parts(rows)) {
      const data = part.map((row, i) => {
        const plain = toDatum(row);
        const length = row.tokens.length - 1;
        return {
          ...plain,
          loss_fn_inputs: {
            ...plain.loss_fn_inputs,
            logprobs: floats(spread(row, logProbs[first + i]!, length)),
            advantages: floats(spread(row, advantages[first + i]!, length)),
          },
        };
      });
      first += part.length;
      await this.#operate("/forward_backward", {
        forward_backward_input: { data, loss_fn: "importance_sampling" },
        type: "forward_backward",
      });
    }
  }

  #parts<Row>(rows: readonly Row[]): Row[][] {
    const { rowsPerRequest } = this.#options;
    const parts: Row[][] = [];
    for (let at = 0; at < rows.length; at += rowsPerRequest) {
      parts.push(rows.slice(at, at + rowsPerRequest));
    }
    return parts;
  }

  /**
   * Evaluates the objective and its gradient over all rows at once, because it may couple tokens of
   * different rows.
   */
  #slopes(
    rows: readonly TrainingRow[],
    logProbs: readonly (readonly number[])[],
    objective: Objective,
  ): {
    readonly loss: number;
    readonly metrics: Readonly<Record<string, number>>;
    readonly byRow: readonly (readonly number[])[];
  } {
    if (objective.needs.includes("values")) {
      throw new RangeError(
        `update: objective must not depend on values, which the Tinker protocol does not support, got ${objective.name}`,
      );
    }
    const newLogProbs = Float64Array.from(logProbs.flat());
    for (const [i, row] of rows.entries()) {
      const bad = logProbs[i]!.findIndex((logProb) => !Number.isFinite(logProb));
      if (bad !== -1)
        throw new NonFiniteError("update: log-prob must be finite", i, findPosition(row, bad));
    }
    const ids = new Int32Array(newLogProbs.length);
    let at = 0;
    let response = 0;
    for (const { spans } of rows) {
      for (const { length } of spans) {
        ids.fill(response, at, at + length);
        at += length;
        response += 1;
      }
    }
    const fields: Partial<Record<ObjectiveField, Float64Array>> = {};
    for (const name of objective.needs) {
      const parts = rows.map((row) => row.fields[name]);
      if (parts.every((part) => part !== undefined)) {
        fields[name] = Float64Array.from(parts.flatMap((part) => [...part]));
      }
    }
    let slopes: ReturnType<TinkerPolicyOptions["linearize"]>;
    try {
      slopes = this.#options.linearize(objective, {
        newLogProbs,
        entropies: newLogProbs.map((logProb) => -logProb),
        weights: Float64Array.from(rows.flatMap(({ weights }) => [...weights])),
        responses: { ids, count: response },
        fields,
      });
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw new NonFiniteError(`update: ${cause.message}`);
    }
    if (slopes.entropies.some((slope) => slope !== 0)) {
      throw new RangeError(
        `update: objective must not depend on entropies, which the Tinker protocol does not support, got ${objective.name}`,
      );
    }
    let start = 0;
    const byRow = rows.map((_, i) => {
      const { length } = logProbs[i]!;
      const part = Array.from(slopes.newLogProbs.slice(start, start + length));
      start += length;
      return part;
    });
    return { loss: slopes.loss, metrics: slopes.metrics, byRow };
  }

  /**
   * Converts gradients to the advantages whose loss at a ratio of 1 has these gradients, given the
   * server's normalization.
   */
  #scaleSlopes(
    rows: readonly TokenRow[],
    slopes: readonly (readonly number[])[],
  ): (readonly number[])[] {
    return rows.map(({ tokens }, i) => {
      const factor =
        this.#options.lossScale === "sequence-mean" ? (tokens.length - 1) * rows.length : 1;
      return slopes[i]!.map((slope) => -slope * factor || 0);
    });
  }
}

/** Converts a row to the form of the protocol: input tokens, and the target that follows each. */
function toDatum({ tokens }: TokenRow): {
  readonly model_input: unknown;
  readonly loss_fn_inputs: { readonly target_tokens: TensorData };
} {
  const targets = tokens.slice(1);
  return {
    model_input: { chunks: [{ type: "encoded_text", tokens: tokens.slice(0, -1) }] },
    loss_fn_inputs: {
      target_tokens: { data: targets, dtype: "int64", shape: [targets.length] },
    },
  };
}

/** Places the entries of response tokens at their targets; all other targets get 0. */
function spread({ spans }: TokenRow, entries: readonly number[], length: number): number[] {
  const whole = Array.from({ length }, () => 0);
  let at = 0;
  for (const { start, length: count } of spans) {
    for (let i = 0; i < count; i++) whole[start - 1 + i] = entries[at++]!;
  }
  return whole;
}

/** Selects the entries of response tokens from a list over all targets. */
function selectResponseEntries({ spans }: TokenRow, entries: readonly number[]): number[] {
  return spans.flatMap(({ start, length }) => entries.slice(start - 1, start - 1 + length));
}

/** Position of a response token in its row. */
function findPosition({ spans }: TokenRow, index: number): number | undefined {
  let at = index;
  for (const { start, length } of spans) {
    if (at < length) return start + at;
    at -= length;
  }
  return undefined;
}

/** Log-probs of all targets, `[row][target]`. */
function readLogProbs(answer: JsonAnswer, numRows: number): number[][] {
  const listed = answer.field("loss_fn_outputs");
  const entries = listed.entries();
  if (entries.length !== numRows) throw listed.ruleError(`have ${numRows} entries`);
  return entries.map((entry) =>
    entry
      .field("logprobs")
      .field("data")
      .entries()
      .map((logProb) => logProb.logProb()),
  );
}

/** Reads the gradient norm under any of its names; NaN if the server does not report it. */
function readGradientNorm(answer: JsonAnswer): number {
  const metrics = answer.field("metrics");
  if (metrics.isAbsent) return Number.NaN;
  const name = metrics.names().find((key) => /grad(?:ient)?_?norm/iu.test(key));
  return name === undefined ? Number.NaN : metrics.field(name).number();
}
