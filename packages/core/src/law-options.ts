/** Number and seed of the cases that a law is tried on. */
export interface LawOptions {
  /** Cases for each law. Default 100. */
  readonly numRuns?: number;
  /** Fixes the cases. Default: new ones in each run. */
  readonly seed?: number;
}

/**
 * The options that are set, for fast-check: its own defaults, those of `configureGlobal` included, fill
 * the rest.
 */
export function runOptions({ numRuns, seed }: LawOptions): { numRuns?: number; seed?: number } {
  return { ...(numRuns !== undefined && { numRuns }), ...(seed !== undefined && { seed }) };
}
