import { createHash } from "node:crypto";

/** Part of all tasks that a generator can make. */
export type GeneratedSplit = "train" | "held_out";

/** Splits of generated tasks. */
export const generatedSplits: readonly GeneratedSplit[] = ["train", "held_out"];

/** Hash of whatever makes a task what it is, 64 hexadecimal digits. */
export function computeFingerprint(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Split of a task, fixed by its fingerprint alone: one in five is held out. */
export function assignSplit(fingerprint: string): GeneratedSplit {
  return Number.parseInt(fingerprint.slice(0, 8), 16) % 5 === 0 ? "held_out" : "train";
}
