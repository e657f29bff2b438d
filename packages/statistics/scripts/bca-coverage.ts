/**
 * Simulates the coverage of `bcaInterval` at 95 % and writes `src/bca-coverage-table.ts`. Takes
 * minutes.
 * `npx tsx --conditions=turnwise-source packages/statistics/scripts/bca-coverage.ts`
 */
import { writeFileSync } from "node:fs";
import { createRandom } from "@turnwise/core";
import { bcaInterval } from "../src/bca-interval.ts";
import { differenceNoises, simulateCoverage } from "../src/testing/simulate-coverage.ts";

const numStudies = 10_000;
const sizes = [...Array.from({ length: 19 }, (_, i) => i + 2), 25, 30, 40, 50];

const rows = sizes.map((numSeeds) => {
  const [normal, skewed, binomial] = (["normal", "skewed", "binomial"] as const).map((name) => {
    const random = createRandom(`bca-coverage/${name}/${numSeeds}`);
    const resampling = random.fork("resampling");
    // A tenth of the default number of resamples changes the coverage by less than its sampling
    // error.
    const interval = (differences: readonly number[]) =>
      bcaInterval(differences, resampling, { numResamples: 1000 });
    return simulateCoverage(numSeeds, differenceNoises[name], interval, numStudies, random);
  });
  console.log(numSeeds, normal, skewed, binomial);
  return `  { numSeeds: ${numSeeds}, normal: ${normal}, skewed: ${skewed}, binomial: ${binomial} },`;
});

const text = `// Written by scripts/bca-coverage.ts: ${numStudies} simulated studies for each number.
import type { SimulatedCoverage } from "./simulated-coverage.ts";

/** Coverage of \`bcaInterval\` at 95 %, ascending by number of seeds. */
export const bcaCoverageTable: readonly SimulatedCoverage[] = [
${rows.join("\n")}
];
`;
writeFileSync(new URL("../src/bca-coverage-table.ts", import.meta.url), text);
