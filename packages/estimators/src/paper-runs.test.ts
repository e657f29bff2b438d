import { describe, expect, it } from "vitest";
import { algorithmPresets } from "./algorithm/algorithm-presets.ts";
import { paperRuns } from "./paper-runs.ts";

describe("paperRuns", () => {
  it("has every algorithm with and without AEM, equally often, under the name of a preset", () => {
    const count = (modulation: string): number =>
      paperRuns.filter((run) => run.modulation === modulation).length;
    expect(count("none")).toBe(count("aem"));
    const names = [...new Set(paperRuns.map(({ algorithm }) => algorithm))];
    expect(names).toEqual(["ppo", "grpo", "dapo", "gspo", "deep-swe"]);
    for (const name of names) expect(algorithmPresets).toHaveProperty([name]);
  });

  it("has the differences that the paper's abstract states", () => {
    // Gains of AEM in the paper: 8.8 and 5.7 points on ALFWorld, 5.6 and 4.6 on WebShop, 1.4 on
    // SWE-bench.
    const gains = paperRuns.flatMap((run, i) => {
      const next = paperRuns[i + 1];
      const isStated = run.algorithm === "grpo" || run.algorithm === "deep-swe";
      if (run.modulation !== "none" || !isStated || next === undefined) return [];
      return [next.reported[0]!.value - run.reported[0]!.value];
    });
    expect(gains).toEqual([8.8, 5.7, 5.6, 4.6, 1.4].map((gain) => expect.closeTo(gain, 6)));
  });

  it("claims no row of PPO with AEM", () => {
    const invented = paperRuns.filter(({ isInPaper }) => !isInPaper);
    expect(new Set(invented.map(({ algorithm }) => algorithm))).toEqual(new Set(["ppo"]));
    expect(invented.every(({ reported }) => reported.length === 0)).toBe(true);
  });
});
