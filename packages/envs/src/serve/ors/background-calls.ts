import type { Clock } from "../clock.ts";

/** Time for which the result of a call is kept, seconds: clients ask again after a lost connection. */
const keptSeconds = 60;
/** Maximum number of calls of a client that are kept. */
const maxKept = 64;

/** A running or finished call; `result` resolves to the text of its reply. */
export interface BackgroundCall {
  readonly id: string;
  readonly result: Promise<string>;
}

/** Calls that continue after their client has disconnected. */
export class BackgroundCalls {
  readonly #clock: Clock;
  readonly #calls = new Map<string, BackgroundCall>();
  #nextId = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Starts a call. @param run - Must not throw. */
  start(run: () => Promise<string>): BackgroundCall {
    const id = `call-${this.#nextId++}`;
    const call: BackgroundCall = { id, result: run() };
    this.#calls.set(id, call);
    const [oldest] = this.#calls.keys();
    if (this.#calls.size > maxKept && oldest !== undefined) this.#calls.delete(oldest);
    void call.result.then(() => {
      this.#clock.after(keptSeconds, () => this.#calls.delete(id));
      return undefined;
    });
    return call;
  }

  /** Finds a call by its id; `undefined` if it is unknown or no longer kept. */
  find(id: string): BackgroundCall | undefined {
    return this.#calls.get(id);
  }
}
