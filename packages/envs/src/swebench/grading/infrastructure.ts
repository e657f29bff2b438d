/** Sign in a log of a failure outside of the tests. */
export interface InfrastructureSign {
  /** `out_of_memory`, `network_unreachable`, ... */
  readonly reason: string;
  /** `environment`: not caused by the patch. `ambiguous`: possibly caused by the patch. */
  readonly tier: "environment" | "ambiguous";
}

const signs: readonly (readonly [InfrastructureSign["tier"], string, RegExp])[] = [
  ["environment", "browser_launch_failed", /Failed to launch|Failed to connect to the bus/u],
  [
    "environment",
    "display_unavailable",
    /cannot open display|Missing X server|unable to open X display/u,
  ],
  [
    "environment",
    "out_of_memory",
    /Cannot allocate memory|OutOfMemoryError|(?<![^\n])Killed(?![^\n])/u,
  ],
  [
    "environment",
    "container_unavailable",
    /Error response from daemon|Cannot connect to the Docker daemon/u,
  ],
  [
    "environment",
    "network_unreachable",
    /Could not resolve host|Temporary failure in name resolution/u,
  ],
  ["ambiguous", "missing_module", /Cannot find module|MODULE_NOT_FOUND|ModuleNotFoundError/u],
  ["ambiguous", "no_tests_collected", /no tests ran|collected 0 items/u],
  ["ambiguous", "tests_timed_out", /Timeout error: \d+ seconds exceeded/u],
];

/** First sign of an infrastructure failure in a log, in the benchmark's order. */
export function infrastructureSign(log: string): InfrastructureSign | undefined {
  for (const [tier, reason, pattern] of signs) if (pattern.test(log)) return { reason, tier };
  return undefined;
}
