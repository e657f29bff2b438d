import type { Executable, Executor, Feed, Feeds, Program } from "@turnwise/graph";
import type { ModelConfig } from "../model-config.ts";
import { parameterTable, type Parameters } from "../parameters.ts";
import type { AttentionCache, AttentionJob } from "./attention-cache.ts";
import { freezeInputs } from "./freeze-inputs.ts";
import { samplingPrograms } from "./sampling-programs.ts";

/** New tokens of one sequence. */
export interface StepJob extends AttentionJob {
  /** `numQueries` token ids, for the positions behind those that are filled. */
  readonly tokens: readonly number[];
}

/** What a runner has done, and how long its parts took. */
export interface RunnerTimings {
  numSteps: number;
  /** New tokens of all steps. */
  numTokens: number;
  /** In the executor's programs. */
  programMilliseconds: number;
  /** In attention, with the writing of the cache. */
  attentionMilliseconds: number;
}

/** Computes steps over cached sequences under fixed weights, in the thread that calls it. */
export class ModelRunner {
  readonly #config: ModelConfig;
  readonly #executables: readonly Executable[];
  readonly #rotary: Feeds;
  readonly timings: RunnerTimings = {
    numSteps: 0,
    numTokens: 0,
    programMilliseconds: 0,
    attentionMilliseconds: 0,
  };

  private constructor(config: ModelConfig, executables: readonly Executable[], rotary: Feeds) {
    this.#config = config;
    this.#executables = executables;
    this.#rotary = rotary;
  }

  /**
   * Compiles a model with its weights built in; they are copied.
   * @param rotary - See `rotaryFeeds`.
   */
  static async create(
    config: ModelConfig,
    parameters: Parameters,
    executor: Executor,
    rotary: Feeds,
  ): Promise<ModelRunner> {
    const known: Record<string, Feed> = {};
    for (const { name, shape } of parameterTable(config)) {
      known[name] = { data: parameters.get(name)!, shape };
    }
    const { first, middle, last } = samplingPrograms(config);
    const programs: readonly Program[] = [first, ...middle, last];
    const executables: Executable[] = [];
    for (const program of programs) {
      executables.push(await executor.compile(freezeInputs(program, known)));
    }
    return new ModelRunner(config, executables, rotary);
  }

  /**
   * Reads new tokens of some sequences, into the cache.
   * @returns The logits behind the last token of each job, `[job, vocabularySize]`.
   */
  async step(cache: AttentionCache, jobs: readonly StepJob[]): Promise<Float32Array> {
    const { numLayers, vocabularySize } = this.#config;
    const numTokens = jobs.reduce((total, { numQueries }) => total + numQueries, 0);
    // A product with one row takes a path of its own in ONNX Runtime, with other rounding: a step of
    // one token gets a second row, which goes nowhere.
    const n = Math.max(2, numTokens);
    const tokens = new Int32Array(n);
    const positions = new Int32Array(n);
    const rows = new Int32Array(Math.max(2, jobs.length));
    let at = 0;
    jobs.forEach(({ sequence, tokens: newTokens }, job) => {
      newTokens.forEach((token, i) => {
        tokens[at] = token;
        positions[at++] = sequence.length + i;
      });
      rows[job] = at - 1;
    });
    cache.begin(jobs);
    const positionFeed = { data: positions, shape: [n, 1] };
    const { timings } = this;
    const begin = performance.now();
    let attentionMilliseconds = 0;
    let outputs = await this.#executables[0]!.run({
      ...this.#rotary,
      tokens: { data: tokens, shape: [n, 1] },
      positions: positionFeed,
    });
    for (let layer = 0; layer < numLayers; layer++) {
      const { query, key, value, x } = outputs;
      const isLast = layer === numLayers - 1;
      const beginAttention = performance.now();
      const attended = cache.attend(layer, query!.data, key!.data, value!.data, isLast);
      attentionMilliseconds += performance.now() - beginAttention;
      const numRows = isLast ? rows.length : n;
      const width = attended.length / numRows;
      outputs = await this.#executables[layer + 1]!.run({
        x: x!,
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
    timings.numSteps++;
    timings.numTokens += numTokens;
    timings.attentionMilliseconds += attentionMilliseconds;
    timings.programMilliseconds += performance.now() - begin - attentionMilliseconds;
    return outputs["logits"]!.data.subarray(0, jobs.length * vocabularySize);
  }

  /** Gives back the compiled programs. */
  async close(): Promise<void> {
    for (const executable of this.#executables) await executable.release();
  }
}
