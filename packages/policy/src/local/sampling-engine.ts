import {
  checkInteger,
  checkNonNegative,
  createRandom,
  type Random,
  type SampledResponse,
  type SampleRequest,
} from "@turnwise/core";
import type { Executor } from "@turnwise/graph";
import type { ModelConfig } from "../model-config.ts";
import type { Parameters } from "../parameters.ts";
import { AttentionCache, type CachedSequence } from "./attention-cache.ts";
import { drawToken } from "./draw-token.ts";
import { ModelRunner, type RunnerTimings, type StepJob } from "./model-runner.ts";

/** Options of {@link SamplingEngine}. */
export interface SamplingEngineOptions {
  readonly config: ModelConfig;
  readonly executor: Executor;
  /** The most new tokens of one step, over all sequences, `>= 2`. */
  readonly stepTokens: number;
  /**
   * Bytes of keys and values beyond which sequences that wait for their next request are forgotten,
   * the longest unused first. What is sampled at the moment may need more.
   */
  readonly cacheBytes: number;
}

/** A sequence with the tokens that its cache holds. */
interface HeldSequence {
  readonly cached: CachedSequence;
  /** One for each filled position. */
  readonly tokens: number[];
  isBusy: boolean;
  isReleased: boolean;
}

/** A request on its way. */
interface ActiveRequest {
  readonly request: SampleRequest;
  readonly held: HeldSequence;
  readonly random: Random;
  /** Tokens that are not computed yet. */
  pending: number[];
  readonly response: number[];
  readonly logProbs: number[];
  readonly entropies: number[];
  readonly resolve: (response: SampledResponse) => void;
  readonly reject: (error: unknown) => void;
}

/** What waits for its turn: requests, and new weights, which wait for the requests before them. */
type Waiting =
  | {
      readonly kind: "request";
      readonly request: SampleRequest;
      readonly resolve: (response: SampledResponse) => void;
      readonly reject: (error: unknown) => void;
    }
  | { readonly kind: "load"; readonly load: () => Promise<void> };

/**
 * Samples responses with continuous batching, in the thread that calls it: all requests that wait are
 * computed in the same steps, each at its own place. A response depends on its seed, its prompt and
 * the weights alone.
 */
export class SamplingEngine {
  readonly #options: SamplingEngineOptions;
  readonly #cache: AttentionCache;
  /** By name, the longest unused first. */
  readonly #held = new Map<string, HeldSequence>();
  readonly #waiting: Waiting[] = [];
  #active: ActiveRequest[] = [];
  #runner: ModelRunner | undefined;
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: SamplingEngineOptions) {
    const { config, stepTokens, cacheBytes } = options;
    checkInteger("sampler", { stepTokens }, { min: 2 });
    checkNonNegative("sampler", { cacheBytes });
    this.#options = options;
    const { numLayers, numHeads, numKeyValueHeads, headSize, maxSequenceTokens } = config;
    this.#cache = new AttentionCache({
      numLayers,
      numHeads,
      numKeyValueHeads,
      headSize,
      maxSequenceTokens,
      maxStepTokens: stepTokens,
    });
  }

  /**
   * Takes over weights, as soon as all requests made before are answered. Requests made later wait for
   * them. Everything cached is forgotten.
   * @param parameters - Copied before this returns.
   */
  load(parameters: Parameters): Promise<void> {
    const copies = new Map([...parameters].map(([name, values]) => [name, values.slice()]));
    return new Promise((resolve, reject) => {
      const load = async (): Promise<void> => {
        try {
          const { config, executor } = this.#options;
          const runner = await ModelRunner.create(config, copies, executor);
          await this.#runner?.close();
          this.#runner = runner;
          for (const { cached } of this.#held.values()) this.#cache.release(cached);
          this.#held.clear();
          this.#cache.clear();
          resolve();
        } catch (error) {
          reject(error);
        }
      };
      this.#waiting.push({ kind: "load", load });
      this.#start();
    });
  }

  /** What was computed under the present weights. */
  get timings(): RunnerTimings | undefined {
    return this.#runner?.timings;
  }

  /** See `Sampler.sample`. */
  sample(request: SampleRequest): Promise<SampledResponse> {
    return new Promise((resolve, reject) => {
      this.#checkRequest(request);
      this.#waiting.push({ kind: "request", request, resolve, reject });
      this.#start();
    });
  }

  /** Gives a request up; its promise is rejected with the reason. Unknown requests are fine. */
  cancel(request: SampleRequest, reason: unknown): void {
    const waiting = this.#waiting.findIndex(
      (each) => each.kind === "request" && each.request === request,
    );
    if (waiting >= 0) {
      const [removed] = this.#waiting.splice(waiting, 1);
      if (removed?.kind === "request") removed.reject(reason);
      return;
    }
    const active = this.#active.find((each) => each.request === request);
    if (active) this.#finish(active, () => active.reject(reason));
  }

  /** See `Sampler.release`. */
  release(sequenceId: string): void {
    const held = this.#held.get(sequenceId);
    if (!held) return;
    this.#held.delete(sequenceId);
    held.isReleased = true;
    if (!held.isBusy) this.#cache.release(held.cached);
  }

  /** Rejects what waits and gives back the compiled programs. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const error = new Error("sampler: must not be closed, got a request that was still open");
    for (const each of this.#waiting.splice(0)) if (each.kind === "request") each.reject(error);
    // Finishing replaces the list, so the loop runs over the one that was.
    for (const active of this.#active) this.#finish(active, () => active.reject(error));
    await this.#running;
    await this.#runner?.close();
    this.#runner = undefined;
  }

  #checkRequest({ promptTokens, maxTokens, temperature = 1, stopTokens }: SampleRequest): void {
    const { vocabularySize, maxSequenceTokens } = this.#options.config;
    checkInteger("sample", { maxTokens }, { min: 1 });
    checkNonNegative("sample", { temperature });
    checkInteger("sample", { promptTokens, stopTokens }, { min: 0, max: vocabularySize - 1 });
    if (promptTokens.length === 0) {
      throw new RangeError("sample: promptTokens must not be empty, got length 0");
    }
    const longest = promptTokens.length + maxTokens;
    if (longest > maxSequenceTokens) {
      throw new RangeError(
        `sample: promptTokens and maxTokens must be at most ${maxSequenceTokens} together, got ${promptTokens.length} and ${maxTokens}`,
      );
    }
    if (this.#isClosed) throw new Error("sample: sampler must not be closed, got a closed one");
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
      if (this.#active.length === 0) return;
      try {
        await this.#step();
      } catch (error) {
        // How far each got is not known: what they hold is computed anew if it is asked for.
        for (const active of this.#active) {
          this.#cache.truncate(active.held.cached, 0);
          active.held.tokens.length = 0;
          this.#finish(active, () => active.reject(error));
        }
      }
    }
  }

  /** Lets waiting requests in, up to the next load, which needs all of them to be answered. */
  async #admit(): Promise<void> {
    const admitted: ActiveRequest[] = [];
    for (;;) {
      const next = this.#waiting[0];
      if (!next) break;
      if (next.kind === "load") {
        if (this.#active.length + admitted.length > 0) break;
        this.#waiting.shift();
        await next.load();
        continue;
      }
      this.#waiting.shift();
      try {
        admitted.push(this.#activate(next.request, next.resolve, next.reject));
      } catch (error) {
        next.reject(error);
      }
    }
    // Not in the order of arrival, which timing decides.
    const order = ({ request }: ActiveRequest): string =>
      `${request.seed}\n${request.sequenceId ?? ""}`;
    const keyed = admitted.map((active) => ({ key: order(active), active }));
    keyed.sort((a, b) => (a.key === b.key ? 0 : a.key < b.key ? -1 : 1));
    this.#active.push(...keyed.map(({ active }) => active));
  }

  #activate(
    request: SampleRequest,
    resolve: (response: SampledResponse) => void,
    reject: (error: unknown) => void,
  ): ActiveRequest {
    const held = this.#hold(request.sequenceId);
    const { promptTokens } = request;
    // The last token of the prompt is always computed: the response begins from its logits.
    const limit = Math.min(held.tokens.length, promptTokens.length - 1);
    let numKept = 0;
    while (numKept < limit && held.tokens[numKept] === promptTokens[numKept]) numKept++;
    this.#cache.truncate(held.cached, numKept);
    held.tokens.length = numKept;
    return {
      request,
      held,
      random: createRandom(request.seed),
      pending: promptTokens.slice(numKept),
      response: [],
      logProbs: [],
      entropies: [],
      resolve,
      reject,
    };
  }

  #hold(sequenceId: string | undefined): HeldSequence {
    const known = sequenceId === undefined ? undefined : this.#held.get(sequenceId);
    if (known?.isBusy) {
      throw new RangeError(
        `sample: sequenceId must have one request at a time, got a second one for ${sequenceId}`,
      );
    }
    const held = known ?? {
      cached: this.#cache.create(),
      tokens: [],
      isBusy: true,
      isReleased: false,
    };
    held.isBusy = true;
    if (sequenceId === undefined) {
      held.isReleased = true;
    } else {
      // Moves to the end of the map: used last.
      this.#held.delete(sequenceId);
      this.#held.set(sequenceId, held);
    }
    return held;
  }

  async #step(): Promise<void> {
    if (!this.#runner) throw new Error("sample: weights must be loaded first, got none");
    const { stepTokens, config } = this.#options;
    const jobs: (StepJob & { readonly active: ActiveRequest })[] = [];
    let numLeft = stepTokens;
    // Those with one token left are far more useful to the batch than those at the start of a prompt.
    const ordered = [...this.#active].sort((a, b) => a.pending.length - b.pending.length);
    for (const active of ordered) {
      if (numLeft === 0) break;
      const tokens = active.pending.slice(0, numLeft);
      numLeft -= tokens.length;
      jobs.push({ active, sequence: active.held.cached, numQueries: tokens.length, tokens });
    }
    const logits = await this.#runner.step(this.#cache, jobs);
    jobs.forEach(({ active, tokens }, job) => {
      active.held.tokens.push(...tokens);
      active.pending.splice(0, tokens.length);
      // Cancelled meanwhile, or in the middle of a prompt.
      if (!this.#active.includes(active) || active.pending.length > 0) return;
      const begin = job * config.vocabularySize;
      this.#draw(active, logits.subarray(begin, begin + config.vocabularySize));
    });
    this.#forgetUnused();
  }

  #draw(active: ActiveRequest, logits: Float32Array): void {
    const { temperature = 1, maxTokens, stopTokens } = active.request;
    const { token, logProb, entropy } = drawToken(logits, temperature, active.random);
    active.response.push(token);
    active.logProbs.push(logProb);
    active.entropies.push(entropy);
    const isStopped = stopTokens.includes(token);
    if (!isStopped && active.response.length < maxTokens) {
      active.pending = [token];
      return;
    }
    const { response: tokens, logProbs, entropies } = active;
    const stopReason = isStopped ? "stop-token" : "length";
    this.#finish(active, () => active.resolve({ tokens, logProbs, entropies, stopReason }));
  }

  #finish(active: ActiveRequest, settle: () => void): void {
    this.#active = this.#active.filter((each) => each !== active);
    active.held.isBusy = false;
    if (active.held.isReleased) this.#cache.release(active.held.cached);
    settle();
  }

  #forgetUnused(): void {
    for (const [sequenceId, held] of this.#held) {
      if (this.#cache.usedBytes <= this.#options.cacheBytes) return;
      if (!held.isBusy) this.release(sequenceId);
    }
  }
}
