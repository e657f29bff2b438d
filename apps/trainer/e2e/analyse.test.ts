import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type {
  CostAnalysis,
  PressureAnalysis,
  ProxyAnalysis,
  TransitionAnalysis,
  UncertaintyAnalysis,
} from "@turnwise/training/analysis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runInProcess } from "./in-process.ts";
import { root } from "./turnwise.ts";

const toy = join(root, "packages/training/src/study/testing/toy-experiment.ts");

let folder: string;
const runOf = (modulator: string): string => join(folder, modulator);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "turnwise-analyse-"));
  for (const modulator of ["none", "aem"]) {
    const settings = [
      "training.iterations=3",
      "training.groupsPerIteration=8",
      "evaluation.every=0",
      "checkpoints.keep=9",
      // The toy's groups would all be in the dead zone.
      ...(modulator === "aem" ? ["modulation.minEntropyRange=0"] : []),
    ];
    const flags = ["--modulation", modulator, "--out", runOf(modulator)];
    const { code, stderr } = await runInProcess([
      "train",
      toy,
      ...flags,
      ...settings.flatMap((setting) => ["--set", setting]),
    ]);
    if (code !== 0) throw new Error(stderr);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs an analysis. @returns Its data and Markdown. */
async function analyse(
  name: string,
  ...parameters: readonly string[]
): Promise<{ readonly data: unknown; readonly markdown: string }> {
  const out = join(folder, "results");
  const { code, stderr } = await runInProcess(["analyse", name, ...parameters, "--out", out]);
  expect([code, stderr]).toEqual([0, ""]);
  const markdown = await readFile(join(out, `${name}.md`), "utf8");
  for (const [, plot] of markdown.matchAll(/\]\((plots\/[^)]+)\)/gu)) {
    expect(await readFile(join(out, plot!), "utf8")).toMatch(/^<svg/u);
  }
  const data: unknown = JSON.parse(await readFile(join(out, `${name}.json`), "utf8"));
  return { data, markdown };
}

describe("turnwise analyse", () => {
  it("proxy: compares coefficients with sampled surprisals, the same for the same seed", async () => {
    const parameters = [runOf("aem"), "--iteration", "1", "--states", "6", "--samples", "40"];
    const { data: parsed, markdown } = await analyse("proxy", ...parameters);
    const data = parsed as ProxyAnalysis;
    expect(data).toMatchObject({ iteration: 1, samplesPerState: 40, run: { modulation: "aem" } });
    expect(data.states.length).toBeGreaterThanOrEqual(4);
    for (const { coefficient, surprisal, entropy, standardError } of data.states) {
      expect(coefficient).not.toBe(1);
      expect(Math.min(surprisal, entropy, standardError)).toBeGreaterThan(0);
    }
    expect(markdown).toContain("Paper: correlation 0.63, signs agree in 55 of 64");
    expect((await analyse("proxy", ...parameters)).data).toEqual(data);
    const other = (await analyse("proxy", ...parameters, "--seed", "7")).data as ProxyAnalysis;
    expect(other.states).not.toEqual(data.states);
  });

  it("pressure: trains on each sign from one checkpoint", async () => {
    const parameters = [runOf("aem"), "--iteration", "0", "--train-iterations", "2"];
    const data = (await analyse("pressure", ...parameters)).data as PressureAnalysis;
    const [positive, negative, all] = data.curves;
    expect([positive!.arm, negative!.arm, all!.arm]).toEqual(["positive", "negative", "all"]);
    // All arms begin with the same policy, and so with the same responses.
    for (const { sameResponses, ownResponses } of data.curves) {
      expect([sameResponses.length, ownResponses.length]).toEqual([3, 2]);
      expect(sameResponses[0]).toBe(positive!.sameResponses[0]);
      expect(ownResponses[0]).toBe(sameResponses[0]);
    }
    expect(positive!.sameResponses[2]).not.toBe(negative!.sameResponses[2]);
    expect(positive!.trainedShare + negative!.trainedShare).toBeLessThanOrEqual(all!.trainedShare);
    expect((await analyse("pressure", ...parameters)).data).toEqual(data);
  });

  it("transition: compares runs with and without AEM", async () => {
    const parameters = [runOf("none"), runOf("aem")];
    const { data: parsed, markdown } = await analyse("transition", ...parameters);
    const data = parsed as TransitionAnalysis;
    expect(data.arms.map(({ arm }) => arm)).toEqual(["none", "aem"]);
    expect(data.arms[0]!.curves.success.map(({ iteration }) => iteration)).toEqual([1, 2, 3]);
    expect(data.differences).toMatchObject([{ arm: "aem", seeds: [1] }]);
    expect(markdown).toContain("one seed, so no interval");
  });

  it("cost: measures AEM on recorded batches", async () => {
    const { data: parsed, markdown } = await analyse("cost", runOf("aem"), "--samples", "3");
    const data = parsed as CostAnalysis;
    expect(data.iterations.map(({ iteration }) => iteration)).toEqual([1, 2, 3]);
    for (const { aemSeconds, share } of data.iterations) {
      expect(Math.min(aemSeconds, share)).toBeGreaterThan(0);
    }
    expect(markdown).toContain("Paper: 1.1 % of a training step");
  });

  it("uncertainty: compares measures on the same responses", async () => {
    const parameters = [runOf("aem"), "--iteration", "1", "--groups", "4", "--top-k", "9999,2"];
    const data = (await analyse("uncertainty", ...parameters)).data as UncertaintyAnalysis;
    const [exact, top2, whole, surprisal] = data.measures;
    expect(data.measures.map(({ measure }) => measure)).toEqual([
      "exact",
      "top-2",
      "top-9999",
      "surprisal",
    ]);
    expect(exact).toMatchObject({ sameDecisionShare: 1, meanDifference: 0 });
    // With the full vocabulary, sampler and learner agree.
    expect(whole!.meanDifference).toBeLessThan(1e-3);
    expect(whole!.meanBoundWidth).toBeLessThan(1e-3);
    expect(top2!.meanBoundWidth).toBeGreaterThan(whole!.meanBoundWidth!);
    expect(surprisal!.meanDifference).toBeGreaterThan(0);
  });

  it("says what is missing, and which setting keeps it", async () => {
    const fail = async (...parameters: readonly string[]): Promise<string> => {
      const { code, stderr } = await runInProcess(["analyse", ...parameters]);
      expect(code).toBe(2);
      return stderr;
    };
    // Nothing is recorded after the last checkpoint.
    expect(await fail("proxy", runOf("aem"), "--iteration", "3")).toMatch(
      /no checkpoint after iteration 3 whose next iteration was recorded; usable: 0, 1, 2; kept: 0, 1, 2, 3 \(checkpoints\.every=1, checkpoints\.keep=9\); train with a larger checkpoints\.keep/u,
    );
    await rm(join(runOf("none"), "trajectories"), { recursive: true });
    expect(await fail("cost", runOf("none"))).toContain(
      "trajectories/iteration-0001.jsonl.gz must exist, got no such file (a study keeps trajectories only with keep: [run])",
    );
    expect(await fail("transition", folder)).toContain("path must be a run folder (config.json)");
    expect(await fail("proxy", runOf("aem"), "--states", "3")).toContain("a whole number >= 4");
  });
});
