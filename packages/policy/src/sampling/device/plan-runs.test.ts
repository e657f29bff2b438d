import fc from "fast-check";
import { expect, test } from "vitest";
import { roundUpSize } from "./round-up-size.ts";
import { planRuns, tileTokens, type PlannedJob, type RunLimits } from "./plan-runs.ts";

const pagesOf = (numPositions: number): number => Math.ceil(numPositions / 64);
const roomy: RunLimits = {
  maxContextPages: 1e9,
  maxQueryPages: 1e9,
  maxOutputs: 1e9,
  maxPadding: 1e9,
};
const draw = (start: number, numQueries = 1): PlannedJob => ({
  start,
  numQueries,
  result: "draws",
  outputs: "last",
});

test("computes sequences with one new token and those with several in separate runs", () => {
  const runs = planRuns([draw(10), draw(0, 70), draw(20)], pagesOf, roomy);
  expect(runs.map(({ isTiled, pieces }) => [isTiled, pieces.map(({ job }) => job)])).toEqual([
    [false, [0, 2]],
    [true, [1, 1]],
  ]);
  expect(runs[1]!.pieces).toEqual([
    { job: 1, start: 0, count: 64, numPages: 1, numOutputs: 0 },
    { job: 1, start: 64, count: 6, numPages: 2, numOutputs: 1 },
  ]);
});

test("separates short contexts from long ones if padding would cost more", () => {
  const jobs = [draw(6400), ...Array.from({ length: 9 }, () => draw(10))];
  const jobsOf = (maxPadding: number): number[] =>
    planRuns(jobs, pagesOf, { ...roomy, maxPadding }).map(({ pieces }) => pieces.length);
  // Nine rows with one page each would be padded to 101 pages each.
  expect(jobsOf(900)).toEqual([10]);
  expect(jobsOf(899)).toEqual([9, 1]);
});

const anyJob: fc.Arbitrary<PlannedJob> = fc.record({
  start: fc.nat(2000),
  numQueries: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 300 })),
  result: fc.constantFrom("draws", "filteredDraws", "logits", "scores"),
  outputs: fc.constantFrom("all", "last", "none"),
});
const anyLimit = fc.integer({ min: 1, max: 500 });

test("computes each token once, after earlier ones, and within the limits", () => {
  fc.assert(
    fc.property(
      fc.array(anyJob, { minLength: 1, maxLength: 12 }),
      fc.record({
        maxContextPages: anyLimit,
        maxQueryPages: anyLimit,
        maxOutputs: anyLimit,
        maxPadding: anyLimit,
      }),
      (jobs, limits) => {
        const done = jobs.map(() => 0);
        for (const { isTiled, result, pieces } of planRuns(jobs, pagesOf, limits)) {
          const numPages = Math.max(...pieces.map((piece) => piece.numPages));
          const longest = Math.max(...pieces.map(({ count }) => count));
          const wanted = pieces.reduce((sum, piece) => sum + piece.numOutputs, 0);
          for (const { job, start, count, ...piece } of pieces) {
            expect(start).toBe(done[job]);
            expect(result).toBe(jobs[job]!.result);
            expect(count).toBeLessThanOrEqual(isTiled ? tileTokens : 1);
            expect(piece.numPages).toBe(pagesOf(jobs[job]!.start + start + count));
            done[job] = start + count;
          }
          // A single piece is computed whatever its size, so it may exceed the limits.
          const isOver =
            pieces.length * numPages > limits.maxContextPages ||
            pieces.length * numPages * longest > limits.maxQueryPages ||
            wanted > limits.maxOutputs;
          expect(isOver && pieces.length > 1).toBe(false);
        }
        expect(done).toEqual(jobs.map(({ numQueries }) => numQueries));
      },
    ),
  );
});

test("rounds sizes up to few others, by less than a quarter", () => {
  expect([0, 1, 5, 8, 9, 10, 11, 17, 33, 64, 65].map(roundUpSize)).toEqual([
    1, 1, 5, 8, 10, 10, 12, 20, 40, 64, 80,
  ]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), (size) => {
      expect(roundUpSize(size)).toBeGreaterThanOrEqual(size);
      expect(roundUpSize(size)).toBeLessThan(1.25 * size);
      expect(roundUpSize(roundUpSize(size))).toBe(roundUpSize(size));
    }),
  );
});
