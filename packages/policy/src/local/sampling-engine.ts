import {
  checkInteger,
  checkNonNegative,
  createRandom,
  type Random,
  type SampledResponse,
  type SampleRequest,
} from "@turnwise/core";
import type { Executor, Feeds } from "@turnwise/graph";
import type { ModelConfig } from "../model-config.ts";
import type { Parameters } from "../parameters.ts";
import { AttentionCache } from "./attention-cache.ts";
import { drawToken } from "./draw-token.ts";
import { HeldSequences, sharedLength, type HeldSequence } from "./held-sequences.ts";
import { ModelRunner, type RunnerTimings, type StepJob } from "./model-runner.ts";
import { rotaryFeeds } from "./transformer.ts";

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
  /** Threads that compute attention, this one included. Default 1. */
  readonly threads?: number;
}

/** A request that computes the beginning of another one's prompt. */
interface Leader {
  readonly active: ActiveRequest;
  /** How many tokens they share. */
  readonly length: number;
}

/** A request on its way. */
interface ActiveRequest {
  readonly request: SampleRequest;
  readonly held: HeldSequence;
  readonly random: Random;
  /** Tokens that are not computed yet. */
  pending: number[];
  /** Who computes the beginning of the same prompt, as long as that is waited for. */
  leader: Leader | undefined;
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
  readonly #rotary: Feeds;
  readonly #cache: AttentionCache;
  readonly #sequences: HeldSequences;
  readonly #waiting: Waiting[] = [];
  #active: ActiveRequest[] = [];
  #runner: ModelRunner | undefined;
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: SamplingEngineOptions) {
    const { config, stepTokens, cacheBytes, threads = 1 } = options;
    checkInteger("sampler", { stepTokens }, { min: 2 });
    checkNonNegative("sampler", { cacheBytes });
    this.#options = options;
    this.#rotary = rotaryFeeds(config);
    const { numLayers, numHeads, numKeyValueHeads, headSize, maxSequenceTokens } = config;
    this.#cache = new AttentionCache({
      numLayers,
      numHeads,
      numKeyValueHeads,
      headSize,
      maxSequenceTokens,
      maxStepTokens: stepTokens,
      threads,
    });
    this.#sequences = new HeldSequences(this.#cache);
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
          const runner = await ModelRunner.create(config, copies, executor, this.#rotary);
          await this.#runner?.close();
          this.#runner = runner;
          this.#sequences.clear();
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
    this.#sequences.release(sequenceId);
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
    await this.#cache.close();
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
          this.#sequences.reset(active.held);
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
    const ordered = keyed.map(({ active }) => active);
    this.#active.push(...ordered);
    this.#findLeaders(ordered);
    this.#follow();
  }

  #activate(
    request: SampleRequest,
    resolve: (response: SampledResponse) => void,
    reject: (error: unknown) => void,
  ): ActiveRequest {
    const held = this.#sequences.acquire(request.sequenceId, request.promptTokens);
    return {
      request,
      held,
      random: createRandom(request.seed),
      pending: request.promptTokens.slice(held.tokens.length),
      leader: undefined,
      response: [],
      logProbs: [],
      entropies: [],
      resolve,
      reject,
    };
  }

  /**
   * Finds the requests that will hold the same beginning as another one, which then need not compute
   * it as well: the siblings of a group begin with one prompt.
   */
  #findLeaders(admitted: readonly ActiveRequest[]): void {
    for (const active of admitted) {
      const { promptTokens } = active.request;
      let longest = 0;
      for (const other of this.#active) {
        // Nobody waits for one who waits, so nobody waits in a circle.
        if (other === active || other.leader) continue;
        const known = other.request.promptTokens;
        const length = sharedLength(known, promptTokens, active.held.tokens.length);
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
      if (!isReady && this.#active.includes(leader)) continue;
      active.leader = undefined;
      this.#sequences.copyFrom(leader.held, active.held, active.request.promptTokens);
      active.pending = active.request.promptTokens.slice(active.held.tokens.length);
    }
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
      if (active.leader) continue;
      const tokens = active.pending.slice(0, numLeft);
      numLeft -= tokens.length;
      jobs.push({ active, sequence: active.held.cached, numQueries: tokens.length, tokens });
    }
    const logits = await this.#runner.step(this.#cache, jobs);
    for (const { active, tokens } of jobs) {
      this.#sequences.append(active.held, tokens);
      active.pending.splice(0, tokens.length);
    }
    this.#follow();
    jobs.forEach(({ active }, job) => {
      // Cancelled meanwhile, or in the middle of a prompt.
      if (!this.#active.includes(active) || active.pending.length > 0) return;
      const begin = job * config.vocabularySize;
      this.#draw(active, logits.subarray(begin, begin + config.vocabularySize));
    });
    this.#sequences.shrinkTo(this.#options.cacheBytes);
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
    this.#sequences.finish(active.held);
    settle();
  }
}
