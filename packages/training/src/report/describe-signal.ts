import { formatCount } from "@turnwise/core";
import type { MetricsLine } from "../run/run-folder.ts";

/**
 * Warns of iterations in which the policy learned nothing: iterations without an update, or with
 * advantages that were all 0.
 * @returns One sentence; `undefined` if every iteration had a learning signal.
 */
export function describeMissingSignal(metrics: readonly MetricsLine[]): string | undefined {
  const iterations = metrics.filter(({ stage }) => stage === "iteration");
  const numFlat = iterations.filter(isFlat).length;
  if (numFlat === 0) return undefined;
  const isAll = numFlat === iterations.length;
  const count = isAll
    ? `any of the ${formatCount(numFlat, "iteration")}`
    : `${numFlat} of ${formatCount(iterations.length, "iteration")}`;
  return (
    `no learning signal in ${count}: every response had an advantage of 0, because the episodes of each group had equal returns` +
    (isAll
      ? "; the policy learned nothing: use easier tasks, larger groups (training.groupSize) or a longer warm start"
      : "")
  );
}

/** True for an iteration without an update, or with advantages that are all 0. */
function isFlat(line: MetricsLine): boolean {
  const hasAdvantages =
    line["modulatedPositive"] !== undefined || line["modulatedNegative"] !== undefined;
  return line["updates"] === 0 || !hasAdvantages;
}
