import { createHash } from "node:crypto";

/** Split of the tasks that a generator can create. */
export type GeneratedSplit = "train" | "held_out";

/** Splits of generated tasks. */
export const generatedSplits: readonly GeneratedSplit[] = ["train", "held_out"];

/** Computes the hash of a task's content, 64 hexadecimal digits. */
export function computeFingerprint(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}

/**
 * Returns the split of a task, determined by its fingerprint alone: one task in five is held out.
 */
export function assignSplit(fingerprint: string): GeneratedSplit {
  return Number.parseInt(fingerprint.slice(0, 8), 16) % 5 === 0 ? "held_out" : "train";
}
