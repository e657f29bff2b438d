import { appendFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recordVersion } from "@turnwise/core";
import { checkConfig, householdGames, RunFolder } from "@turnwise/training";
import type { RecordedTrajectory } from "@turnwise/training/reader";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runInProcess } from "../../e2e/in-process.ts";

let parent: string;
let run: RunFolder;

/** One of two siblings: the first solves the task, the second takes a different last action. */
function createTrajectory(trajectoryIndex: number, groupId = "iteration-1/0"): RecordedTrajectory {
  const isSuccess = trajectoryIndex === 0;
  const createTurn = (action: string, turn: number) => ({
    promptTokens: [1],
    responseTokens: [2, 3],
    samplerLogProbs: [-1, -1],
    samplerEntropies: [0.5, 1.5],
    action,
    isValidAction: action !== "jump",
    observation: `after ${action}`,
    reward: isSuccess && turn === 1 ? 10 : 0,
    penalty: action === "jump" ? 0.5 : 0,
    state: { kind: "text", version: 1, text: `state ${turn}` } as const,
  });
  return {
    version: recordVersion,
    status: "trained",
    taskId: "task-7",
    taskKind: "pick",
    groupId,
    trajectoryIndex,
    presentation: "turn-wise",
    policyVersion: 0,
    firstObservation: "start",
    turns: ["look", isSuccess ? "take it" : "jump"].map(createTurn),
    finalState: { kind: "text", version: 1, text: "the end" },
    outcome: isSuccess
      ? { kind: "terminated", isSuccess }
      : { kind: "failed", error: { kind: "environment", message: "the roof fell" } },
  };
}

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "turnwise-show-"));
  const config = checkConfig(householdGames(1), "test");
  const startedAt = "2026-01-01T00:00:00Z";
  run = await RunFolder.create(join(parent, "one"), config, { seed: 1, startedAt });
  await run.recordSegment({
    trajectories: [0, 1].map((i) => createTrajectory(i)),
    metrics: { stage: "iteration", warmStartEpoch: 0, iteration: 1, success: 0.5 },
  });
  await run.flush();
});
afterEach(() => rm(parent, { recursive: true }));

async function print(...parameters: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runInProcess(parameters);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

describe("turnwise runs", () => {
  it("lists runs and evaluations at any depth, damaged ones with the reason", async () => {
    const evaluation = join(parent, "evaluations", "two");
    await mkdir(evaluation, { recursive: true });
    const settings = { environment: "alfworld", options: { policy: "p", seed: 4 } };
    await writeFile(join(evaluation, "evaluation.json"), JSON.stringify(settings));
    await writeFile(join(evaluation, "episodes.jsonl"), "");
    await RunFolder.create(join(parent, "bad"), run.config, {});
    await writeFile(join(parent, "bad", "metrics.jsonl"), "{}\n{}\n");
    const lines = (await print("runs", parent)).split("\n");
    expect(lines[0]).toMatch(/^folder +experiment +algorithm +modulator +seed +state/u);
    const rowOf = (name: string): string => lines.find((line) => line.includes(`/${name} `))!;
    expect(rowOf("one")).toMatch(/alfworld .*aem +1 +interrupted +1\/\d+ +50\.0%/u);
    expect(rowOf("two")).toMatch(/alfworld +\(evaluation\) +- +4 +unfinished/u);
    expect(rowOf("bad")).toContain("damaged");
    expect(lines.at(-2)).toContain(
      `${join(parent, "bad")}/metrics.jsonl record 1: must have stage`,
    );
    const records = (await print("runs", parent, "--json")).trim().split("\n");
    expect(records.map((line) => (JSON.parse(line) as { state: string }).state).sort()).toEqual([
      "damaged",
      "interrupted",
      "unfinished",
    ]);
  });
});

describe("turnwise show", () => {
  it("says what a run is, and what can be shown of it", async () => {
    const text = await print("show", run.path);
    expect(text).toContain("alfworld, seed 1\n  interrupted, 1 of ");
    expect(text).toContain("started 2026-01-01T00:00:00Z");
    expect(text).toContain(`next: turnwise show ${run.path} --iteration 1 --group 0`);
  });

  it("shows siblings and where they diverge, by default of the last iteration", async () => {
    const text = await print("show", run.path, "--group", "0");
    expect(text).toMatch(/0 +success +trained +10\.00 +2 +4 +1\.00/u);
    expect(text).toMatch(/1 +failed:environment +trained +0\.00 .* 0, turn 0\n/u);
    expect(text).toContain("they diverge in turn 1:\n  1 × take it\n  1 × jump\n");
    const groups = await print("show", run.path, "--iteration", "1");
    expect(groups).toMatch(/0 +task-7 +pick +1\/2 +5\.00/u);
  });

  it("prints a trajectory turn by turn, with the states between them", async () => {
    const place = ["--iteration", "1", "--group", "0", "--trajectory", "1"];
    const text = await print("show", run.path, ...place);
    expect(text).toContain("failed: the roof fell\n");
    expect(text).toContain("turn 1  reward 0  penalty 0.5  tokens 2  entropy 1\n");
    expect(text).toContain("  malformed jump\n  observed  after jump\n  state     the end\n");
    const json = JSON.parse(await print("show", run.path, ...place, "--json")) as unknown;
    expect(json).toMatchObject({ taskId: "task-7", trajectoryIndex: 1 });
  });

  it("shows the episodes of an evaluation by task, while it runs", async () => {
    const path = join(parent, "two");
    await mkdir(path);
    const settings = { environment: "alfworld", options: { policy: "p" } };
    await writeFile(join(path, "evaluation.json"), JSON.stringify(settings));
    // The episodes, in the order in which they end.
    const episodes = [
      createTrajectory(0, "evaluate/held_out/1"),
      createTrajectory(1, "evaluate/held_out/0"),
    ];
    const lines = episodes.map((episode) => `${JSON.stringify(episode)}\n`).join("");
    await writeFile(join(path, "episodes.jsonl"), `${lines}{"version":2,"ta`);
    expect(await print("show", path)).toContain("unfinished, 2 episodes, 1 solved");
    expect(await print("show", path, "--group", "0")).toContain("failed: the roof fell");
    await appendFile(join(path, "episodes.jsonl"), `\n${lines}`);
    const { code, stderr } = await runInProcess(["show", path]);
    expect(stderr).toContain(`${path}/episodes.jsonl line 3 is not a valid JSON object: `);
    expect(code).toBe(2);
  });

  it.for<[string[], string]>([
    [["--iteration", "2"], "--iteration must be in [1, 1]"],
    [["--evaluation", "after"], "the run has no evaluation, got --evaluation after"],
    [["--group", "5"], "--group must be an integer in [0, 1) of iteration-0001, got 5"],
    [["--group", "0", "--trajectory", "2"], "--trajectory must be an integer in [0, 2)"],
  ])("refuses %j", async ([options, message]) => {
    const { code, stderr } = await runInProcess(["show", run.path, ...options]);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  it("tells a run that an error ended from one that was interrupted", async () => {
    const heartbeat = { state: "stopped", at: "2026-01-01T00:00:00Z", intervalSeconds: 10 };
    await writeFile(join(run.path, "heartbeat.json"), JSON.stringify(heartbeat));
    expect(await print("show", run.path)).toContain("  failed, 1 of ");
  });
});
