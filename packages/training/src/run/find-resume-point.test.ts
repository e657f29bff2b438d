import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { householdGames } from "../experiments/household-games.ts";
import { checkConfig } from "../settings/config.ts";
import { findResumePoint } from "./find-resume-point.ts";
import { RunFolder } from "./run-folder.ts";
import { freshState } from "./run.ts";

let parent: string;
let folder: RunFolder;
let warnings: string[];
const config = checkConfig(householdGames(1), "test");
const { epochs } = config.warmStart;
const warm = { ...freshState, warmStartEpochs: epochs };
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "turnwise-point-"));
  folder = await RunFolder.create(join(parent, "run"), config, {});
  warnings = [];
});
afterEach(async () => {
  await rm(parent, { recursive: true, force: true });
});

const find = () => findResumePoint(folder, { warn: (text) => void warnings.push(text) });
const weights = () => join(folder.path, "warm-start/weights");

async function finishWarmStart(): Promise<void> {
  await mkdir(join(folder.path, "warm-start"));
  await writeFile(weights(), "warm");
  await folder.seal(join(folder.path, "warm-start"));
}

describe("findResumePoint", () => {
  it("begins at the beginning, with nothing recorded", async () => {
    expect(await find()).toEqual({ state: freshState, logs: {}, isWarm: false });
  });

  it("has a warm start before it where nothing is imitated, which makes the new model", async () => {
    const base = householdGames(1);
    const bare = checkConfig({ ...base, warmStart: { ...base.warmStart, epochs: 0 } }, "test");
    folder = await RunFolder.create(join(parent, "bare"), bare, {});
    expect((await find()).isWarm).toBe(false);
    await finishWarmStart();
    expect((await find()).isWarm).toBe(true);
  });

  it("continues a warm start from its last epoch, and after its end from there", async () => {
    const middle = { ...freshState, warmStartEpochs: 1 };
    await folder.writeMetrics({ stage: "warm-start", warmStartEpoch: 1, iteration: 0 });
    await folder.saveCheckpoint(middle, async () => undefined);
    const { state, checkpoint } = await find();
    expect([state, checkpoint]).toEqual([middle, join(folder.path, "checkpoints/000001")]);
    await folder.writeMetrics({ stage: "warm-start", warmStartEpoch: epochs, iteration: 0 });
    await finishWarmStart();
    const end = await find();
    expect([end.state, end.checkpoint]).toEqual([warm, undefined]);
    await folder.rewind(end.logs);
    expect(await folder.readMetrics()).toHaveLength(2);
  });

  it("continues reinforcement learning from its checkpoint", async () => {
    await finishWarmStart();
    await folder.saveCheckpoint({ ...warm, iterations: 3 }, async () => undefined);
    const { state, checkpoint } = await find();
    expect([state.iterations, checkpoint]).toEqual([3, join(folder.path, "checkpoints/000001")]);
    expect(warnings).toEqual([]);
  });

  it("continues from the start that it shares with other runs", async () => {
    await finishWarmStart();
    const start = { ...warm, isEvaluatedBefore: true };
    await folder.writeStart(start);
    const { state, checkpoint } = await find();
    expect([state, checkpoint]).toEqual([start, undefined]);
  });

  it("sets damaged checkpoints aside with a warning", async () => {
    await finishWarmStart();
    for (const iterations of [1, 2]) {
      await folder.saveCheckpoint({ ...warm, iterations }, (path) =>
        writeFile(join(path, "weights"), String(iterations)),
      );
    }
    await folder.flush();
    await rm(join(folder.path, "checkpoints/000002/weights"));
    expect((await find()).state.iterations).toBe(1);
    expect(warnings).toEqual([
      `${folder.path}/checkpoints/000002/weights: no such file; the damaged checkpoint was renamed to ${folder.path}/checkpoints/000002.damaged, and the run continues from the previous checkpoint`,
    ]);
    expect((await find()).state.iterations).toBe(1);
    expect(warnings).toHaveLength(1);
  });

  it("refuses a warm start that is damaged or gone, and impossible counters", async () => {
    await finishWarmStart();
    await folder.saveCheckpoint({ ...warm, iterations: 1 }, async () => undefined);
    await folder.flush();
    await writeFile(weights(), "wark");
    await expect(find()).rejects.toThrow(
      `${weights()}: must have the SHA-256 with which it was written, `,
    );
    await rm(join(folder.path, "warm-start"), { recursive: true });
    await expect(find()).rejects.toThrow(
      `${folder.path}/warm-start: must contain the policy of the warm start, got no such folder`,
    );
    await finishWarmStart();
    const beyond = config.training.iterations + 1;
    await folder.saveCheckpoint({ ...warm, iterations: beyond }, async () => undefined);
    await expect(find()).rejects.toThrow(
      `state.json: iterations must be at most ${config.training.iterations}, got ${beyond}`,
    );
  });
});
