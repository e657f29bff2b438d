/** Share of simulated studies whose 95 % BCa interval of paired differences holds the true mean. */
export interface SimulatedCoverage {
  /** Number of paired seeds of each simulated study. */
  readonly numSeeds: number;
  /** Normal differences. */
  readonly normal: number;
  /** Both arms with exponential noise. */
  readonly skewed: number;
  /** Both arms measured by success on 128 tasks. */
  readonly binomial: number;
}
