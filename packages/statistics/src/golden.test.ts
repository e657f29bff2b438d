import { readFileSync } from "node:fs";
import { createRandom } from "@turnwise/core";
import { expect, it } from "vitest";
import {
  bcaInterval,
  holmAdjust,
  improvementProbability,
  pairedPower,
  rateVariance,
  signFlipTest,
  tInterval,
  toleranceFactor,
  varianceComponents,
  welchInterval,
  wilsonInterval,
} from "./index.ts";

type Ends = readonly [low: number, high: number];
type SampleName = "two" | "five" | "ties" | "eight";

/** Reference values from SciPy and from exhaustive enumeration, written by scripts/golden.py. */
interface Golden {
  readonly samples: Readonly<Record<SampleName, readonly number[]>>;
  readonly tInterval: readonly { sample: SampleName; confidence: number; interval: Ends }[];
  readonly welch: readonly {
    treatment: SampleName;
    baseline: SampleName;
    low: number;
    high: number;
    degreesOfFreedom: number;
  }[];
  readonly bca: readonly { sample: SampleName; confidence: number; interval: Ends }[];
  readonly signFlip: readonly { sample: SampleName; p: number }[];
  readonly holm: readonly { p: readonly number[]; adjusted: readonly number[] }[];
  readonly power: readonly { effect: number; numSeeds: number; level: number; power: number }[];
  readonly toleranceFactor: readonly {
    numSeeds: number;
    content: number;
    confidence: number;
    factor: number;
  }[];
  readonly varianceComponents: readonly {
    solved: readonly number[];
    numTasks: number;
    total: number;
    evaluation: number;
    training: number;
    trainingLow: number;
    trainingHigh: number;
  }[];
  readonly wilson: readonly { numSolved: number; numTasks: number; interval: Ends }[];
  readonly clopperPearson: readonly { wins: number; numSeeds: number; interval: Ends }[];
}

const file = new URL("../testdata/golden.json", import.meta.url);
const golden = JSON.parse(readFileSync(file, "utf8")) as Golden;
const { samples } = golden;
const random = createRandom("golden");

/** Equality up to rounding: both sides compute in float64, but by different methods. */
function expectClose(actual: number, expected: number, tolerance = 1e-9): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(
    tolerance * Math.max(1e-3, Math.abs(expected)),
  );
}

it.each(golden.tInterval)(
  "t interval of $sample at $confidence",
  ({ sample, confidence, interval }) => {
    const { low, high } = tInterval(samples[sample], { confidence });
    expectClose(low, interval[0]);
    expectClose(high, interval[1]);
  },
);

it.each(golden.welch)("Welch interval of $treatment and $baseline", (expected) => {
  const actual = welchInterval(samples[expected.treatment], samples[expected.baseline]);
  expectClose(actual.low, expected.low);
  expectClose(actual.high, expected.high);
  expectClose(actual.degreesOfFreedom, expected.degreesOfFreedom);
});

it.each(golden.bca)(
  "BCa interval of $sample at $confidence",
  ({ sample, confidence, interval }) => {
    const { low, high } = bcaInterval(samples[sample], random, { confidence });
    expectClose(low, interval[0]);
    expectClose(high, interval[1]);
  },
);

it.each(golden.signFlip)("sign-flip p of $sample", ({ sample, p }) => {
  expect(signFlipTest(samples[sample], random).p).toBe(p);
});

it.each(golden.holm)("Holm's adjustment of $p", ({ p, adjusted }) => {
  for (const [i, value] of holmAdjust(p).entries()) expectClose(value, adjusted[i]!);
});

it.each(golden.power)("power of $numSeeds seeds for $effect at $level", (expected) => {
  const { effect, numSeeds, level, power } = expected;
  expect(pairedPower(effect, numSeeds, { level })).toBeCloseTo(power, 9);
});

it.each(golden.toleranceFactor)("tolerance factor of $numSeeds seeds, $content", (expected) => {
  const { numSeeds, content, confidence, factor } = expected;
  expectClose(toleranceFactor(numSeeds, { content, confidence }), factor, 1e-8);
});

it.each(golden.varianceComponents)("variance components of $solved", (expected) => {
  const { solved, numTasks } = expected;
  const actual = varianceComponents(
    solved.map((count) => count / numTasks),
    solved.map((count) => rateVariance(count, numTasks)),
  );
  for (const name of ["total", "evaluation", "training", "trainingLow", "trainingHigh"] as const) {
    expectClose(actual[name], expected[name]);
  }
});

it.each(golden.wilson)("Wilson interval of $numSolved of $numTasks", (expected) => {
  const { low, high } = wilsonInterval(expected.numSolved, expected.numTasks);
  expectClose(low, expected.interval[0]);
  expectClose(high, expected.interval[1]);
});

it.each(golden.clopperPearson)("exact interval of $wins wins in $numSeeds", (expected) => {
  const { wins, numSeeds, interval } = expected;
  const differences = Array.from({ length: numSeeds }, (_, i) => (i < wins ? 1 : -1));
  const { low, high } = improvementProbability(differences);
  expectClose(low, interval[0]);
  expectClose(high, interval[1]);
});
