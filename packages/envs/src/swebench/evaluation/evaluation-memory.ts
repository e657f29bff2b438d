import { createHash } from "node:crypto";
import { checkInteger } from "@turnwise/core";
import type { Evaluation } from "./evaluate.ts";

/**
 * Cache of verdicts: equal patches for an instance are evaluated only once, because trajectories of
 * a group often submit equal patches. Use it only if tests are deterministic. Failures are not
 * cached.
 */
export class EvaluationMemory {
  readonly #maxEntries: number;
  readonly #entries = new Map<string, Promise<Evaluation>>();
  #numRecalled = 0;

  /**
   * @param maxEntries - Maximum number of cached verdicts, `>= 1`; the oldest are dropped. Default
   *   10,000.
   */
  constructor(maxEntries = 10_000) {
    checkInteger("EvaluationMemory", { maxEntries }, { min: 1 });
    this.#maxEntries = maxEntries;
  }

  /** Returns the verdict on a patch: cached, from an evaluation in progress, or from a new one. */
  async recall(
    instanceId: string,
    patch: string | Uint8Array,
    evaluate: () => Promise<Evaluation>,
  ): Promise<Evaluation> {
    const key = createHash("sha256").update(`${instanceId}\0`).update(patch).digest("hex");
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#numRecalled += 1;
      return known;
    }
    const evaluation = evaluate();
    // Only the first caller gets the log, which is long and already graded.
    const kept = evaluation.then((entry) => ({ ...entry, log: "" }));
    this.#entries.set(key, kept);
    kept.catch(() => this.#entries.delete(key));
    if (this.#entries.size > this.#maxEntries) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    return evaluation;
  }

  /** Number of verdicts taken from the cache. */
  get numRecalled(): number {
    return this.#numRecalled;
  }
}
