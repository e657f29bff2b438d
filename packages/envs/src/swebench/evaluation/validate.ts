import { ContainerError, type ContainerEngine } from "../containers/container.ts";
import { fileDiff } from "../demo/text-diff.ts";
import type { SweInstance } from "../instances/instance.ts";
import { evaluatePatch, type Evaluation, type EvaluationOptions } from "./evaluate.ts";

/** What was found out about an instance on an engine. */
export interface Validation {
  readonly id: string;
  /**
   * `usable`: the gold patch is resolved, and one that changes nothing is not. `unknown`: the
   * infrastructure failed, and it should be tried again.
   */
  readonly verdict: "usable" | "unusable" | "unknown";
  /** Why it is not usable; empty if it is. */
  readonly reason: string;
  /** Of the gold patch; absent where it could not be evaluated. */
  readonly gold?: Evaluation;
  /** Of a patch that adds a file nobody reads; absent where it was not needed. */
  readonly idle?: Evaluation;
}

/** A patch that changes nothing that a test could see. */
const idlePatch = fileDiff("turnwise-notes.txt", undefined, "nothing\n");

/**
 * Finds out whether an instance can be trained and evaluated on here: published gold patches do not
 * all pass without a network, and a broken image may reward doing nothing.
 */
export async function validateInstance(
  instance: SweInstance,
  engine: ContainerEngine,
  options: EvaluationOptions = {},
): Promise<Validation> {
  const { id } = instance;
  try {
    const gold = await evaluatePatch(instance, instance.goldPatch, engine, options);
    if (!gold.grade.isResolved) {
      return { id, verdict: "unusable", reason: `the gold patch fails: ${reasonOf(gold)}`, gold };
    }
    const idle = await evaluatePatch(instance, idlePatch, engine, options);
    if (idle.grade.isResolved) {
      return { id, verdict: "unusable", reason: "doing nothing is rewarded", gold, idle };
    }
    return { id, verdict: "usable", reason: "", gold, idle };
  } catch (error) {
    if (!(error instanceof ContainerError)) throw error;
    return { id, verdict: "unknown", reason: `${error.kind}: ${error.message}` };
  }
}

function reasonOf({ grade, isPatchApplied }: Evaluation): string {
  if (!isPatchApplied) return "it does not apply";
  if (grade.reason !== undefined) return grade.reason;
  const failing = [
    ...(grade.tests?.failToPass.failure ?? []),
    ...(grade.tests?.passToPass.failure ?? []),
  ];
  const more = failing.length > 3 ? ` and ${failing.length - 3} more` : "";
  return `${failing.slice(0, 3).join(", ")}${more}`;
}
