import type { Executor } from "../index.ts";
import { createMeasuredLaws, type ExecutorLawOptions } from "./executor-laws.ts";

/** Result of checking one law on an executor. */
export interface ConformanceResult {
  /** Name of the law. */
  readonly law: string;
  /** True if the law holds. */
  readonly holds: boolean;
  /**
   * Largest error, relative to `max(1, |expected|)`; 0 if all results are exact or nothing is
   * computed.
   */
  readonly maxError: number;
  /** Reason why the law does not hold; empty if it holds. */
  readonly message: string;
}

/** Checks all laws of executors, and measures errors. Continues after a failure. */
export async function measureConformance(
  executor: Executor,
  options: ExecutorLawOptions = {},
): Promise<readonly ConformanceResult[]> {
  let maxError = 0;
  const laws = createMeasuredLaws(executor, options, (error) => {
    // NaN is the worst error; `Math.max` alone would not keep it.
    maxError = Number.isNaN(error) ? error : Math.max(maxError, error);
  });
  const results: ConformanceResult[] = [];
  for (const { name, check } of laws) {
    maxError = 0;
    const message = await Promise.resolve(check()).then(
      () => "",
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    results.push({ law: name, holds: message === "", maxError, message });
  }
  return results;
}
