import { describe, expect, it } from "vitest";
import type { MetricsLine } from "../run/run-folder.ts";
import { describeMissingSignal } from "./describe-signal.ts";

const iteration = (metrics: Readonly<Record<string, number>>): MetricsLine => ({
  stage: "iteration",
  warmStartEpoch: 0,
  iteration: 1,
  ...metrics,
});
const learned = iteration({ updates: 1, modulatedPositive: 1, modulatedNegative: -1 });
/** All groups were trained on, and all advantages were 0. */
const flat = iteration({ updates: 1, positiveShare: 0 });
/** All groups were dropped. */
const dropped = iteration({ updates: 0 });

describe("a run's learning signal", () => {
  it("is not mentioned where every iteration had one", () => {
    expect(describeMissingSignal([learned, learned])).toBeUndefined();
    expect(describeMissingSignal([])).toBeUndefined();
    expect(describeMissingSignal([iteration({ updates: 1, modulatedNegative: -1 })])).toBe(
      undefined,
    );
  });

  it("was missing where no group was kept, and where all advantages were 0", () => {
    expect(describeMissingSignal([learned, flat, dropped])).toMatch(
      /^no learning signal in 2 of 3 iterations: .* equal returns$/u,
    );
  });

  it("was missing in the whole run: the remedy is stated", () => {
    expect(describeMissingSignal([flat, dropped])).toMatch(
      /^no learning signal in any of the 2 iterations: .*; the policy learned nothing: use easier tasks, /u,
    );
  });

  it("is that of iterations alone", () => {
    const evaluation: MetricsLine = { stage: "evaluation", warmStartEpoch: 0, iteration: 0 };
    expect(describeMissingSignal([evaluation, learned])).toBeUndefined();
  });
});
