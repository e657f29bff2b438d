import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recordVersion, type Outcome, type Trajectory } from "@turnwise/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SavedEvaluation } from "./saved-evaluation.ts";

let parent = "";
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "turnwise-evaluation-"));
});
afterEach(async () => rm(parent, { recursive: true, force: true }));

const trajectory = (trajectoryIndex: number, outcome: Outcome): Trajectory => ({
  version: recordVersion,
  taskId: "t",
  taskKind: "k",
  groupId: "g",
  trajectoryIndex,
  presentation: "turn-wise",
  policyVersion: 0,
  firstObservation: "",
  turns: [],
  outcome,
});
const solved: Outcome = { kind: "terminated", isSuccess: true };
const settings = { environment: "alfworld", options: { seed: 3 } };

describe("SavedEvaluation", () => {
  it("saves episodes as they end, and finds them after reopening", async () => {
    const path = join(parent, "e");
    const saved = await SavedEvaluation.create(path, settings, {});
    expect(saved.findKept("g", 0)).toBeUndefined();
    const episodes = [
      trajectory(0, solved),
      trajectory(1, { kind: "failed", error: { kind: "engine", message: "gone" } }),
      trajectory(2, { kind: "failed", error: { kind: "environment", message: "broken" } }),
    ];
    for (const episode of episodes) saved.keep(episode);
    await saved.finish();
    const opened = await SavedEvaluation.open(path);
    expect(opened.settings).toMatchObject(settings);
    expect(opened.findKept("g", 0)).toEqual(episodes[0]);
    // An episode with an infrastructure failure is not kept, because the failure says nothing about
    // the policy.
    expect(opened.findKept("g", 1)).toBeUndefined();
    expect(opened.findKept("g", 2)).toEqual(episodes[2]);
    expect(opened.numKept).toBe(2);
    opened.keep(trajectory(1, solved));
    await opened.finish();
    expect((await SavedEvaluation.open(path)).numKept).toBe(3);
  });

  it("drops a truncated line, and keeps the next one", async () => {
    const path = join(parent, "e");
    const saved = await SavedEvaluation.create(path, settings, {});
    saved.keep(trajectory(0, solved));
    await saved.finish();
    await appendFile(join(path, "episodes.jsonl"), '{"version":1,"groupId":"g","traj');
    const opened = await SavedEvaluation.open(path);
    expect(opened.numKept).toBe(1);
    opened.keep(trajectory(1, solved));
    await opened.finish();
    const lines = (await readFile(join(path, "episodes.jsonl"), "utf8")).trim().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as Trajectory).trajectoryIndex)).toEqual([0, 1]);
  });

  it("refuses a folder with something in it, and one without an evaluation", async () => {
    await writeFile(join(parent, "x"), "");
    await expect(SavedEvaluation.create(parent, settings, {})).rejects.toThrow(
      `${parent}: evaluation folder must be new or empty, got 1 entries`,
    );
    await expect(SavedEvaluation.open(parent)).rejects.toThrow(
      "evaluation.json: file cannot be read: ENOENT",
    );
    await writeFile(join(parent, "evaluation.json"), "{}");
    await expect(SavedEvaluation.open(parent)).rejects.toThrow(
      "evaluation.json: must contain the environment and the options of an evaluation",
    );
  });

  it("does not resume episodes of another version, and leaves them as they are", async () => {
    const path = join(parent, "e");
    await SavedEvaluation.create(path, settings, {});
    const text = `${JSON.stringify({ ...trajectory(0, solved), version: 1 })}\n`;
    await writeFile(join(path, "episodes.jsonl"), text);
    await expect(SavedEvaluation.open(path)).rejects.toThrow(
      `${join(path, "episodes.jsonl")}: recordVersion must be 2 to resume, got 1: older records can be read, but not resumed; to start over: turnwise evaluate alfworld --out FOLDER`,
    );
    expect(await readFile(join(path, "episodes.jsonl"), "utf8")).toBe(text);
  });

  it("reports a write error", async () => {
    const path = join(parent, "e");
    const saved = await SavedEvaluation.create(path, settings, {});
    await rm(path, { recursive: true });
    saved.keep(trajectory(0, solved));
    await expect(saved.finish()).rejects.toThrow("ENOENT");
  });
});
