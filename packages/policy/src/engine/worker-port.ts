import { Worker } from "node:worker_threads";
import type {
  OnTokens,
  SampledResponse,
  SampleRequest,
  ScoredRow,
  TokenCounts,
  TokenRow,
  TrainingRow,
  UpdateReport,
} from "@turnwise/core";
import type { EngineOptions, EnginePort, PendingSample, SaveModelOptions } from "./engine-port.ts";
import type { ObjectiveProgram } from "../learning/objective-program.ts";
import type { OnToken } from "../sampling/sample-request.ts";
import type { SamplerUsage } from "../sampling/sampling-engine.ts";
import type { RowScores } from "../sampling/score-rows.ts";
import { deserializeError } from "./serialize-error.ts";
import type { Call, FromWorker, SentRequest, ToWorker } from "./worker-messages.ts";

/** A call that awaits its answer. */
interface Pending {
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
  readonly onToken?: OnToken | undefined;
  readonly onTokens?: OnTokens | undefined;
}

/**
 * Starts the worker from its built file, or from its source if this file is itself loaded from
 * source.
 */
function startWorker(options: EngineOptions): Worker {
  if (!import.meta.url.endsWith(".ts")) {
    return new Worker(new URL("./policy-worker.js", import.meta.url), { workerData: options });
  }
  return new Worker(new URL("./start-from-source.mjs", import.meta.url), {
    workerData: options,
    execArgv: ["--conditions=turnwise-source"],
  });
}

/**
 * Starts an engine in a worker thread.
 * @throws The engine's own error if it cannot start.
 */
export async function connectWorker(options: EngineOptions): Promise<EnginePort> {
  const worker = startWorker(options);
  await new Promise<void>((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", (message: FromWorker) => {
      worker.off("error", reject);
      if (message.kind !== "failed") return resolve();
      void worker.terminate();
      reject(deserializeError(message.error));
    });
  });
  return new WorkerPort(worker);
}

/** Engine in a worker thread. */
export class WorkerPort implements EnginePort {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #requests: SentRequest[] = [];
  #nextId = 0;
  /** Reason why no further calls are possible. */
  #ended: Error | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", (message: FromWorker) => this.#receive(message));
    worker.on("error", (cause) => {
      this.#end(new Error(`policy worker: stopped by an error: ${cause.message}`, { cause }));
    });
    worker.on("exit", (code) => {
      this.#end(new Error(`policy worker: exited before close(), with code ${code}`));
    });
    worker.unref();
  }

  sample(request: SampleRequest, onToken?: OnToken): PendingSample {
    const { id, answer } = this.#ask<SampledResponse>({ onToken });
    if (this.#requests.length === 0) {
      // Wait until the end of this tick, so that all its requests are sent in one message.
      process.nextTick(() => {
        const requests = this.#requests;
        this.#requests = [];
        this.#send({ kind: "sample", requests });
      });
    }
    this.#requests.push({ id, request, sendsTokens: onToken !== undefined });
    const cancel = (reason: unknown): void => {
      if (!this.#settle(id, ({ reject }) => reject(reason))) return;
      const unsent = this.#requests.findIndex((each) => each.id === id);
      if (unsent >= 0) this.#requests.splice(unsent, 1);
      else this.#send({ kind: "cancel", id });
    };
    return { response: answer, cancel };
  }

  release(sequenceId: string): void {
    // Keep call order: post after the requests already queued in this tick.
    process.nextTick(() => this.#send({ kind: "release", sequenceId }));
  }

  load(version: number): Promise<void> {
    return this.#call({ method: "load", version });
  }
  scoreTokens(rows: readonly (readonly number[])[]): Promise<RowScores[]> {
    return this.#call({ method: "scoreTokens", rows });
  }
  usage(): Promise<SamplerUsage> {
    return this.#call({ method: "usage" });
  }
  tokenCounts(): Promise<TokenCounts> {
    return this.#call({ method: "tokenCounts" });
  }
  score(rows: readonly TokenRow[], onTokens?: OnTokens): Promise<ScoredRow[]> {
    return this.#call({ method: "score", rows }, onTokens);
  }
  scoreReference(rows: readonly TokenRow[], onTokens?: OnTokens): Promise<ScoredRow[]> {
    return this.#call({ method: "scoreReference", rows }, onTokens);
  }
  update(
    rows: readonly TrainingRow[],
    objective: ObjectiveProgram,
    onTokens?: OnTokens,
  ): Promise<{ report: UpdateReport; version: number }> {
    return this.#call({ method: "update", rows, objective }, onTokens);
  }
  save(directory: string): Promise<void> {
    return this.#call({ method: "save", directory });
  }
  saveModel(directory: string, options: SaveModelOptions): Promise<void> {
    return this.#call({ method: "saveModel", directory, options });
  }
  restore(directory: string): Promise<number> {
    return this.#call({ method: "restore", directory });
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    await this.#call<void>({ method: "close" });
    this.#end(
      new Error("policy: must not be closed before its calls end, or called after close()"),
    );
    await this.#worker.terminate();
  }

  #call<T>(call: Call, onTokens?: OnTokens): Promise<T> {
    const { id, answer } = this.#ask<T>({ onTokens });
    // Keep call order: post after the requests already queued in this tick.
    process.nextTick(() => this.#send({ kind: "call", id, call }));
    return answer;
  }

  #ask<T>(listeners: Pick<Pending, "onToken" | "onTokens">): { id: number; answer: Promise<T> } {
    const id = this.#nextId++;
    const answer = new Promise<T>((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      this.#pending.set(id, { resolve, reject, ...listeners });
      // The worker keeps the process alive only while calls are pending.
      if (this.#pending.size === 1) this.#worker.ref();
    });
    return { id, answer };
  }

  #send(message: ToWorker): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    if (!this.#ended) this.#worker.postMessage(message);
  }

  #settle(id: number, settle: (pending: Pending) => void): boolean {
    const pending = this.#pending.get(id);
    if (!pending) return false;
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#worker.unref();
    settle(pending);
    return true;
  }

  #receive(message: FromWorker): void {
    if (message.kind !== "answers") return;
    for (const answer of message.answers) {
      if ("token" in answer) {
        this.#pending.get(answer.id)?.onToken?.(answer.token);
        continue;
      }
      if ("done" in answer) {
        this.#pending.get(answer.id)?.onTokens?.(answer.done, answer.total);
        continue;
      }
      this.#settle(answer.id, ({ resolve, reject }) => {
        if ("error" in answer) reject(deserializeError(answer.error));
        // Sound because the worker answers each call with its own result type.
        else resolve(answer.value as never);
      });
    }
  }

  #end(reason: Error): void {
    this.#ended ??= reason;
    for (const id of this.#pending.keys()) {
      this.#settle(id, ({ reject }) => reject(this.#ended));
    }
  }
}
