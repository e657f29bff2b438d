import type {
  Executable,
  Executor,
  Feed,
  Feeds,
  FileFeed,
  FrozenFeeds,
  Output,
  Program,
  SpareArrays,
} from "@turnwise/graph";
import type { ModelConfig } from "../../model/model-config.ts";
import { countElements } from "../../model/shape/parameters.ts";
import type { ParameterLayout } from "../../model/parameter-layout.ts";
import type { AttentionCache } from "./attention-cache.ts";
import {
  zeroTimings,
  type ReadWeights,
  type RunnerTimings,
  type StepJob,
} from "../runner/runner.ts";
import {
  traceEmbedding,
  traceSampling,
  type HeadPart,
  type SamplingProgramOptions,
} from "./sampling-programs.ts";

/** Logits of a step, in one array per part of the head. */
export class StepLogits {
  readonly #parts: readonly { readonly data: Float32Array; readonly numTokens: number }[];
  readonly #row: Float32Array;

  /** @param row - Buffer for the logits of one row, used if there are several parts. */
  constructor(
    parts: readonly { readonly data: Float32Array; readonly numTokens: number }[],
    row: Float32Array,
  ) {
    this.#parts = parts;
    this.#row = row;
  }

  /**
   * Returns the logits of one row, `[vocabularySize]`, valid until the next call; the caller may
   * overwrite them.
   */
  row(row: number): Float32Array {
    const only = this.#parts[0]!;
    if (this.#parts.length === 1) {
      return only.data.subarray(row * only.numTokens, (row + 1) * only.numTokens);
    }
    let at = 0;
    for (const { data, numTokens } of this.#parts) {
      this.#row.set(data.subarray(row * numTokens, (row + 1) * numTokens), at);
      at += numTokens;
    }
    return this.#row;
  }
}

/** Compiled programs of a model. */
interface CompiledModel {
  /**
   * Programs in order: before the first layer's attention, between two layers, and after the last.
   */
  readonly layers: readonly Executable[];
  readonly head: readonly (HeadPart & { readonly executable: Executable })[];
  /** Embedding table `[vocabularySize, hiddenSize]`, or a program that looks up its rows. */
  readonly embedding: Float32Array | Executable<"x">;
}

const embeddingName = "model.embed_tokens.weight";

/** Computes steps of cached sequences under fixed weights, in the calling thread. */
export class ModelRunner {
  readonly #config: ModelConfig;
  readonly #model: CompiledModel;
  readonly #rotary: Feeds;
  readonly #row: Float32Array;
  /**
   * Output buffers to reuse for this number of rows. Programs between layers alternate between two
   * sets, because each reads the previous layer's output.
   */
  #spare: { readonly rows: string; readonly arrays: SpareArrays[] } = { rows: "", arrays: [] };
  readonly timings: RunnerTimings = zeroTimings();

  private constructor(config: ModelConfig, model: CompiledModel, rotary: Feeds) {
    this.#config = config;
    this.#model = model;
    this.#rotary = rotary;
    this.#row = new Float32Array(model.head.length > 0 ? config.vocabularySize : 0);
  }

  /**
   * Compiles a model with built-in weights, one program at a time, so that at most about one layer
   * is in memory twice.
   * @param rotary - See `rotaryFeeds`.
   * @param options - See `traceSampling`.
   */
  static async create(
    layout: ParameterLayout,
    read: ReadWeights,
    executor: Executor,
    rotary: Feeds,
    options: SamplingProgramOptions = {},
  ): Promise<ModelRunner> {
    const { config, shapes } = layout;
    const embedding = await read(embeddingName);
    const spare: Float32Array[] = [];
    const feedOf = async (name: string): Promise<Feed | FileFeed> => {
      const shape = shapes.get(name)!;
      if (name === embeddingName) return asFeed(embedding, shape);
      const found = spare.findIndex(({ length }) => length === countElements(shape));
      const into = found < 0 ? undefined : spare.splice(found, 1)[0];
      return asFeed(await read(name, into), shape);
    };
    const programs = traceSampling(layout, options);
    const compiled: Executable[] = [];
    const compile = async <Name extends string>(
      program: Program<Name>,
      weights: FrozenFeeds,
    ): Promise<Executable<Name>> => {
      const executable = await executor.compile(program, {
        frozen: weights,
        keepsFrozen: false,
        keepsMemory: false,
      });
      compiled.push(executable);
      return executable;
    };
    try {
      const layers: Executable[] = [];
      for (const program of [programs.first, ...programs.middle, programs.last]) {
        const names = Object.keys(program.inputs).filter((name) => shapes.has(name));
        const weights: Record<string, Feed | FileFeed> = {};
        for (const name of names) weights[name] = await feedOf(name);
        layers.push(await compile(program, weights));
        for (const feed of Object.values(weights)) {
          if (!("data" in feed) || feed.data === embedding) continue;
          if (feed.data instanceof Float32Array) spare.push(feed.data);
        }
      }
      const headName = config.tiedEmbeddings ? embeddingName : "lm_head.weight";
      const isWhole = programs.head.length === 0;
      const headWeights = isWhole ? undefined : await feedOf(headName);
      const head: (HeadPart & { readonly executable: Executable })[] = [];
      for (const part of programs.head) {
        const weight = selectRows(headWeights!, part.firstToken, part.numTokens);
        head.push({ ...part, executable: await compile(part.program, { weight }) });
      }
      const rows =
        "file" in embedding
          ? await compile(traceEmbedding(config), { table: embedding })
          : embedding;
      return new ModelRunner(config, { layers, head, embedding: rows }, rotary);
    } catch (error) {
      for (const executable of compiled) await executable.release();
      throw error;
    }
  }

  /**
   * Computes new tokens of some sequences, and stores their keys and values.
   * @param logits - Tokens whose logits are needed: the last token of each job (default), or all
   *   tokens.
   */
  async step(
    cache: AttentionCache,
    jobs: readonly StepJob[],
    { logits = "last" }: { readonly logits?: "last" | "all" } = {},
  ): Promise<StepLogits> {
    const { numLayers, hiddenSize } = this.#config;
    const numTokens = jobs.reduce((total, { numQueries }) => total + numQueries, 0);
    // ONNX Runtime rounds differently when it multiplies a single row, so a step of one token gets
    // a second, unused row.
    const n = Math.max(2, numTokens);
    const lastOnly = logits === "last";
    const ids = new Int32Array(n);
    const positions = new Int32Array(n);
    const rows = new Int32Array(lastOnly ? Math.max(2, jobs.length) : n);
    let at = 0;
    jobs.forEach(({ sequence, tokens: newTokens }, job) => {
      newTokens.forEach((token, i) => {
        ids[at] = token;
        positions[at] = sequence.length + i;
        if (!lastOnly) rows[at] = at;
        at++;
      });
      if (lastOnly) rows[job] = at - 1;
    });
    cache.begin(jobs);
    const numWanted = `${n} ${rows.length}`;
    if (this.#spare.rows !== numWanted) this.#spare = { rows: numWanted, arrays: [] };
    const positionFeed = { data: positions, shape: [n, 1] };
    const { timings } = this;
    const begin = performance.now();
    let attentionMilliseconds = 0;
    let x: Feed = { data: await this.#embed(ids), shape: [n, 1, hiddenSize] };
    let outputs = await this.#run(0, { ...this.#rotary, x, positions: positionFeed });
    for (let layer = 0; layer < numLayers; layer++) {
      const { query, key, value } = outputs;
      x = outputs["x"] ?? x;
      const isLast = layer === numLayers - 1;
      const beginAttention = performance.now();
      const isShort = isLast && lastOnly;
      const attended = cache.attend(layer, query!.data, key!.data, value!.data, isShort);
      attentionMilliseconds += performance.now() - beginAttention;
      const numRows = isLast ? rows.length : n;
      const width = attended.length / numRows;
      outputs = await this.#run(layer + 1, {
        x,
        ...(isLast
          ? {
              rows: { data: rows, shape: [numRows] },
              attended: { data: attended, shape: [numRows, width] },
            }
          : {
              ...this.#rotary,
              positions: positionFeed,
              attended: { data: attended, shape: [n, 1, width] },
            }),
      });
    }
    cache.commit();
    const beginHead = performance.now();
    const result = await this.#logits(outputs);
    const end = performance.now();
    timings.numSteps++;
    timings.numTokens += numTokens;
    timings.headMilliseconds += end - beginHead;
    timings.attentionMilliseconds += attentionMilliseconds;
    timings.programMilliseconds += end - begin - attentionMilliseconds;
    return result;
  }

  /** Runs the program of a layer, or of one part of the head. */
  async #run(program: number, feeds: Feeds): Promise<Record<string, Output>> {
    const { layers, head } = this.#model;
    const executable = layers[program] ?? head[program - layers.length]!.executable;
    const { arrays } = this.#spare;
    const place = program < layers.length - 1 ? program % 2 : program;
    const outputs = await executable.run(feeds, arrays[place]);
    const filled = Object.entries(outputs).map(([name, { data }]) => [name, data] as const);
    arrays[place] = { ...arrays[place], ...Object.fromEntries(filled) };
    return outputs;
  }

  async #embed(ids: Int32Array): Promise<Float32Array> {
    const { embedding } = this.#model;
    if (!(embedding instanceof Float32Array)) {
      return (await embedding.run({ ids: { data: ids, shape: [ids.length] } })).x.data;
    }
    const { hiddenSize } = this.#config;
    const embedded = new Float32Array(ids.length * hiddenSize);
    ids.forEach((id, i) => {
      const row = embedding.subarray(id * hiddenSize, (id + 1) * hiddenSize);
      embedded.set(row, i * hiddenSize);
    });
    return embedded;
  }

  async #logits(outputs: Record<string, Output>): Promise<StepLogits> {
    const { logits, hidden } = outputs;
    if (logits) {
      const { vocabularySize } = this.#config;
      return new StepLogits([{ data: logits.data, numTokens: vocabularySize }], this.#row);
    }
    const { layers, head } = this.#model;
    const parts = [];
    for (const [i, { numTokens }] of head.entries()) {
      const part = await this.#run(layers.length + i, { hidden: hidden! });
      parts.push({ data: part["logits"]!.data, numTokens });
    }
    return new StepLogits(parts, this.#row);
  }

  /** Releases the compiled programs. */
  async close(): Promise<void> {
    const { layers, head, embedding } = this.#model;
    for (const executable of layers) await executable.release();
    for (const { executable } of head) await executable.release();
    if (!(embedding instanceof Float32Array)) await embedding.release();
  }
}

const asFeed = (value: Float32Array | FileFeed, shape: readonly number[]): Feed | FileFeed =>
  "file" in value ? value : { data: value, shape };

/** Selects rows of a matrix, without a copy. */
function selectRows(matrix: Feed | FileFeed, first: number, numRows: number): Feed | FileFeed {
  const width = matrix.shape[1]!;
  const shape = [numRows, width];
  if ("data" in matrix) {
    return { data: matrix.data.subarray(first * width, (first + numRows) * width), shape };
  }
  const offset = matrix.offset + first * width * (matrix.type === "F32" ? 4 : 2);
  return { ...matrix, offset, shape };
}
