/** An estimate with a confidence interval. */
export interface IntervalEstimate {
  readonly estimate: number;
  /** Lower end of the interval, at most `high`. */
  readonly low: number;
  readonly high: number;
  /**
   * Nominal probability, over repetitions of the whole study, that the interval contains the true
   * value.
   */
  readonly confidence: number;
}

/** Options of functions that return an interval. */
export interface IntervalOptions {
  /** Nominal coverage of the two-sided interval, in (0, 1). Default 0.95. */
  readonly confidence?: number;
}
