// Written by scripts/bca-coverage.ts: 10000 simulated studies for each number.
import type { SimulatedCoverage } from "./simulated-coverage.ts";

/** Coverage of `bcaInterval` at 95 %, ascending by number of seeds. */
export const bcaCoverageTable: readonly SimulatedCoverage[] = [
  { numSeeds: 2, normal: 0.4987, skewed: 0.4988, binomial: 0.5571 },
  { numSeeds: 3, normal: 0.723, skewed: 0.7046, binomial: 0.7543 },
  { numSeeds: 4, normal: 0.7981, skewed: 0.7759, binomial: 0.8175 },
  { numSeeds: 5, normal: 0.8342, skewed: 0.8071, binomial: 0.8525 },
  { numSeeds: 6, normal: 0.8643, skewed: 0.8259, binomial: 0.8651 },
  { numSeeds: 7, normal: 0.8768, skewed: 0.84, binomial: 0.879 },
  { numSeeds: 8, normal: 0.8891, skewed: 0.8485, binomial: 0.8868 },
  { numSeeds: 9, normal: 0.8849, skewed: 0.8572, binomial: 0.8976 },
  { numSeeds: 10, normal: 0.9025, skewed: 0.8568, binomial: 0.9018 },
  { numSeeds: 11, normal: 0.9055, skewed: 0.8726, binomial: 0.907 },
  { numSeeds: 12, normal: 0.9033, skewed: 0.8732, binomial: 0.9098 },
  { numSeeds: 13, normal: 0.9089, skewed: 0.8795, binomial: 0.9135 },
  { numSeeds: 14, normal: 0.9136, skewed: 0.8819, binomial: 0.9156 },
  { numSeeds: 15, normal: 0.9145, skewed: 0.8849, binomial: 0.9191 },
  { numSeeds: 16, normal: 0.9166, skewed: 0.8955, binomial: 0.9218 },
  { numSeeds: 17, normal: 0.9238, skewed: 0.8861, binomial: 0.9222 },
  { numSeeds: 18, normal: 0.9236, skewed: 0.8873, binomial: 0.9253 },
  { numSeeds: 19, normal: 0.9259, skewed: 0.8983, binomial: 0.9251 },
  { numSeeds: 20, normal: 0.9291, skewed: 0.9024, binomial: 0.9285 },
  { numSeeds: 25, normal: 0.9305, skewed: 0.9103, binomial: 0.931 },
  { numSeeds: 30, normal: 0.9323, skewed: 0.9172, binomial: 0.9327 },
  { numSeeds: 40, normal: 0.9347, skewed: 0.9273, binomial: 0.9362 },
  { numSeeds: 50, normal: 0.9395, skewed: 0.9244, binomial: 0.9406 },
];
