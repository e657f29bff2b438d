import {
  checkInteger,
  checkNonNegative,
  createRandom,
  type SampledResponse,
  type SampleRequest,
  type TokenCounts,
} from "@turnwise/core";
import type { ParameterLayout } from "../model/parameter-layout.ts";
import type { Parameters } from "../model/shape/parameters.ts";
import { DeviceRunner } from "./device/device-runner.ts";
import { PrefixCache, countSharedTokens } from "./prefix-cache.ts";
import { HostRunner } from "./host/host-runner.ts";
import type {
  DrawJob,
  SharedWeights,
  ReadWeights,
  Runner,
  RunnerOptions,
  RunnerTimings,
  RunnerWeights,
  StepDraws,
} from "./runner/runner.ts";
import {
  checkSampleRequest,
  countPending,
  toResponse,
  type ActiveRequest,
  type OnToken,
  type WaitingRequest,
} from "./sample-request.ts";
import { scoreRows, type RowScores } from "./score-rows.ts";

/** Options of {@link SamplingEngine}. */
export interface SamplingEngineOptions extends RunnerOptions {
  /**
   * Memory for keys and values. `"host"`: attention is computed in this process, between the
   * executor's programs. `"device"`: the executor computes complete steps and draws tokens. Default
   * `"host"`.
   */
  readonly cache?: "host" | "device";
}

/** Memory use and request counts of a sampler. */
export interface SamplerUsage {
  /** Bytes of keys and values of all sequences; shared pages count once. */
  readonly usedBytes: number;
  /** Maximum allowed `usedBytes`. */
  readonly maxBytes: number;
  /** Number of requests in progress. */
  readonly numActive: number;
  /** Number of requests that wait for memory or for new weights. */
  readonly numWaiting: number;
  /** Number of idle sequences, whose keys and values are kept for their next request. */
  readonly numIdle: number;
  /** Total number of preemptions. */
  readonly numPreemptions: number;
}

/**
 * Entry of the queue: a request, or a task that must wait until all earlier requests are answered.
 */
type Waiting =
  | ({ readonly kind: "request" } & WaitingRequest)
  | {
      readonly kind: "task";
      readonly run: () => Promise<void>;
      readonly reject: (error: unknown) => void;
    };

/** Share of a step's tokens that is reserved for the oldest request, so that it cannot starve. */
const oldestShare = 1 / 4;

/**
 * Samples responses with continuous batching, in the calling thread: all active requests share the
 * same steps, each at its own position. With a cache on the host, a response depends only on its
 * request and the weights; on a device, the rest of the batch also changes the rounding.
 */
export class SamplingEngine {
  readonly #options: SamplingEngineOptions;
  readonly #runner: Runner;
  readonly #sequences: PrefixCache;
  readonly #waiting: Waiting[] = [];
  /** Active requests, in order of admission. */
  readonly #active = new Set<ActiveRequest>();
  /** Preempted requests, which have released their pages, earliest first. */
  #preempted: ActiveRequest[] = [];
  /** Requests by the name of the sequence that they use or wait for. */
  readonly #busyNames = new Map<string, SampleRequest>();
  #numAdmitted = 0;
  #numPreemptions = 0;
  #numRead = 0;
  #numSampled = 0;
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: SamplingEngineOptions) {
    const { stepTokens, cacheBytes, cache = "host" } = options;
    checkInteger("sampler", { stepTokens }, { min: 2 });
    checkNonNegative("sampler", { cacheBytes });
    this.#options = options;
    this.#runner = cache === "host" ? new HostRunner(options) : new DeviceRunner(options);
    this.#sequences = new PrefixCache(this.#runner.pages);
  }

  /**
   * Loads weights as soon as all earlier requests are answered. Later requests wait. The cache is
   * cleared.
   * @param parameters - Weights; copied before the call returns.
   */
  load(parameters: Parameters): Promise<void> {
    const copies = new Map([...parameters].map(([name, values]) => [name, values.slice()]));
    return this.loadFrom((name) => {
      const values = copies.get(name)!;
      copies.delete(name);
      return values;
    });
  }

  /**
   * Like {@link load}, with a function that reads the parameters.
   * @param read - See {@link ReadWeights}.
   * @param layout - Layout of the parameters. If it has an adapter, the adapter is computed
   *   separately, not merged. Default: the layout of the options.
   */
  loadFrom(read: ReadWeights, layout: ParameterLayout = this.#options.layout): Promise<void> {
    return this.#load({ read, layout });
  }

  /**
   * Like {@link load}, for weights that the executor already holds; only for a cache on the device.
   * @param shared - Weights that the engine owns from now on; it releases them when it loads
   *   others.
   * @param layout - See {@link loadFrom}.
   */
  async loadShared(
    shared: SharedWeights,
    layout: ParameterLayout = this.#options.layout,
  ): Promise<void> {
    try {
      await this.#load({ shared, layout });
    } catch (error) {
      shared.release();
      throw error;
    }
  }

  #load(weights: RunnerWeights): Promise<void> {
    return this.#whenIdle(() => {
      this.#sequences.clear();
      return this.#runner.load(weights);
    });
  }

  /** Scores rows under the current weights as soon as all earlier requests are answered. */
  score(rows: readonly (readonly number[])[]): Promise<RowScores[]> {
    return this.#whenIdle(async () => {
      if (!this.#runner.timings) throw new Error("score: load() must be called before score()");
      this.#sequences.clear();
      const { layout, stepTokens } = this.#options;
      try {
        return await scoreRows(this.#runner, rows, { config: layout.config, stepTokens });
      } catch (error) {
        this.#runner.recover();
        throw error;
      }
    });
  }

  /** Timings since the current weights were loaded. */
  get timings(): RunnerTimings | undefined {
    return this.#runner.timings;
  }

  /** Current memory use and request counts. */
  usage(): SamplerUsage {
    const { numUsedPages, maxPages, pageBytes } = this.#runner.pages;
    return {
      usedBytes: numUsedPages * pageBytes,
      maxBytes: maxPages * pageBytes,
      numActive: this.#active.size,
      numWaiting:
        this.#preempted.length + this.#waiting.filter(({ kind }) => kind === "request").length,
      numIdle: this.#sequences.numIdle,
      numPreemptions: this.#numPreemptions,
    };
  }

  /** See `Sampler.tokenCounts`. */
  tokenCounts(): TokenCounts {
    return { numRead: this.#numRead, numSampled: this.#numSampled };
  }

  /** See `Sampler.sample`. */
  sample(request: SampleRequest, onToken?: OnToken): Promise<SampledResponse> {
    return new Promise((resolve, reject) => {
      this.#checkRequest(request);
      if (request.sequenceId !== undefined) this.#busyNames.set(request.sequenceId, request);
      this.#waiting.push({ kind: "request", request, onToken, resolve, reject });
      this.#start();
    });
  }

  /** Cancels a request; its promise rejects with the reason. Unknown requests are ignored. */
  cancel(request: SampleRequest, reason: unknown): void {
    const waiting = this.#waiting.findIndex(
      (each) => each.kind === "request" && each.request === request,
    );
    if (waiting >= 0) {
      this.#freeName(request);
      this.#waiting.splice(waiting, 1)[0]!.reject(reason);
      return;
    }
    const known = [...this.#active, ...this.#preempted].find((each) => each.request === request);
    if (known) this.#finish(known, () => known.reject(reason));
  }

  /** See `Sampler.release`. */
  release(sequenceId: string): void {
    this.#sequences.release(sequenceId);
    this.#busyNames.delete(sequenceId);
  }

  /** Rejects pending requests and releases the compiled programs. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const error = new Error("sampler: must not be closed while a request is open");
    for (const each of this.#waiting.splice(0)) each.reject(error);
    for (const each of [...this.#active, ...this.#preempted]) {
      this.#finish(each, () => each.reject(error));
    }
    await this.#running;
    await this.#runner.close();
  }

  #checkRequest(request: SampleRequest): void {
    checkSampleRequest(request, this.#options.layout.config);
    const { sequenceId, promptTokens, maxTokens } = request;
    // The last token of a response is never computed.
    const needed = this.#runner.pages.pagesOf(promptTokens.length + maxTokens - 1);
    const { maxPages, pageBytes } = this.#runner.pages;
    if (needed > maxPages) {
      throw new RangeError(
        `sample: keys and values of promptTokens and maxTokens must fit into cacheBytes ${this.#options.cacheBytes}, got ${promptTokens.length} + ${maxTokens} tokens, which need ${needed * pageBytes} bytes`,
      );
    }
    if (sequenceId !== undefined && this.#busyNames.has(sequenceId)) {
      throw new RangeError(
        `sample: sequenceId must have one request at a time, got a second one for ${sequenceId}`,
      );
    }
    if (this.#isClosed) throw new Error("sample: sampler must not be used after close()");
  }

  #freeName(request: SampleRequest): void {
    const { sequenceId } = request;
    if (sequenceId === undefined || this.#busyNames.get(sequenceId) !== request) return;
    this.#busyNames.delete(sequenceId);
  }

  /** Runs a task after all earlier requests and before all later ones. */
  #whenIdle<T>(task: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw new Error("sampler: must not be used after close()");
      const run = async (): Promise<void> => {
        try {
          resolve(await task());
        } catch (error) {
          reject(error);
        }
      };
      this.#waiting.push({ kind: "task", run, reject });
      this.#start();
    });
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      // Handle requests that arrived after the last check.
      if (this.#waiting.length > 0 && !this.#isClosed) this.#start();
    });
  }

  async #run(): Promise<void> {
    // Wait one turn of the event loop, so that all its requests take part in the first step.
    await new Promise((resolve) => setImmediate(resolve));
    while (!this.#isClosed) {
      await this.#admit();
      if (this.#active.size === 0) return;
      try {
        await this.#step();
      } catch (error) {
        // The cached state of each sequence is unknown, so recompute it if it is needed again.
        for (const active of this.#active) {
          this.#sequences.reset(active.entry);
          this.#finish(active, () => active.reject(error));
        }
        if (!this.#runner.recover()) this.#sequences.clear();
      }
    }
  }

  /**
   * Admits waiting requests in order while there is memory. Stops at a task, which waits until all
   * active requests are finished.
   */
  async #admit(): Promise<void> {
    for (let next = this.#preempted[0]; next; next = this.#preempted[0]) {
      this.#sequences.shareLongest(next.entry, next.tokens);
      if (!this.#hasRoomFor(next)) {
        this.#sequences.reset(next.entry);
        return;
      }
      this.#preempted.shift();
      this.#active.add(next);
    }
    const admitted: ActiveRequest[] = [];
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      if (next.kind === "task") {
        if (this.#active.size > 0) break;
        this.#waiting.shift();
        await next.run();
        continue;
      }
      let active: ActiveRequest;
      try {
        active = this.#activate(next);
      } catch (error) {
        this.#waiting.shift();
        this.#freeName(next.request);
        next.reject(error);
        continue;
      }
      if (!this.#hasRoomFor(active)) {
        this.#sequences.finish(active.entry);
        break;
      }
      this.#waiting.shift();
      this.#active.add(active);
      admitted.push(active);
    }
    this.#findLeaders(admitted);
    this.#follow();
  }

  #activate(waiting: WaitingRequest): ActiveRequest {
    const { request } = waiting;
    const { sequenceId } = request;
    // If the name was released while its request waited, later requests may use it.
    const isNamed = sequenceId !== undefined && this.#busyNames.get(sequenceId) === request;
    return {
      ...waiting,
      order: this.#numAdmitted++,
      entry: this.#sequences.acquire(isNamed ? sequenceId : undefined, request.promptTokens),
      random: createRandom(request.seed),
      tokens: [...request.promptTokens],
      drawn: [],
      leader: undefined,
    };
  }

  /**
   * True if there is memory for a request in addition to what active requests still have to
   * compute. Evicts idle sequences as needed. A request by itself always fits.
   */
  #hasRoomFor(request: ActiveRequest): boolean {
    const pagesFor = (each: ActiveRequest): number =>
      this.#runner.pages.pagesToExtend(each.entry.cached, countPending(each));
    for (;;) {
      const { maxPages, numUsedPages } = this.#runner.pages;
      let needed = pagesFor(request);
      for (const each of this.#active) needed += pagesFor(each);
      if (needed <= maxPages - numUsedPages) return true;
      if (!this.#sequences.evictOne()) return this.#active.size === 0;
    }
  }

  /**
   * Finds requests whose prefix an active request is already computing, such as siblings of a
   * group, which start with the same prompt. They wait for that request.
   */
  #findLeaders(admitted: readonly ActiveRequest[]): void {
    for (const active of admitted) {
      let longest = 0;
      for (const other of this.#active) {
        // A request never waits for one that itself waits, so there are no cycles.
        if (other === active || other.leader) continue;
        const length = countSharedTokens(other.tokens, active.tokens, active.entry.tokens.length);
        if (length <= longest) continue;
        longest = length;
        active.leader = { active: other, length };
      }
    }
  }

  /**
   * Shares the prefixes that leaders have computed; stops waiting for leaders that will compute no
   * more.
   */
  #follow(): void {
    for (const active of this.#active) {
      if (!active.leader) continue;
      const { active: leader, length } = active.leader;
      const isReady = leader.entry.tokens.length >= length;
      if (!isReady && this.#active.has(leader)) continue;
      active.leader = undefined;
      this.#sequences.shareFrom(leader.entry, active.entry, active.tokens);
    }
  }

  /** Plans how many tokens of each request the next step computes. */
  #plan(): { readonly active: ActiveRequest; readonly numQueries: number }[] {
    let numLeft = this.#options.stepTokens;
    const planned: { active: ActiveRequest; numQueries: number }[] = [];
    const take = (active: ActiveRequest, most: number): void => {
      const numQueries = Math.min(countPending(active), most, numLeft);
      if (numQueries > 0) planned.push({ active, numQueries });
      numLeft -= numQueries;
    };
    const ready = [...this.#active].filter(({ leader }) => !leader);
    const first = ready.reduce((a, b) => (a.order < b.order ? a : b));
    const share = Math.max(1, Math.floor(oldestShare * this.#options.stepTokens));
    take(first, ready.length === 1 ? numLeft : share);
    // First serve requests with one pending token, which draw a token in this step.
    const others = ready.filter((each) => each !== first);
    for (const each of others.sort((a, b) => countPending(a) - countPending(b)))
      take(each, numLeft);
    if (numLeft > 0)
      planned[0]!.numQueries += Math.min(numLeft, countPending(first) - planned[0]!.numQueries);
    // Allocate pages to the earliest requests first, and preempt the latest.
    const inOrder = planned.sort((a, b) => a.active.order - b.active.order);
    return inOrder.filter(({ active, numQueries }) => this.#makeRoom(active, numQueries));
  }

  #makeRoom(active: ActiveRequest, numQueries: number): boolean {
    while (this.#active.has(active)) {
      if (this.#runner.pages.extend(active.entry.cached, numQueries)) return true;
      if (this.#sequences.evictOne()) continue;
      this.#preempt([...this.#active].reduce((a, b) => (a.order > b.order ? a : b)));
    }
    return false;
  }

  #preempt(active: ActiveRequest): void {
    this.#numPreemptions++;
    this.#active.delete(active);
    this.#sequences.reset(active.entry);
    active.leader = undefined;
    this.#preempted.push(active);
    this.#preempted.sort((a, b) => a.order - b.order);
  }

  async #step(): Promise<void> {
    const jobs = this.#plan().map(({ active, numQueries }): DrawJob & { active: ActiveRequest } => {
      const numHeld = active.entry.tokens.length;
      const tokens = active.tokens.slice(numHeld, numHeld + numQueries);
      const { request: options, random } = active;
      const draw = numQueries === countPending(active) ? { options, random } : undefined;
      return { active, sequence: active.entry.cached, numQueries, tokens, draw };
    });
    const draws = await this.#runner.step(jobs);
    for (const { active, tokens } of jobs) {
      this.#sequences.append(active.entry, tokens);
      // If a token was drawn, one of these tokens is part of the response, not of the prompt.
      this.#numRead += tokens.length - (active.drawn.length > 0 ? 1 : 0);
    }
    this.#follow();
    jobs.forEach(({ active, draw }, job) => {
      // Do not draw in the middle of a prompt, or for a request that was cancelled in the meantime.
      if (draw && this.#active.has(active)) this.#draw(active, draws(job));
    });
  }

  #draw(active: ActiveRequest, next: ReturnType<StepDraws>): void {
    const { request, drawn, tokens, onToken } = active;
    const { maxTokens, stopTokens } = request;
    drawn.push(next);
    tokens.push(next.token);
    this.#numSampled++;
    onToken?.(next);
    // The listener of the token may have cancelled the request.
    if (!this.#active.has(active)) return;
    const isStopped = stopTokens.includes(next.token);
    if (!isStopped && drawn.length < maxTokens) return;
    const response = toResponse(request, drawn, isStopped ? "stop-token" : "length");
    this.#finish(active, () => active.resolve(response));
  }

  #finish(active: ActiveRequest, settle: () => void): void {
    this.#active.delete(active);
    this.#preempted = this.#preempted.filter((each) => each !== active);
    this.#sequences.finish(active.entry);
    this.#freeName(active.request);
    settle();
  }
}
