import type { Executor } from "../index.ts";
import { measuredLaws, type ExecutorLawOptions } from "./executor-laws.ts";

/** How an executor does at one law. */
export interface ConformanceResult {
  /** The name of the law. */
  readonly law: string;
  /** Whether it holds. */
  readonly holds: boolean;
  /**
   * The largest error that was found, relative to an entry or to 1 if that is more; 0 where all is
   * exact, or where nothing is computed.
   */
  readonly maxError: number;
  /** Why it does not hold; empty if it does. */
  readonly message: string;
}

/** Checks all laws of executors, and measures how near the numbers are. Goes on where one fails. */
export async function measureConformance(
  executor: Executor,
  options: ExecutorLawOptions = {},
): Promise<readonly ConformanceResult[]> {
  let maxError = 0;
  const laws = measuredLaws(executor, options, (error) => {
    // NaN is the worst of all, and must not be lost.
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
