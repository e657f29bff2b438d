import { createHash } from "node:crypto";
import { checkInteger } from "@turnwise/core";
import type { Evaluation } from "./evaluate.ts";

/**
 * Keeps verdicts, so that a patch is evaluated once an instance: siblings often hand in the same one.
 * Only for tests that give the same result whenever they run. A failure is not kept.
 */
export class EvaluationMemory {
  readonly #maxEntries: number;
  readonly #entries = new Map<string, Promise<Evaluation>>();
  #numRecalled = 0;

  /** @param maxEntries - Beyond it, the oldest verdicts are forgotten, `>= 1`. Default 10,000. */
  constructor(maxEntries = 10_000) {
    checkInteger("EvaluationMemory", { maxEntries }, { min: 1 });
    this.#maxEntries = maxEntries;
  }

  /** The verdict on a patch: the kept one, that of an evaluation under way, or a new one. */
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
    // The log is long, and has been graded: only the first caller gets it.
    const kept = evaluation.then((entry) => ({ ...entry, log: "" }));
    this.#entries.set(key, kept);
    kept.catch(() => this.#entries.delete(key));
    if (this.#entries.size > this.#maxEntries) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    return evaluation;
  }

  /** How often a verdict did not need an evaluation. */
  get numRecalled(): number {
    return this.#numRecalled;
  }
}
