import { checkInteger } from "@turnwise/core";
import { bcaCoverageTable } from "./bca-coverage-table.ts";
import type { SimulatedCoverage } from "./simulated-coverage.ts";

/**
 * Simulated coverage of `bcaInterval` at 95 %; show it next to every such interval (10,000 studies
 * per number: standard error 0.2 points at 95 %, 0.5 at 50 %).
 *
 * @param numSeeds - Number of paired seeds, `>= 2`.
 * @returns The row for `numSeeds`, or for the largest simulated number of seeds below it; all
 *   numbers up to 20 were simulated.
 * @throws `RangeError` for fewer than 2 seeds.
 *
 * @example
 * bcaCoverage(5).normal; // 0.8342, although the nominal coverage is 0.95
 */
export function bcaCoverage(numSeeds: number): SimulatedCoverage {
  checkInteger("bcaCoverage", { numSeeds }, { min: 2 });
  return bcaCoverageTable.findLast((row) => row.numSeeds <= numSeeds)!;
}
