import { ContainerError, type ContainerEngine } from "../../containers/container.ts";
import { fileDiff } from "../demo/text-diff.ts";
import type { SweInstance } from "../instances/instance.ts";
import { evaluatePatch, type Evaluation, type EvaluationOptions } from "./evaluate.ts";

/** Result of validating an instance on an engine. */
export interface Validation {
  readonly id: string;
  /**
   * `usable`: the gold patch is resolved and a no-op patch is not. `unknown`: the infrastructure
   * failed; try again.
   */
  readonly verdict: "usable" | "unusable" | "unknown";
  /** Reason if the verdict is not `usable`, else `""`. */
  readonly reason: string;
  /** Evaluation of the gold patch; absent if the evaluation failed. */
  readonly gold?: Evaluation;
  /** Evaluation of a patch that adds an unused file; absent if this check was not needed. */
  readonly idle?: Evaluation;
}

/** A no-op patch, which no test can notice. */
const idlePatch = fileDiff("turnwise-notes.txt", undefined, "nothing\n");

/**
 * Checks that an instance works on this engine: some published gold patches fail without network
 * access, and a broken image may reward doing nothing.
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
      return {
        id,
        verdict: "unusable",
        reason: `the gold patch fails: ${describeReason(gold)}`,
        gold,
      };
    }
    const idle = await evaluatePatch(instance, idlePatch, engine, options);
    if (idle.grade.isResolved) {
      return { id, verdict: "unusable", reason: "a no-op patch is resolved", gold, idle };
    }
    return { id, verdict: "usable", reason: "", gold, idle };
  } catch (error) {
    if (!(error instanceof ContainerError)) throw error;
    return { id, verdict: "unknown", reason: `${error.kind}: ${error.message}` };
  }
}

function describeReason({ grade, isPatchApplied }: Evaluation): string {
  if (!isPatchApplied) return "it does not apply";
  if (grade.reason !== undefined) return grade.reason;
  const failing = [
    ...(grade.tests?.failToPass.failure ?? []),
    ...(grade.tests?.passToPass.failure ?? []),
  ];
  const more = failing.length > 3 ? ` and ${failing.length - 3} more` : "";
  return `${failing.slice(0, 3).join(", ")}${more}`;
}
