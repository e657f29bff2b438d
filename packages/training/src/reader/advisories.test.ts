import { describe, expect, it } from "vitest";
import { listAdvisories, type RunRecords } from "./advisories.ts";
import type { RecordedMetrics } from "./read-run.ts";

const config = { training: { temperature: 1 } };
const healthy = {
  entropy: 0.5,
  truncated: 0.1,
  invalidActions: 0.02,
  failed: 0,
  clipFraction: 0.01,
};

function records(lines: readonly object[], rest: Partial<RunRecords> = {}): RunRecords {
  const metrics = lines.map((line, i): RecordedMetrics => ({
    stage: "iteration",
    warmStartEpoch: 0,
    iteration: i + 1,
    ...healthy,
    ...line,
  }));
  return { metrics, timings: [], config, groups: [], ...rest };
}

const names = (given: RunRecords): string[] => listAdvisories(given).map(({ name }) => name);

describe("listAdvisories", () => {
  it("has nothing to say about a healthy run, and about one that has not begun", () => {
    expect(listAdvisories(records([{}, {}, {}]))).toEqual([]);
    expect(listAdvisories(records([]))).toEqual([]);
  });

  it("judges the mean of the last three iterations, so that one odd batch raises no alarm", () => {
    expect(names(records([{}, {}, {}, {}, { truncated: 0.5 }]))).toEqual([]);
    expect(names(records([{}, {}, { truncated: 0.5 }, { truncated: 0.5 }]))).toEqual([
      "truncation",
    ]);
  });

  it("calls a low entropy a collapse only if it has fallen", () => {
    const low = { entropy: 0.03 };
    expect(names(records([low, low, low, low, low]))).toEqual([]);
    expect(names(records([{}, {}, {}, low, low, low]))).toEqual(["entropy-collapse"]);
  });

  it("says the numbers, the rule and what to do", () => {
    expect(listAdvisories(records([{ invalidActions: 0.5 }]))).toEqual([
      {
        name: "invalid-actions",
        message: "50 % of the turns had a malformed response.",
        rule: "invalidActions > 0.2",
        remedy: expect.stringMatching(/^Read some of these turns/u) as string,
      },
    ]);
  });

  it("compares sampler and learner only at temperature 1, where they score alike", () => {
    const lines = [{ samplerDifferenceMax: 0.5 }];
    expect(names(records(lines))).toEqual(["sampler-mismatch"]);
    expect(names(records(lines, { config: { training: { temperature: 0.6 } } }))).toEqual([]);
    const stale = [{ samplerEffectiveShare: 0.5 }];
    expect(names(records(stale))).toEqual(["off-policy"]);
    expect(names(records(stale, { config: { training: { temperature: 0.6 } } }))).toEqual([]);
  });

  it("counts flat groups of the last three iterations", () => {
    const counts = { numGroups: 10, allSolved: 0, mixed: 4, noneSolved: 6, flat: 6 };
    expect(names(records([{}], { groups: [counts] }))).toEqual(["flat-groups"]);
    expect(names(records([{}], { groups: [{ ...counts, flat: 5 }] }))).toEqual([]);
  });

  it("finds the dead zone only where there is a modulator", () => {
    const dead = { deadZoneShare: 1, coefficientMin: 1, coefficientMax: 1 };
    expect(names(records([dead]))).toEqual([]);
    const once = { deadZoneShare: 1, coefficientMin: 0.7, coefficientMax: 1.4 };
    expect(names(records([once, dead, dead]))).toEqual(["dead-zone"]);
  });

  it("compares the phases of the last iteration with their medians", () => {
    const line = (collect: number): RecordedMetrics => ({
      stage: "iteration",
      warmStartEpoch: 0,
      iteration: 1,
      seconds: { collect, update: 1 },
    });
    const timings = [20, 22, 18, 400].map(line);
    expect(listAdvisories(records([{}], { timings }))).toMatchObject([
      { name: "slow-phase", message: "The phase collect took 400 s; its median is 20 s." },
    ]);
    expect(names(records([{}], { timings: timings.slice(0, 3) }))).toEqual([]);
  });
});
