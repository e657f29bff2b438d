/**
 * Share of simulated studies whose 95 % BCa interval of paired differences contains the true mean,
 * by the noise of the differences.
 */
export interface SimulatedCoverage {
  /** Number of paired seeds of each simulated study. */
  readonly numSeeds: number;
  /** Normally distributed differences. */
  readonly normal: number;
  /** Exponential noise in both arms. */
  readonly skewed: number;
  /** Success rates on 128 tasks in both arms. */
  readonly binomial: number;
}
