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
import { HeldSequences, sharedLength } from "./held-sequences.ts";
import { HostRunner } from "./host/host-runner.ts";
import type {
  DrawJob,
  HeldWeights,
  ReadWeights,
  Runner,
  RunnerOptions,
  RunnerTimings,
  RunnerWeights,
  StepDraws,
} from "./runner/runner.ts";
import {
  checkSampleRequest,
  numPending,
  toResponse,
  type ActiveRequest,
  type OnToken,
  type WaitingRequest,
} from "./sample-request.ts";
import { scoreRows, type RowScores } from "./score-rows.ts";

/** Options of {@link SamplingEngine}. */
export interface SamplingEngineOptions extends RunnerOptions {
  /**
   * Where keys and values are: `"host"`, in this computer's memory, where attention is computed
   * between the executor's programs; or `"device"`, with the executor, which computes whole steps and
   * draws. Default `"host"`.
   */
  readonly cache?: "host" | "device";
}

/** How much of a sampler's room is taken, and by what. */
export interface SamplerUsage {
  /** Bytes of keys and values of all sequences; what they share counts once. */
  readonly usedBytes: number;
  /** The most that `usedBytes` can be. */
  readonly maxBytes: number;
  /** Requests under way. */
  readonly numActive: number;
  /** Requests that wait for room or for weights. */
  readonly numWaiting: number;
  /** Sequences whose keys and values are kept for their next request. */
  readonly numIdle: number;
  /** How often a request gave way to an earlier one, from the start. */
  readonly numPreemptions: number;
}

/** What waits for its turn: requests, and what needs all requests before it to be answered. */
type Waiting =
  | ({ readonly kind: "request" } & WaitingRequest)
  | {
      readonly kind: "task";
      readonly run: () => Promise<void>;
      readonly reject: (error: unknown) => void;
    };

/** Of a step's tokens, the part that is kept for who came first, so that nobody waits forever. */
const firstShare = 1 / 4;

/**
 * Samples responses with continuous batching, in the thread that calls it: all requests that wait are
 * computed in the same steps, each at its own place. A response depends on its seed, its prompt and
 * the weights alone.
 */
export class SamplingEngine {
  readonly #options: SamplingEngineOptions;
  readonly #runner: Runner;
  readonly #sequences: HeldSequences;
  readonly #waiting: Waiting[] = [];
  /** In the order in which they were let in. */
  readonly #active = new Set<ActiveRequest>();
  /** Requests under way that gave their pages back, the earliest first. */
  #preempted: ActiveRequest[] = [];
  /** Names of sequences that a request works on or waits for. */
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
    this.#sequences = new HeldSequences(this.#runner.pages);
  }

  /**
   * Takes over weights, as soon as all requests made before are answered. Requests made later wait for
   * them. Everything cached is forgotten.
   * @param parameters - Copied before this returns.
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
   * As {@link load}, from wherever parameters come.
   * @param read - See {@link ReadWeights}.
   * @param layout - Layout of what is read. With an adapter its matrices are read as well, and computed
   *   next to the layers that it targets. Default that of the options.
   */
  loadFrom(read: ReadWeights, layout: ParameterLayout = this.#options.layout): Promise<void> {
    return this.#load({ read, layout });
  }

  /**
   * As {@link load}, of weights that the executor holds already; for a cache on the device.
   * @param held - The sampler's from now on, which releases them when it has others.
   * @param layout - See {@link loadFrom}.
   */
  async loadHeld(held: HeldWeights, layout: ParameterLayout = this.#options.layout): Promise<void> {
    try {
      await this.#load({ held, layout });
    } catch (error) {
      held.release();
      throw error;
    }
  }

  #load(weights: RunnerWeights): Promise<void> {
    return this.#whenIdle(() => {
      this.#sequences.clear();
      return this.#runner.load(weights);
    });
  }

  /** Scores rows under the present weights, as soon as all requests made before are answered. */
  score(rows: readonly (readonly number[])[]): Promise<RowScores[]> {
    return this.#whenIdle(async () => {
      if (!this.#runner.timings) throw new Error("score: weights must be loaded first, got none");
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

  /** What was computed under the present weights. */
  get timings(): RunnerTimings | undefined {
    return this.#runner.timings;
  }

  /** How much room is taken at the moment. */
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

  /** Gives a request up; its promise is rejected with the reason. Unknown requests are fine. */
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

  /** Rejects what waits and gives back the compiled programs. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const error = new Error("sampler: must not be closed, got a request that was still open");
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
    // The last token is not read any more.
    const needed = this.#runner.pages.pagesOf(promptTokens.length + maxTokens - 1);
    const { maxPages, pageBytes } = this.#runner.pages;
    if (needed > maxPages) {
      throw new RangeError(
        `sample: promptTokens and maxTokens must fit into cacheBytes ${this.#options.cacheBytes}, got ${promptTokens.length} and ${maxTokens}, whose keys and values take ${needed * pageBytes} bytes`,
      );
    }
    if (sequenceId !== undefined && this.#busyNames.has(sequenceId)) {
      throw new RangeError(
        `sample: sequenceId must have one request at a time, got a second one for ${sequenceId}`,
      );
    }
    if (this.#isClosed) throw new Error("sample: sampler must not be closed, got a closed one");
  }

  #freeName(request: SampleRequest): void {
    const { sequenceId } = request;
    if (sequenceId === undefined || this.#busyNames.get(sequenceId) !== request) return;
    this.#busyNames.delete(sequenceId);
  }

  /** Runs a task between the requests that were made before and those after. */
  #whenIdle<T>(task: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw new Error("sampler: must not be closed, got a closed one");
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
      // What arrived between the last look and here.
      if (this.#waiting.length > 0 && !this.#isClosed) this.#start();
    });
  }

  async #run(): Promise<void> {
    // Everything that is asked for in this tick takes part in the first step.
    await new Promise((resolve) => setImmediate(resolve));
    while (!this.#isClosed) {
      await this.#admit();
      if (this.#active.size === 0) return;
      try {
        await this.#step();
      } catch (error) {
        // How far each got is not known: what they hold is computed anew if it is asked for.
        for (const active of this.#active) {
          this.#sequences.reset(active.held);
          this.#finish(active, () => active.reject(error));
        }
        if (!this.#runner.recover()) this.#sequences.clear();
      }
    }
  }

  /** Lets requests in, in order, as long as there is room; up to a task, which needs all to be done. */
  async #admit(): Promise<void> {
    for (let next = this.#preempted[0]; next; next = this.#preempted[0]) {
      this.#sequences.shareLongest(next.held, next.tokens);
      if (!this.#hasRoomFor(next)) {
        this.#sequences.reset(next.held);
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
        this.#sequences.finish(active.held);
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
    // A name that was released while its request waited is free for the next.
    const isNamed = sequenceId !== undefined && this.#busyNames.get(sequenceId) === request;
    return {
      ...waiting,
      order: this.#numAdmitted++,
      held: this.#sequences.acquire(isNamed ? sequenceId : undefined, request.promptTokens),
      random: createRandom(request.seed),
      tokens: [...request.promptTokens],
      drawn: [],
      leader: undefined,
    };
  }

  /**
   * Whether a request can be read beside what those under way still have to read. Forgets idle
   * sequences as far as that helps. A request by itself always has room.
   */
  #hasRoomFor(request: ActiveRequest): boolean {
    const pagesFor = (each: ActiveRequest): number =>
      this.#runner.pages.pagesToExtend(each.held.cached, numPending(each));
    for (;;) {
      const { maxPages, numUsedPages } = this.#runner.pages;
      let needed = pagesFor(request);
      for (const each of this.#active) needed += pagesFor(each);
      if (needed <= maxPages - numUsedPages) return true;
      if (!this.#sequences.forgetOne()) return this.#active.size === 0;
    }
  }

  /**
   * Finds the requests that will hold the same beginning as another one, which then need not compute
   * it as well: the siblings of a group begin with one prompt.
   */
  #findLeaders(admitted: readonly ActiveRequest[]): void {
    for (const active of admitted) {
      let longest = 0;
      for (const other of this.#active) {
        // Nobody waits for one who waits, so nobody waits in a circle.
        if (other === active || other.leader) continue;
        const length = sharedLength(other.tokens, active.tokens, active.held.tokens.length);
        if (length <= longest) continue;
        longest = length;
        active.leader = { active: other, length };
      }
    }
  }

  /** Takes over what leaders have computed, and ends the waiting for those who will compute no more. */
  #follow(): void {
    for (const active of this.#active) {
      if (!active.leader) continue;
      const { active: leader, length } = active.leader;
      const isReady = leader.held.tokens.length >= length;
      if (!isReady && this.#active.has(leader)) continue;
      active.leader = undefined;
      this.#sequences.shareFrom(leader.held, active.held, active.tokens);
    }
  }

  /** What the next step reads of each request. */
  #plan(): { readonly active: ActiveRequest; readonly numQueries: number }[] {
    let numLeft = this.#options.stepTokens;
    const planned: { active: ActiveRequest; numQueries: number }[] = [];
    const take = (active: ActiveRequest, most: number): void => {
      const numQueries = Math.min(numPending(active), most, numLeft);
      if (numQueries > 0) planned.push({ active, numQueries });
      numLeft -= numQueries;
    };
    const ready = [...this.#active].filter(({ leader }) => !leader);
    const first = ready.reduce((a, b) => (a.order < b.order ? a : b));
    const share = Math.max(1, Math.floor(firstShare * this.#options.stepTokens));
    take(first, ready.length === 1 ? numLeft : share);
    // Those with one token left are far more useful to the batch than those at the start of a prompt.
    const others = ready.filter((each) => each !== first);
    for (const each of others.sort((a, b) => numPending(a) - numPending(b))) take(each, numLeft);
    if (numLeft > 0)
      planned[0]!.numQueries += Math.min(numLeft, numPending(first) - planned[0]!.numQueries);
    // Pages go to the earliest first, and the latest give way.
    const inOrder = planned.sort((a, b) => a.active.order - b.active.order);
    return inOrder.filter(({ active, numQueries }) => this.#makeRoom(active, numQueries));
  }

  #makeRoom(active: ActiveRequest, numQueries: number): boolean {
    while (this.#active.has(active)) {
      if (this.#runner.pages.extend(active.held.cached, numQueries)) return true;
      if (this.#sequences.forgetOne()) continue;
      this.#preempt([...this.#active].reduce((a, b) => (a.order > b.order ? a : b)));
    }
    return false;
  }

  #preempt(active: ActiveRequest): void {
    this.#numPreemptions++;
    this.#active.delete(active);
    this.#sequences.reset(active.held);
    active.leader = undefined;
    this.#preempted.push(active);
    this.#preempted.sort((a, b) => a.order - b.order);
  }

  async #step(): Promise<void> {
    const jobs = this.#plan().map(({ active, numQueries }): DrawJob & { active: ActiveRequest } => {
      const numHeld = active.held.tokens.length;
      const tokens = active.tokens.slice(numHeld, numHeld + numQueries);
      const { request: options, random } = active;
      const draw = numQueries === numPending(active) ? { options, random } : undefined;
      return { active, sequence: active.held.cached, numQueries, tokens, draw };
    });
    const draws = await this.#runner.step(jobs);
    for (const { active, tokens } of jobs) {
      this.#sequences.append(active.held, tokens);
      // One of them is the token that was drawn last.
      this.#numRead += tokens.length - (active.drawn.length > 0 ? 1 : 0);
    }
    this.#follow();
    jobs.forEach(({ active, draw }, job) => {
      // In the middle of a prompt, or cancelled meanwhile.
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
    // Given up by who heard it.
    if (!this.#active.has(active)) return;
    const isStopped = stopTokens.includes(next.token);
    if (!isStopped && drawn.length < maxTokens) return;
    const response = toResponse(request, drawn, isStopped ? "stop-token" : "length");
    this.#finish(active, () => active.resolve(response));
  }

  #finish(active: ActiveRequest, settle: () => void): void {
    this.#active.delete(active);
    this.#preempted = this.#preempted.filter((each) => each !== active);
    this.#sequences.finish(active.held);
    this.#freeName(active.request);
    settle();
  }
}
