/** Number and seed of the random cases on which a law is checked. */
export interface LawOptions {
  /** Number of cases for each law. Default 100. */
  readonly numRuns?: number;
  /** Seed of the cases. Default: new cases in each run. */
  readonly seed?: number;
}

/**
 * Returns the options that are set, for fast-check; all others keep fast-check's defaults,
 * including those of `configureGlobal`.
 */
export function runOptions({ numRuns, seed }: LawOptions): { numRuns?: number; seed?: number } {
  return { ...(numRuns !== undefined && { numRuns }), ...(seed !== undefined && { seed }) };
}
