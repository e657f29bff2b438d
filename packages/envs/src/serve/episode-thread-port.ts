import { Worker } from "node:worker_threads";
import { FailureError } from "@turnwise/core";
import type { Clock } from "./clock.ts";
import { SessionError, type SessionErrorCode } from "./session-error.ts";
import type {
  FromThread,
  SerializedError,
  ThreadMethod,
  ThreadSetup,
  ToThread,
} from "./thread-messages.ts";

/** A call whose answer is pending. */
interface Pending {
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Options of {@link EpisodeThread}. */
export interface ThreadOptions {
  /** Memory limit of the heap, MiB. Default: Node's limit. */
  readonly memoryMegabytes?: number;
  /**
   * Maximum time for which a thread's event loop may be blocked before the thread is terminated,
   * seconds.
   */
  readonly silenceSeconds: number;
  readonly clock: Clock;
  /**
   * Called once, when the thread has ended by itself or was terminated because it did not respond.
   */
  readonly onEnd: (reason: Error) => void;
}

/** Starts the thread from the built file, or from source if this file is a source file. */
function startWorker(setup: ThreadSetup, memoryMegabytes: number | undefined): Worker {
  const options = {
    workerData: setup,
    ...(memoryMegabytes !== undefined && {
      resourceLimits: { maxOldGenerationSizeMb: memoryMegabytes },
    }),
  };
  if (!import.meta.url.endsWith(".ts")) {
    return new Worker(new URL("./episode-thread.js", import.meta.url), options);
  }
  return new Worker(new URL("./start-thread-from-source.mjs", import.meta.url), {
    ...options,
    execArgv: ["--conditions=turnwise-source"],
  });
}

function deserialize({ name, message, code, details }: SerializedError): Error {
  return name === "SessionError"
    ? new SessionError(code as SessionErrorCode, message, details)
    : new Error(message);
}

/** Controls a thread that runs episodes, from the server's thread. */
export class EpisodeThread {
  readonly #worker: Worker;
  readonly #options: ThreadOptions;
  readonly #pending = new Map<number, Pending>();
  #unsent: ToThread[] = [];
  #nextId = 0;
  #ended: Error | undefined;
  #cancelWatch: () => void = () => undefined;

  constructor(setup: ThreadSetup, options: ThreadOptions) {
    this.#options = options;
    this.#worker = startWorker(setup, options.memoryMegabytes);
    this.#worker.on("message", (answers: readonly FromThread[]) => this.#receive(answers));
    this.#worker.on("error", (cause) => this.#end(`ended with an error: ${cause.message}`));
    this.#worker.on("exit", (code) => this.#end(`exited with code ${code}`));
    this.#worker.unref();
  }

  /**
   * Calls a method of the host in the thread.
   * @throws `FailureError` of kind `resources` if the thread ends; the reason of the signal if it
   *   aborts.
   */
  async call<T>(
    method: ThreadMethod,
    parameters: readonly unknown[],
    signal?: AbortSignal,
  ): Promise<T> {
    signal?.throwIfAborted();
    if (this.#ended) throw this.#ended;
    const id = this.#nextId++;
    const abort = (): void => this.#send({ kind: "abort", id });
    signal?.addEventListener("abort", abort, { once: true });
    try {
      return await new Promise<T>((resolve, reject) => {
        if (this.#pending.size === 0) {
          // The thread keeps the process alive only while calls are pending.
          this.#worker.ref();
          this.#watch();
        }
        this.#pending.set(id, { resolve, reject });
        this.#send({ kind: "call", id, method, parameters });
      });
    } catch (cause) {
      signal?.throwIfAborted();
      throw cause;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Terminates the thread. */
  async terminate(): Promise<void> {
    this.#fail("was closed");
    await this.#worker.terminate();
  }

  #send(message: ToThread): void {
    // Calls in the same turn of the event loop are sent in one message.
    if (this.#unsent.length === 0) {
      process.nextTick(() => {
        const messages = this.#unsent;
        this.#unsent = [];
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
        if (!this.#ended) this.#worker.postMessage(messages);
      });
    }
    this.#unsent.push(message);
  }

  #receive(answers: readonly FromThread[]): void {
    for (const answer of answers) {
      const pending = this.#pending.get(answer.id);
      this.#pending.delete(answer.id);
      if ("error" in answer) pending?.reject(deserialize(answer.error));
      // The cast trusts the thread to answer with the right type.
      else pending?.resolve(answer.value as never);
    }
    if (this.#pending.size === 0) this.#worker.unref();
    this.#watch();
  }

  /** Asks the thread to respond if it has not answered for half of the time limit. */
  #watch(): void {
    const { clock, silenceSeconds } = this.#options;
    this.#cancelWatch();
    this.#cancelWatch = clock.after(silenceSeconds / 2, () => {
      if (this.#pending.size === 0) return;
      this.#send({ kind: "ping" });
      this.#cancelWatch = clock.after(silenceSeconds / 2, () => {
        this.#end(`must answer, was blocked for ${silenceSeconds} s`);
        void this.#worker.terminate();
      });
    });
  }

  /** Fails all pending and future calls, and notifies the owner of the thread. */
  #end(reason: string): void {
    if (this.#ended) return;
    this.#options.onEnd(this.#fail(reason));
  }

  #fail(reason: string): Error {
    this.#cancelWatch();
    this.#ended ??= new FailureError("resources", `episode thread: ${reason}`);
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
    return this.#ended;
  }
}
