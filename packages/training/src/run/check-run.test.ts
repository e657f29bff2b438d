import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { householdGames } from "../experiments/household-games.ts";
import { checkConfig } from "../settings/config.ts";
import { checkRun } from "./check-run.ts";
import { RunFolder } from "./run-folder.ts";
import { freshState } from "./run.ts";

let parent: string;
let folder: RunFolder;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), "turnwise-check-"));
  folder = await RunFolder.create(join(parent, "run"), checkConfig(householdGames(1), "test"), {});
  await mkdir(join(folder.path, "warm-start"));
  await writeFile(join(folder.path, "warm-start/weights"), "warm");
  await folder.seal(join(folder.path, "warm-start"));
  for (const iteration of [1, 2]) {
    await folder.writeTrajectories(`iteration-000${iteration}`, [], iteration);
    await folder.writeMetrics({ stage: "iteration", warmStartEpoch: 2, iteration });
    await folder.saveCheckpoint({ ...freshState, iterations: iteration }, (path) =>
      writeFile(join(path, "weights"), String(iteration)),
    );
    await folder.flush();
  }
});
afterAll(async () => {
  await rm(parent, { recursive: true, force: true });
});

it("finds a run whole, and then every damage at once", async () => {
  const counts = { numCheckpoints: 2, numFiles: 4, numLines: 2 };
  expect(await checkRun(folder.path)).toEqual({ problems: [], ...counts });
  const inRun = (name: string): string => join(folder.path, name);
  await writeFile(inRun("warm-start/weights"), "cold");
  await writeFile(inRun("checkpoints/000001/weights"), "long");
  await rm(inRun("trajectories/iteration-0002.index"));
  await writeFile(inRun("metrics.jsonl"), '{"stage":"iteration"}\n');
  const { problems } = await checkRun(folder.path);
  expect(problems).toEqual([
    expect.stringContaining(
      `${inRun("warm-start/weights")}: must have the SHA-256 with which it was written, `,
    ),
    `${inRun("checkpoints/000001/weights")}: must have the 1 bytes with which it was written, got more`,
    expect.stringMatching(
      /metrics\.jsonl: must have at least \d+ bytes, its length at the checkpoint, got 22/u,
    ),
    `${inRun("trajectories/iteration-0002.index")}: no such file`,
  ]);
});
