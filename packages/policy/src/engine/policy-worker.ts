import { parentPort, workerData, type MessagePort } from "node:worker_threads";
import type { OnTokens } from "@turnwise/core";
import type { EngineOptions, PendingSample } from "./engine-port.ts";
import { PolicyEngine } from "./policy-engine.ts";
import type { OnToken } from "../sampling/sample-request.ts";
import { serializeError } from "./serialize-error.ts";
import type { Answer, Call, FromWorker, ToWorker } from "./worker-messages.ts";

/** Combines answers that become ready in the same microtask run into one message. */
class Outbox {
  readonly #port: MessagePort;
  #answers: Answer[] = [];
  #transfer = new Set<ArrayBuffer>();

  constructor(port: MessagePort) {
    this.#port = port;
  }

  async answer(id: number, result: Promise<unknown>): Promise<void> {
    try {
      const value = await result;
      this.#put({ id, value });
    } catch (error) {
      this.#put({ id, error: serializeError(error) });
    }
  }

  /** Returns a listener that sends the progress of a call. */
  sendProgress(id: number): OnTokens {
    return (done, total) => this.#put({ id, done, total });
  }

  /** Returns a listener that sends each token of a request. */
  sendTokens(id: number): OnToken {
    return (token) => this.#put({ id, token });
  }

  #put(answer: Answer): void {
    if (this.#answers.length === 0) queueMicrotask(() => this.#flush());
    this.#answers.push(answer);
  }

  #flush(): void {
    const message: FromWorker = { kind: "answers", answers: this.#answers };
    this.#port.postMessage(message, [...this.#transfer]);
    this.#answers = [];
    this.#transfer = new Set();
  }
}

function call(engine: PolicyEngine, question: Call, onTokens: OnTokens): Promise<unknown> {
  switch (question.method) {
    case "load":
      return engine.load(question.version);
    case "scoreTokens":
      return engine.scoreTokens(question.rows);
    case "usage":
      return engine.usage();
    case "tokenCounts":
      return engine.tokenCounts();
    case "score":
      return engine.score(question.rows, onTokens);
    case "scoreReference":
      return engine.scoreReference(question.rows, onTokens);
    case "update":
      return engine.update(question.rows, question.objective, onTokens);
    case "save":
      return engine.save(question.directory);
    case "saveModel":
      return engine.saveModel(question.directory, question.options);
    case "restore":
      return engine.restore(question.directory);
    case "close":
      return engine.close();
    default:
      throw new TypeError("policy-worker: unknown method");
  }
}

async function serve(port: MessagePort, options: EngineOptions): Promise<void> {
  const send = (message: FromWorker): void => port.postMessage(message);
  let engine: PolicyEngine;
  try {
    engine = await PolicyEngine.create(options);
  } catch (error) {
    send({ kind: "failed", error: serializeError(error) });
    return;
  }
  const outbox = new Outbox(port);
  const samples = new Map<number, PendingSample>();
  port.on("message", (message: ToWorker) => {
    switch (message.kind) {
      case "call":
        void outbox.answer(message.id, call(engine, message.call, outbox.sendProgress(message.id)));
        break;
      case "sample":
        for (const { id, request, sendsTokens } of message.requests) {
          const onToken = sendsTokens ? outbox.sendTokens(id) : undefined;
          const pending = engine.sample(request, onToken);
          samples.set(id, pending);
          void outbox.answer(
            id,
            pending.response.finally(() => samples.delete(id)),
          );
        }
        break;
      case "cancel":
        samples.get(message.id)?.cancel(new Error("sample: the request was cancelled"));
        break;
      case "release":
        engine.release(message.sequenceId);
        break;
    }
  });
  send({ kind: "ready" });
}

if (!parentPort) throw new Error("policy-worker: must be run as a worker thread");
await serve(parentPort, workerData);
