import { appendFile, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkConfig } from "../settings/config.ts";
import { householdGames } from "../experiments/household-games.ts";
import { RunFolder, type MetricsLine, type RunState } from "./run-folder.ts";

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "turnwise-run-"));
});
afterEach(async () => {
  await rm(parent, { recursive: true, force: true });
});

const state = (iterations: number): RunState => ({
  warmStartEpochs: 2,
  iterations,
  isEvaluatedBefore: true,
  isEvaluatedAfter: false,
});

const line = (iteration: number): MetricsLine => ({
  stage: "iteration",
  warmStartEpoch: 2,
  iteration,
  success: iteration / 10,
});

describe("RunFolder", () => {
  it("refuses a folder that is not empty, and writes nothing into it", async () => {
    await writeFile(join(parent, "precious.txt"), "keep me");
    await expect(
      RunFolder.create(parent, checkConfig(householdGames(1), "test"), {}),
    ).rejects.toThrow(/run folder must be new or empty, got 1 entries/u);
    expect(await readdir(parent)).toEqual(["precious.txt"]);
  });

  it("refuses to open a folder that is no run", async () => {
    await expect(RunFolder.open(join(parent, "none"))).rejects.toThrow(/run folder must exist/u);
    await expect(RunFolder.open(parent)).rejects.toThrow(/must hold a config\.json, found none/u);
    await writeFile(join(parent, "config.json"), "{");
    await expect(RunFolder.open(parent)).rejects.toThrow(/config\.json: file must hold JSON/u);
  });

  it("keeps the evidence for verdicts, and drops that of iterations beyond the checkpoint", async () => {
    const folder = await RunFolder.create(
      join(parent, "run"),
      checkConfig(householdGames(1), "test"),
      {},
    );
    const record = { taskId: "a", isSuspicious: false, log: "PASSED" };
    await folder.writeAudit("warm-start", []);
    for (const iteration of [1, 2, 3]) {
      await folder.writeAudit(`iteration-000${iteration}`, [record]);
    }
    await folder.rewind(state(2));
    const audit = join(folder.path, "audit");
    expect(await readdir(audit)).toEqual(["iteration-0001.jsonl.gz", "iteration-0002.jsonl.gz"]);
    const text = String(gunzipSync(await readFile(join(audit, "iteration-0002.jsonl.gz"))));
    expect(JSON.parse(text)).toEqual(record);
  });

  it("keeps the newest checkpoints, each complete", async () => {
    const folder = await RunFolder.create(
      join(parent, "run"),
      checkConfig(householdGames(1), "test"),
      {},
    );
    for (const iteration of [1, 2, 3]) {
      await folder.saveCheckpoint(state(iteration), (directory) =>
        writeFile(join(directory, "weights"), String(iteration)),
      );
    }
    await folder.flush();
    expect(await readdir(join(folder.path, "checkpoints"))).toEqual(["000002", "000003"]);
    const newest = await (await RunFolder.open(folder.path)).findNewestCheckpoint();
    expect(newest?.state).toEqual(state(3));
    expect(await readFile(join(newest!.path, "weights"), "utf8")).toBe("3");
  });

  it("leaves the last checkpoint in place when saving the next one fails", async () => {
    const folder = await RunFolder.create(
      join(parent, "run"),
      checkConfig(householdGames(1), "test"),
      {},
    );
    await folder.saveCheckpoint(state(1), async () => undefined);
    const failing = folder.saveCheckpoint(state(2), () => Promise.reject(new Error("disk full")));
    await expect(failing).rejects.toThrow("disk full");
    expect((await folder.findNewestCheckpoint())?.state).toEqual(state(1));
    await folder.saveCheckpoint(state(2), async () => undefined);
    expect((await folder.findNewestCheckpoint())?.state).toEqual(state(2));
  });

  it("records in the background, with the metrics last", async () => {
    const folder = await RunFolder.create(
      join(parent, "run"),
      checkConfig(householdGames(1), "test"),
      {},
    );
    for (const iteration of [1, 2]) {
      await folder.recordSegment({
        trajectories: [],
        metrics: line(iteration),
        timings: { ...line(iteration), seconds: 1 },
      });
      await folder.saveCheckpoint(state(iteration), async () => undefined);
    }
    expect((await folder.findNewestCheckpoint())?.state).toEqual(state(2));
    expect(await folder.readMetrics()).toEqual([line(1), line(2)]);
    await expect(
      folder.recordSegment({
        trajectories: [],
        metrics: { stage: "warm-start", warmStartEpoch: 1, iteration: 0 },
      }),
    ).rejects.toThrow('recordSegment: stage must have episodes, got "warm-start"');
  });

  it("counts nothing in a checkpoint whose records could not be written", async () => {
    const folder = await RunFolder.create(
      join(parent, "run"),
      checkConfig(householdGames(1), "test"),
      {},
    );
    await folder.saveCheckpoint(state(1), async () => undefined);
    await folder.flush();
    await writeFile(join(folder.path, "trajectories"), "in the way of the folder");
    await folder.recordSegment({ trajectories: [], metrics: line(2) });
    await folder.saveCheckpoint(state(2), async () => undefined);
    await expect(folder.flush()).rejects.toThrow(/EEXIST|ENOTDIR/u);
    await expect(folder.recordSegment({ trajectories: [], metrics: line(3) })).rejects.toThrow(
      /EEXIST|ENOTDIR/u,
    );
    const reopened = await RunFolder.open(folder.path);
    expect((await reopened.findNewestCheckpoint())?.state).toEqual(state(1));
    expect(await reopened.readMetrics()).toEqual([]);
  });

  it("drops records beyond the checkpoint, truncated lines included", async () => {
    const folder = await RunFolder.create(
      join(parent, "run"),
      checkConfig(householdGames(1), "test"),
      {},
    );
    for (const iteration of [1, 2, 3]) {
      await folder.writeMetrics(line(iteration));
      await folder.writeTrajectories(`iteration-000${iteration}`, [], iteration);
    }
    await appendFile(join(folder.path, "metrics.jsonl"), '{"stage":"iterat');
    await folder.rewind(state(2));
    expect(await folder.readMetrics()).toEqual([line(1), line(2)]);
    expect(await readdir(join(folder.path, "trajectories"))).toEqual([
      "iteration-0001.index",
      "iteration-0001.jsonl.gz",
      "iteration-0002.index",
      "iteration-0002.jsonl.gz",
    ]);
  });

  it("refuses metrics that are damaged before their last line, and names the line", async () => {
    const folder = await RunFolder.create(
      join(parent, "run"),
      checkConfig(householdGames(1), "test"),
      {},
    );
    const path = join(folder.path, "metrics.jsonl");
    await writeFile(
      path,
      `${JSON.stringify(line(1))}\n{"stage":"iter\n${JSON.stringify(line(2))}\n`,
    );
    await expect(folder.readMetrics()).rejects.toThrow(/metrics\.jsonl line 2: must hold a JSON/u);
    await expect(folder.rewind(state(2))).rejects.toThrow(/metrics\.jsonl line 2/u);
    expect(String(await readFile(path))).toContain(JSON.stringify(line(2)));
  });

  it("does not resume runs with records of another version", async () => {
    const path = join(parent, "run");
    const config = checkConfig(householdGames(1), "test");
    const folder = await RunFolder.create(path, config, { startedAt: "now" });
    await expect(folder.checkResumable()).resolves.toBeUndefined();
    const manifest = join(path, "manifest.json");
    // Version 1 did not state its version.
    await writeFile(manifest, JSON.stringify({ startedAt: "now" }));
    await expect(folder.checkResumable()).rejects.toThrow(
      `${manifest}: recordVersion must be 2 to resume, got 1: older records can be read, not resumed; to start over: turnwise train alfworld --config ${join(path, "config.json")} --out FOLDER`,
    );
    await writeFile(manifest, JSON.stringify({ recordVersion: 3 }));
    await expect(folder.checkResumable()).rejects.toThrow(
      /got 3: the records come from a newer Turnwise/u,
    );
  });
});
