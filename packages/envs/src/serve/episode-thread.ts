import { parentPort, workerData } from "node:worker_threads";
import { readMessage } from "../call-within.ts";
import type { TaskSource } from "../task-source.ts";
import { LocalHost } from "./local-host.ts";
import { SessionError } from "./session-error.ts";
import type { FromThread, SerializedError, ThreadSetup, ToThread } from "./thread-messages.ts";

// Program of a thread that runs episodes. It reads batches of calls, and answers in batches.

const port = parentPort!;
const { module, exported } = workerData as ThreadSetup;

async function open(parameters: readonly unknown[]): Promise<TaskSource> {
  const exports = (await import(module)) as Readonly<Record<string, unknown>>;
  const create = exports[exported];
  if (typeof create !== "function") {
    throw new TypeError(`${module}: export ${exported} must be a function, got ${typeof create}`);
  }
  return (await create(...parameters)) as TaskSource;
}

const host = new LocalHost(open);
const running = new Map<number, AbortController>();
let answers: FromThread[] = [];

function answer(result: FromThread): void {
  // Calls that end in the same turn of the event loop are answered in one message.
  if (answers.length === 0) {
    setImmediate(() => {
      port.postMessage(answers);
      answers = [];
    });
  }
  answers.push(result);
}

function serialize(error: unknown): SerializedError {
  const message = readMessage(error);
  if (!(error instanceof SessionError)) return { name: "Error", message };
  return { name: error.name, message, code: error.code, details: error.details };
}

async function run({
  id,
  method,
  parameters,
}: Extract<ToThread, { readonly kind: "call" }>): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  try {
    const call = host[method] as (...list: readonly unknown[]) => Promise<unknown>;
    answer({ id, value: await call.call(host, ...parameters, controller.signal) });
  } catch (error) {
    answer({ id, error: serialize(error) });
  } finally {
    running.delete(id);
  }
}

port.on("message", (messages: readonly ToThread[]) => {
  for (const message of messages) {
    if (message.kind === "call") void run(message);
    else if (message.kind === "ping") port.postMessage([]);
    else running.get(message.id)?.abort(new SessionError("closed", "the call was cancelled"));
  }
});
