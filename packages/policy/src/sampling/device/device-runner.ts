import { NonFiniteError } from "@turnwise/core";
import {
  readFrozen,
  type Executable,
  type Executor,
  type Feed,
  type FileFeed,
  type Output,
  type ResidentTensor,
  type RunFeeds,
} from "@turnwise/graph";
import type { ModelConfig } from "../../model/model-config.ts";
import { countEntries, type ParameterLayout } from "../../model/parameter-layout.ts";
import { countElements } from "../../model/shape/parameters.ts";
import { DeviceCache } from "./device-cache.ts";
import { tableNames, traceStep, type StepResult } from "./device-programs.ts";
import { drawToken, isFiltered, type DrawnToken, type DrawOptions } from "../runner/draw-token.ts";
import { pagePositions, type PageTable } from "../runner/page-table.ts";
import {
  zeroTimings,
  type DrawJob,
  type SharedWeights,
  type ReadWeights,
  type Runner,
  type RunnerOptions,
  type RunnerTimings,
  type RunnerWeights,
  type ScoreJob,
  type StepDraws,
  type StepJob,
  type StepScores,
} from "../runner/runner.ts";
import { roundUpSize } from "./round-up-size.ts";
import { planRuns, type PlannedJob, type RunLimits, type StepRun } from "./plan-runs.ts";
import { drawColumns, greedyScale, largestUniform } from "./trace-draw.ts";
import { rotaryFeeds } from "../../model/transformer.ts";

/** Maximum number of logits in one run, 256 MB; drawing needs a few times as much memory. */
const maxLogits = 2 ** 26;
/** Maximum number of attention scores in one layer, 512 MB. */
const maxScores = 2 ** 27;
/** Maximum number of key entries that are gathered for one layer of a run, 512 MB. */
const maxGathered = 2 ** 27;
/** Number of padding pages that is always acceptable, whatever the size of the model. */
const minPadding = 64;

/** Weights as inputs of programs, and a function that releases them. */
interface LoadedWeights {
  readonly feeds: Readonly<Record<string, ResidentTensor>>;
  readonly release: () => void;
}

/** Job with its selected outputs and the kind of result. */
interface RunJob extends StepJob, PlannedJob {
  /** Options of the draw at the end of the job. */
  readonly draw?: DrawJob["draw"];
  readonly targets?: ScoreJob["targets"];
}

/** Row of a run's result `[row, width]`: `width` entries that start at `at`. */
interface ResultRow {
  readonly data: Float32Array;
  readonly at: number;
}

/**
 * {@link Runner} that keeps weights, keys, values and logits on the device. A step is one program,
 * which reads a few integers per sequence and returns four numbers per drawn token. Only tokens
 * with `topK` or `topP` are drawn from logits on the host.
 */
export class DeviceRunner implements Runner {
  readonly #config: ModelConfig;
  readonly #executor: Executor;
  readonly #cache: DeviceCache;
  readonly #limits: RunLimits;
  readonly #programs = new Map<string, Promise<Executable<string, string>>>();
  readonly #arrays = new Map<string, Int32Array | Float32Array>();
  readonly maxScoredTokens: number;
  #weights: LoadedWeights | undefined;
  /** Layout for which the programs were traced. */
  #layout: ParameterLayout;
  #timings: RunnerTimings | undefined;
  /** False if pages may not contain the values of their sequences. */
  #isIntact = true;

  constructor({ layout, executor, stepTokens, cacheBytes }: RunnerOptions) {
    const { config } = layout;
    const { numHeads, numKeyValueHeads, headSize, vocabularySize } = config;
    this.#config = config;
    this.#layout = layout;
    this.#executor = executor;
    // Padding is less than a quarter of the tokens of a step.
    const numSparePages = Math.ceil(roundUpSize(stepTokens) / 4 / pagePositions);
    this.#cache = new DeviceCache({ config, executor, maxBytes: cacheBytes, numSparePages });
    this.maxScoredTokens = Math.max(1, Math.floor(maxLogits / vocabularySize));
    const numWeights = countEntries(layout.model);
    // Cost of padding: a padded page is read, written and read again.
    const padding = (numWeights * Float32Array.BYTES_PER_ELEMENT) / (3 * this.pages.pageBytes);
    this.#limits = {
      maxContextPages: maxGathered / (numKeyValueHeads * pagePositions * headSize),
      maxQueryPages: maxScores / (numHeads * pagePositions),
      maxOutputs: this.maxScoredTokens,
      maxPadding: Math.max(minPadding, padding),
    };
  }

  get pages(): PageTable {
    return this.#cache.pages;
  }

  get timings(): RunnerTimings | undefined {
    return this.#timings;
  }

  async load(weights: RunnerWeights): Promise<void> {
    this.#forget();
    const { layout } = weights;
    const isSame =
      JSON.stringify(this.#layout.adapter?.config) === JSON.stringify(layout.adapter?.config);
    if (!isSame) await this.#releasePrograms();
    this.#layout = layout;
    this.#weights =
      "read" in weights
        ? await this.#upload(weights.read, layout)
        : await this.#shareWeights(weights.shared, layout);
    this.#timings = zeroTimings();
  }

  #forget(): void {
    this.#weights?.release();
    this.#weights = undefined;
    this.#timings = undefined;
    this.#cache.clear();
    this.#isIntact = true;
  }

  async #uploadRotary(): Promise<Record<string, ResidentTensor>> {
    const feeds: Record<string, ResidentTensor> = {};
    for (const [name, feed] of Object.entries(rotaryFeeds(this.#config))) {
      feeds[name] = await this.#executor.upload(feed);
    }
    return feeds;
  }

  async #upload(read: ReadWeights, { shapes }: ParameterLayout): Promise<LoadedWeights> {
    const feeds: Record<string, ResidentTensor> = {};
    const release = (): void => {
      for (const tensor of Object.values(feeds)) tensor.dispose();
    };
    try {
      const spare = new Map<number, Float32Array>();
      for (const [name, shape] of shapes) {
        const data = await readEntries(await read(name, spare.get(countElements(shape))));
        feeds[name] = await this.#executor.upload({ data, shape });
        spare.set(data.length, data);
      }
      Object.assign(feeds, await this.#uploadRotary());
    } catch (error) {
      release();
      throw error;
    }
    return { feeds, release };
  }

  async #shareWeights(shared: SharedWeights, { shapes }: ParameterLayout): Promise<LoadedWeights> {
    const rotary = await this.#uploadRotary();
    const release = (): void => {
      shared.release();
      for (const tensor of Object.values(rotary)) tensor.dispose();
    };
    const feeds: Record<string, ResidentTensor> = { ...rotary };
    for (const name of shapes.keys()) {
      const tensor = shared.get(name);
      if (!tensor) {
        release();
        throw new RangeError(
          `load: weights must contain all parameters, got no tensor for ${name}`,
        );
      }
      feeds[name] = tensor;
    }
    return { feeds, release };
  }

  async step(jobs: readonly DrawJob[]): Promise<StepDraws> {
    const planned = jobs.map((job): RunJob => {
      const { draw, sequence } = job;
      const result = draw ? chooseResult(draw.options) : "draws";
      return { ...job, start: sequence.length, result, outputs: draw ? "last" : "none" };
    });
    const rows: (ResultRow | undefined)[] = Array.from({ length: jobs.length });
    await this.#compute(planned, (job, _, row) => (rows[job] = row));
    return (job) => {
      const draw = jobs[job]!.draw!;
      try {
        return planned[job]!.result === "logits"
          ? this.#drawOnHost(rows[job]!, draw)
          : readDraw(rows[job]!, draw.options);
      } catch (error) {
        // The keys and values of this sequence may be non-finite, and the next owner of its pages
        // reads them in full.
        this.#isIntact = false;
        throw error;
      }
    };
  }

  #drawOnHost(
    { data, at }: ResultRow,
    { options, random }: NonNullable<DrawJob["draw"]>,
  ): DrawnToken {
    return drawToken(data.subarray(at, at + this.#config.vocabularySize), options, random);
  }

  async score(jobs: readonly ScoreJob[]): Promise<StepScores> {
    const starts: number[] = [];
    let count = 0;
    const planned = jobs.map((job): RunJob => {
      starts.push(count);
      count += job.numQueries;
      return { ...job, start: job.sequence.length, result: "scores", outputs: "all" };
    });
    const logProbs = new Float64Array(count).fill(Number.NaN);
    const entropies = new Float64Array(count);
    await this.#compute(planned, (job, token, { data, at }) => {
      const position = starts[job]! + token;
      if (jobs[job]!.targets[token] !== undefined) logProbs[position] = Math.min(0, data[at]!);
      entropies[position] = Math.max(0, data[at + 1]!);
      if (!Number.isFinite(data[at + 1]!)) this.#isIntact = false;
    });
    return { logProbs, entropies };
  }

  recover(): boolean {
    const isIntact = this.#isIntact;
    if (!isIntact) this.#cache.clear();
    this.#isIntact = true;
    return isIntact;
  }

  async close(): Promise<void> {
    this.#forget();
    await this.#cache.close();
    await this.#releasePrograms();
  }

  async #releasePrograms(): Promise<void> {
    for (const program of this.#programs.values()) await (await program).release();
    this.#programs.clear();
  }

  /**
   * Computes all runs of a step, and calls a function with each result row, its job and its token.
   */
  async #compute(
    jobs: readonly RunJob[],
    listen: (job: number, token: number, row: ResultRow) => void,
  ): Promise<void> {
    const weights = this.#weights;
    const timings = this.#timings;
    if (!weights || !timings) throw new Error("sample: load() must be called before sampling");
    const begin = performance.now();
    let [programMilliseconds, compileMilliseconds] = [0, 0];
    for (const { sequence, numQueries } of jobs) {
      this.pages.mustExtend("DeviceRunner", sequence, numQueries);
      timings.numTokens += numQueries;
    }
    const pagesOf = (numPositions: number): number => this.pages.pagesOf(numPositions);
    // Copy the page lists now: a released sequence loses its pages, but this step still reads them.
    const pageLists = jobs.map(({ sequence }) =>
      sequence.pages.map((page) => this.#cache.tablePage(page)),
    );
    for (const run of planRuns(jobs, pagesOf, this.#limits)) {
      const feeds = this.#feedsOf(run, jobs, pageLists);
      const beginCompile = performance.now();
      const executable = await this.#program(run.isTiled, run.result);
      const beginProgram = performance.now();
      compileMilliseconds += beginProgram - beginCompile;
      // The run consumes the cache, so it is not valid until the run has returned it.
      this.#isIntact = false;
      const tables = await this.#cache.take();
      const outputs = await executable.run({ ...weights.feeds, ...tables, ...feeds });
      this.#cache.put(outputs);
      this.#isIntact = true;
      programMilliseconds += performance.now() - beginProgram;
      // Sound because all other outputs are resident.
      const given = (outputs["drawn"] ?? outputs["logits"] ?? outputs["scores"]) as Output;
      const width = given.shape[1]!;
      let row = 0;
      for (const { job, start, count, numOutputs } of run.pieces) {
        for (let token = start + count - numOutputs; token < start + count; token++, row++) {
          listen(job, token, { data: given.data, at: row * width });
        }
      }
    }
    for (const { sequence, start, numQueries } of jobs) {
      this.pages.commit(sequence, start, numQueries);
    }
    timings.numSteps++;
    timings.programMilliseconds += programMilliseconds;
    const rest = performance.now() - begin - programMilliseconds - compileMilliseconds;
    timings.preparationMilliseconds += rest;
  }

  #program(isTiled: boolean, result: StepResult): Promise<Executable<string, string>> {
    const key = `${result} ${isTiled}`;
    let program = this.#programs.get(key);
    if (!program) {
      const tables = tableNames(this.#config);
      const traced = traceStep(this.#layout, { isTiled, result });
      const options = { resident: tables, consumed: tables };
      program = this.#executor.compile<string, string>(traced, options);
      this.#programs.set(key, program);
    }
    return program;
  }

  #ints(name: string, length: number): Int32Array {
    const known = this.#arrays.get(`${name} ${length}`);
    if (known instanceof Int32Array) return known.fill(0);
    const array = new Int32Array(length);
    this.#arrays.set(`${name} ${length}`, array);
    return array;
  }

  #floats(name: string, length: number): Float32Array {
    const known = this.#arrays.get(`${name} ${length}`);
    if (known instanceof Float32Array) return known.fill(0);
    const array = new Float32Array(length);
    this.#arrays.set(`${name} ${length}`, array);
    return array;
  }

  /** Inputs of a run except weights and tables, padded to a few different sizes. */
  #feedsOf(
    run: StepRun,
    jobs: readonly RunJob[],
    pageLists: readonly (readonly number[])[],
  ): RunFeeds {
    const { pieces, isTiled } = run;
    const { pageRows } = this.#cache;
    const numTokens = pieces.reduce((sum, { count }) => sum + count, 0);
    const n = roundUpSize(numTokens);
    const r = isTiled ? roundUpSize(pieces.length) : n;
    const p = roundUpSize(pieces.at(-1)!.numPages);
    const t = roundUpSize(pieces.reduce((most, { count }) => Math.max(most, count), 1));
    const [tokens, positions] = [this.#ints("tokens", n), this.#ints("positions", n)];
    const [slots, pages] = [this.#ints("slots", n), this.#ints("pages", r * p)];
    const tiles = isTiled ? this.#ints("tiles", r * t) : undefined;
    const queryIndices = isTiled ? this.#ints("queryIndices", n) : undefined;
    let at = 0;
    pieces.forEach(({ job, start, count, numPages }, row) => {
      const { sequence: _, tokens: newTokens, start: filled } = jobs[job]!;
      const own = pageLists[job]!;
      for (let page = 0; page < numPages; page++) pages[row * p + page] = own[page]!;
      for (let i = 0; i < count; i++, at++) {
        const position = filled + start + i;
        tokens[at] = newTokens[start + i]!;
        positions[at] = position;
        const page = own[Math.floor(position / pagePositions)]!;
        slots[at] = page * pageRows + (position % pagePositions);
        if (tiles) tiles[row * t + i] = at;
        if (queryIndices) queryIndices[at] = row * t + i;
      }
    });
    // Padding must write to rows of its own, because no row may be written twice.
    for (let spare = 0; at < n; spare++, at++) {
      const page = Math.floor(spare / pagePositions);
      slots[at] = page * pageRows + (spare % pagePositions);
    }
    const feeds: Record<string, Feed> = {
      tokens: { data: tokens, shape: [n] },
      positions: { data: positions, shape: [n] },
      slots: { data: slots, shape: [n] },
      pages: { data: pages, shape: [r, p] },
    };
    if (tiles) feeds["tiles"] = { data: tiles, shape: [r, t] };
    if (queryIndices) feeds["queryIndices"] = { data: queryIndices, shape: [n] };
    return { ...feeds, ...this.#resultFeeds(run, jobs, n) };
  }

  /** Inputs of a run that its kind of result needs. */
  #resultFeeds(run: StepRun, jobs: readonly RunJob[], n: number): Record<string, Feed> {
    const { pieces, isTiled, result } = run;
    const numOutputs = pieces.reduce((sum, piece) => sum + piece.numOutputs, 0);
    const m = isTiled ? roundUpSize(numOutputs) : n;
    const feeds: Record<string, Feed> = {};
    if (isTiled) {
      const outputTokens = this.#ints("outputTokens", m);
      let [row, at] = [0, 0];
      for (const piece of pieces) {
        at += piece.count;
        for (let token = at - piece.numOutputs; token < at; token++) outputTokens[row++] = token;
      }
      feeds["outputTokens"] = { data: outputTokens, shape: [m] };
    }
    if (result === "logits") return feeds;
    const withOutputs = pieces.filter((piece) => piece.numOutputs > 0);
    if (result === "scores") {
      const targets = this.#ints("targets", m);
      let row = 0;
      for (const { job, start, count } of withOutputs) {
        for (let i = 0; i < count; i++) targets[row++] = jobs[job]!.targets![start + i] ?? 0;
      }
      return { ...feeds, targets: { data: targets, shape: [m] } };
    }
    const scales = this.#floats("scales", m).fill(1);
    const uniforms = this.#floats("uniforms", m);
    withOutputs.forEach(({ job }, row) => {
      const { options, random } = jobs[job]!.draw!;
      const { temperature = 1 } = options;
      scales[row] = temperature === 0 ? greedyScale : 1 / temperature;
      uniforms[row] = temperature === 0 ? 0 : Math.min(largestUniform, random.next());
    });
    feeds["scales"] = { data: scales, shape: [m] };
    feeds["uniforms"] = { data: uniforms, shape: [m] };
    if (result === "draws") return feeds;
    const options = withOutputs.map(({ job }) => jobs[job]!.draw!.options);
    return { ...feeds, ...this.#filterFeeds(options, m) };
  }

  #filterFeeds(options: readonly DrawOptions[], m: number): Record<string, Feed> {
    const { vocabularySize } = this.#config;
    const minPs = this.#floats("minPs", m);
    const numBanned = options.reduce((sum, { bannedTokens = [] }) => sum + bannedTokens.length, 0);
    const b = roundUpSize(numBanned);
    const banned = this.#ints("banned", b).fill(m * vocabularySize);
    let at = 0;
    options.forEach(({ minP = 0, bannedTokens = [] }, row) => {
      minPs[row] = minP;
      for (const token of bannedTokens) banned[at++] = row * vocabularySize + token;
    });
    return { minPs: { data: minPs, shape: [m] }, banned: { data: banned, shape: [b] } };
  }
}

/** Reads the entries of a parameter; if it is memory-mapped, from its file. */
async function readEntries(value: Float32Array | FileFeed): Promise<Float32Array> {
  if (!("file" in value)) return value;
  const { data } = (await readFrozen("load", { weight: value }))["weight"]!;
  // Sound because files contain float32, or are upcast to it.
  return data as Float32Array;
}

/**
 * Chooses the kind of result of a run: logits on the host are needed only for filters that rank all
 * tokens.
 */
function chooseResult(options: DrawOptions): StepResult {
  const { topK = 0, topP = 1 } = options;
  if ((topK > 0 || topP < 1) && options.temperature !== 0) return "logits";
  return isFiltered(options) ? "filteredDraws" : "draws";
}

/** Reads a token that a program has drawn. */
function readDraw({ data, at }: ResultRow, options: DrawOptions): DrawnToken {
  const [token, logProb] = [data[at + drawColumns.token]!, data[at + drawColumns.logProb]!];
  const unfiltered = data[at + drawColumns.unfilteredLogProb]!;
  if (!Number.isFinite(logProb + unfiltered)) {
    throw new NonFiniteError(`drawToken: logits must be finite, got a log-prob of ${logProb}`);
  }
  if (options.temperature === 0) return { token, logProb: 0, entropy: 0, unfilteredLogProb: 0 };
  // Clamp: rounding must not make a probability larger than 1, or smaller after filtering.
  const unfilteredLogProb = Math.min(0, unfiltered);
  return {
    token,
    logProb: Math.max(unfilteredLogProb, Math.min(0, logProb)),
    entropy: data[at + drawColumns.entropy]!,
    unfilteredLogProb,
  };
}
