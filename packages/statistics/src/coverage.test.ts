import { createRandom } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import { bcaCoverage, bcaInterval, tInterval, varianceComponents, rateVariance } from "./index.ts";
import { differenceNoises, simulateCoverage } from "./testing/simulate-coverage.ts";

// Random seeds are fixed, so every simulated share is the same in each run.

const sizes = [2, 3, 5, 8, 10];

describe("the primary 95 % interval", () => {
  const noises = ["normal", "taskTypes", "skewed", "binomial"] as const;
  const cases = noises.flatMap((noise) => sizes.map((numSeeds) => ({ noise, numSeeds })));

  it.each(cases)("covers 93 to 97 %: $noise noise, $numSeeds seeds", ({ noise, numSeeds }) => {
    const random = createRandom(`t/${noise}/${numSeeds}`);
    // Standard error of a share: 0.2 points with 10,000 studies, 0.4 with 3,000.
    const numStudies = noise === "binomial" ? 3000 : 10_000;
    const coverage = simulateCoverage(
      numSeeds,
      differenceNoises[noise],
      tInterval,
      numStudies,
      random,
    );
    expect(coverage).toBeGreaterThan(0.93);
    expect(coverage).toBeLessThan(0.97);
  });

  it("covers less if the differences themselves are strongly skewed, as the README says", () => {
    const random = createRandom("t/skewed-difference");
    const { skewedDifference } = differenceNoises;
    const coverage = simulateCoverage(5, skewedDifference, tInterval, 10_000, random);
    expect(coverage).toBeCloseTo(0.88, 2);
  });
});

it("is 58 % with five seeds if the six task types of a policy are drawn as if independent", () => {
  const random = createRandom("independent-types");
  const { normal } = differenceNoises;
  let covered = 0;
  for (let study = 0; study < 600; study++) {
    // Results of each seed on six task types, correlation 0.7.
    const seeds = Array.from({ length: 5 }, () => {
      const shared = Math.sqrt(0.7) * normal(random);
      return Array.from({ length: 6 }, () => shared + Math.sqrt(0.3) * normal(random));
    });
    // Percentile bootstrap that resamples seeds separately for each task type.
    const means = Array.from({ length: 400 }, () => {
      let total = 0;
      for (let type = 0; type < 6; type++) {
        for (let draw = 0; draw < 5; draw++) total += seeds[Math.floor(5 * random.next())]![type]!;
      }
      return total / 30;
    }).sort((a, b) => a - b);
    if (means[10]! <= 0 && 0 <= means[389]!) covered++;
  }
  // Two standard errors of a share of 600 studies: 4 points.
  expect(Math.abs(covered / 600 - 0.58)).toBeLessThan(0.04);
});

describe("the simulated coverage of BCa", () => {
  it.each([2, 3, 5, 10])("is reproduced with %i seeds", (numSeeds) => {
    const random = createRandom(`bca/${numSeeds}`);
    const resampling = random.fork("resampling");
    const coverage = simulateCoverage(
      numSeeds,
      differenceNoises.normal,
      (differences) => bcaInterval(differences, resampling, { numResamples: 1000 }),
      2000,
      random,
    );
    // Three standard errors of a share of 2,000 studies: 3.4 points at 50 %.
    const { normal } = bcaCoverage(numSeeds);
    expect(Math.abs(coverage - normal)).toBeLessThan(3 * Math.sqrt((normal * (1 - normal)) / 2000));
  });

  it("is below 95 % up to 20 seeds, and rises", () => {
    const rows = [2, 3, 5, 8, 10, 20].map((numSeeds) => bcaCoverage(numSeeds).normal);
    expect(rows.every((coverage) => coverage < 0.95)).toBe(true);
    expect(rows).toEqual(rows.toSorted((a, b) => a - b));
  });

  it("has a row for each number of seeds up to 20, and the next lower one beyond", () => {
    for (let n = 2; n <= 20; n++) expect(bcaCoverage(n).numSeeds).toBe(n);
    expect(bcaCoverage(35).numSeeds).toBe(30);
    expect(() => bcaCoverage(1)).toThrow(
      "bcaCoverage: numSeeds must be a whole number >= 2, got 1",
    );
  });
});

it("separates training noise from evaluation noise", () => {
  // Rates of 40 policies with standard deviation 0.05, each measured on 200 tasks: sqrt(0.6 * 0.4 /
  // 200) = 0.035.
  const random = createRandom("components");
  let covered = 0;
  for (let study = 0; study < 400; study++) {
    const solved = Array.from({ length: 8 }, () => {
      const rate = 0.6 + 0.05 * differenceNoises.normal(random);
      let count = 0;
      for (let task = 0; task < 200; task++) if (random.next() < rate) count++;
      return count;
    });
    const { trainingLow, trainingHigh } = varianceComponents(
      solved.map((count) => count / 200),
      solved.map((count) => rateVariance(count, 200)),
    );
    if (trainingLow <= 0.05 && 0.05 <= trainingHigh) covered++;
  }
  expect(covered / 400).toBeGreaterThan(0.92);
});
