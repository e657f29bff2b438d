import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runTurnwise } from "./turnwise.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "turnwise-webshop-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Settings of a run that takes seconds: few products, a tiny model, two iterations. */
const tiny = {
  tasks: { numProducts: 60, numTraining: 64, evaluation: [{ split: "validation", numTasks: 6 }] },
  episode: { maxTurns: 6 },
  model: { hiddenSize: 32, intermediateSize: 64, numLayers: 2, numHeads: 2, numKeyValueHeads: 1 },
  warmStart: { numDemonstrations: 48, epochs: 2 },
  training: { iterations: 2, groupsPerIteration: 2, groupSize: 3 },
  modulation: { minEntropyRange: 0 },
  evaluation: { every: 0 },
};

describe("train webshop", () => {
  it("reports scores, and ends with the same metrics after a kill", async () => {
    const config = join(folder, "tiny.json");
    await writeFile(config, JSON.stringify(tiny));
    const train = (name: string, onOutput?: (stdout: string) => NodeJS.Signals | void) =>
      runTurnwise(
        ["train", "webshop", "--config", config, "--out", join(folder, name), "--json"],
        onOutput && { onOutput },
      );
    const read = (name: string) => readFile(join(folder, name, "metrics.jsonl"), "utf8");

    const whole = await train("whole");
    expect(whole).toMatchObject({ code: 0, stderr: "" });
    const metrics = await read("whole");
    const lines = metrics
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ stage }) => stage !== "warm-start");
    expect(lines.map(({ stage }) => stage)).toEqual([
      "evaluation",
      "evaluation",
      "iteration",
      "iteration",
      "evaluation",
      "evaluation",
    ]);
    for (const { score } of lines) {
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
    }

    const cut = await train("cut", (stdout) =>
      stdout.includes('"stage":"iteration"') ? "SIGKILL" : undefined,
    );
    expect(cut.signal).toBe("SIGKILL");
    const resumed = await runTurnwise(["train", "--resume", join(folder, "cut")]);
    expect(resumed).toMatchObject({ code: 0, stderr: "" });
    expect(resumed.stdout).toContain("(score)");
    expect(await read("cut")).toBe(metrics);

    const evaluated = await runTurnwise([
      "evaluate",
      "webshop",
      "--policy",
      join(folder, "whole", "policy"),
      "--num-products",
      "60",
      "--num-tasks",
      "3",
      "--max-turns",
      "3",
      "--json",
      "--out",
      join(folder, "evaluated"),
    ]);
    expect(evaluated.stderr).toBe("");
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ split: "test", episodes: 3 });
  });

  it("refuses missing shops and unknown splits in one line", async () => {
    const out = join(folder, "never");
    const cases: [string[], RegExp][] = [
      [["--products", "none.json", "--attributes", "none.json"], /none\.json/u],
      [["--products", "none.json"], /attributes must be given with .*products, got/u],
      [["--catalogue", folder], /catalogue\.json: the file cannot be read as JSON/u],
      [
        ["--set", 'tasks.evaluation=[{"split":"dev","numTasks":2}]'],
        /split must be one of train, validation, test, got dev/u,
      ],
      [["--set", "tasks.hurry=2"], /tasks\.hurry must be/u],
    ];
    for (const [args, pattern] of cases) {
      const { code, stderr } = await runTurnwise(["train", "webshop", "--out", out, ...args]);
      expect(stderr.trim()).toMatch(pattern);
      expect(stderr.trim().split("\n")).toHaveLength(1);
      expect(code).toBe(2);
    }
  });
});
