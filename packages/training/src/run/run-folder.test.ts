import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkConfig } from "../settings/config.ts";
import { householdGames } from "../experiments/household-games.ts";
import { RunFolder, type MetricsLine } from "./run-folder.ts";
import type { RunState } from "./run-state.ts";

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
    await expect(RunFolder.open(join(parent, "none"))).rejects.toThrow(/no such run folder/u);
    await expect(RunFolder.open(parent)).rejects.toThrow(
      /must contain config\.json, got no such file/u,
    );
    await writeFile(join(parent, "config.json"), "{");
    await expect(RunFolder.open(parent)).rejects.toThrow(/config\.json: file is not valid JSON/u);
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
      if (iteration === 2) await folder.saveCheckpoint(state(2), async () => undefined);
      await folder.flush();
    }
    await folder.rewind((await folder.findNewestCheckpoint())!.logs);
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
      if (iteration === 2) await folder.saveCheckpoint(state(2), async () => undefined);
      await folder.flush();
    }
    await appendFile(join(folder.path, "metrics.jsonl"), '{"stage":"iterat');
    await folder.rewind((await folder.findNewestCheckpoint())!.logs);
    expect(await folder.readMetrics()).toEqual([line(1), line(2)]);
    expect(await readdir(join(folder.path, "trajectories"))).toEqual([
      "iteration-0001.index",
      "iteration-0001.jsonl.gz",
      "iteration-0002.index",
      "iteration-0002.jsonl.gz",
    ]);
  });

  it("excludes later metrics from a checkpoint that is still being written", async () => {
    const folder = await RunFolder.create(
      join(parent, "run"),
      checkConfig(householdGames(1), "test"),
      {},
    );
    await folder.writeMetrics(line(1));
    await folder.saveCheckpoint(state(1), async () => undefined);
    await folder.writeMetrics(line(2));
    await folder.rewind((await folder.findNewestCheckpoint())!.logs);
    expect(await folder.readMetrics()).toEqual([line(1)]);
  });

  it("refuses metrics that are damaged before their last line, and names the line", async () => {
    const folder = await RunFolder.create(
      join(parent, "run"),
      checkConfig(householdGames(1), "test"),
      {},
    );
    const path = join(folder.path, "metrics.jsonl");
    for (const iteration of [1, 2]) await folder.writeMetrics(line(iteration));
    await folder.saveCheckpoint(state(2), async () => undefined);
    const { logs } = (await folder.findNewestCheckpoint())!;
    const whole = await readFile(path, "utf8");
    await writeFile(path, whole.replace('"iteration":1', '"iteration":7'));
    await expect(folder.rewind(logs)).rejects.toThrow(
      /metrics\.jsonl: its first \d+ bytes must have the SHA-256 that the checkpoint recorded/u,
    );
    const damaged = whole
      .replace('{"stage":"iteration"', '{"stage":"iteration')
      .replace("\n", "\n");
    await writeFile(path, `${damaged} `);
    await expect(folder.readMetrics()).rejects.toThrow(
      /metrics\.jsonl line 1 is not a valid JSON/u,
    );
    await expect(folder.rewind(logs)).rejects.toThrow(/metrics\.jsonl line 1/u);
    expect(await readFile(path, "utf8")).toBe(`${damaged} `);
    await writeFile(path, whole.slice(0, 40));
    await expect(folder.rewind(logs)).rejects.toThrow(
      `${path}: must have at least ${whole.length} bytes, its length at the checkpoint, got 40`,
    );
    await rm(path);
    await expect(folder.rewind(logs)).rejects.toThrow(`${path}: no such file`);
  });

  it("refuses trajectories that are not as they were written", async () => {
    const folder = await RunFolder.create(
      join(parent, "run"),
      checkConfig(householdGames(1), "test"),
      {},
    );
    await folder.writeTrajectories("iteration-0001", [], 1);
    await folder.saveCheckpoint(state(1), async () => undefined);
    const { logs } = (await folder.findNewestCheckpoint())!;
    await expect(folder.rewind(logs)).resolves.toBeUndefined();
    const path = join(folder.path, "trajectories/iteration-0001.index");
    const bytes = await readFile(path);
    bytes[8]! ^= 1;
    await writeFile(path, bytes);
    await expect(folder.rewind(logs)).rejects.toThrow(
      `${path}: must have the SHA-256 with which it was written, `,
    );
    await rm(path);
    await expect(folder.rewind(logs)).rejects.toThrow(`${path}: no such file`);
  });

  it("takes the newest checkpoint that is whole, and names what is wrong with later ones", async () => {
    const folder = await RunFolder.create(
      join(parent, "run"),
      checkConfig(householdGames(1), "test"),
      {},
    );
    for (const iteration of [1, 2]) {
      await folder.saveCheckpoint(state(iteration), (directory) =>
        writeFile(join(directory, "weights"), `weights ${iteration}`),
      );
    }
    await folder.flush();
    const newest = join(folder.path, "checkpoints/000002");
    const weights = join(newest, "weights");
    const found = async (): Promise<object> => {
      const { state: whole, damaged } = (await folder.findNewestCheckpoint())!;
      return { iterations: whole.iterations, damaged };
    };
    expect(await found()).toEqual({ iterations: 2, damaged: [] });
    const damages: readonly (readonly [() => Promise<void>, string])[] = [
      [
        () => writeFile(weights, "weights 3"),
        `${weights}: must have the SHA-256 with which it was written, `,
      ],
      [
        () => writeFile(weights, "wei"),
        `${weights}: must have the 9 bytes with which it was written, got 3`,
      ],
      [
        () => writeFile(weights, "weights 2 and"),
        `${weights}: must have the 9 bytes with which it was written, got more`,
      ],
      [() => rm(weights), `${weights}: no such file`],
      [
        () => rm(join(newest, "digests.json")),
        `${join(newest, "digests.json")}: file cannot be read: `,
      ],
    ];
    for (const [damage, message] of damages) {
      await damage();
      expect(await found()).toMatchObject({
        iterations: 1,
        damaged: [{ name: "000002", message: expect.stringContaining(message) as string }],
      });
    }
    expect(await folder.setAside("000002")).toBe(`${newest}.damaged`);
    expect(await found()).toEqual({ iterations: 1, damaged: [] });
    await rm(join(folder.path, "checkpoints/000001/weights"));
    await expect(folder.findNewestCheckpoint()).rejects.toThrow(
      "no such file; all checkpoints are damaged (in a new run, a larger checkpoints.keep keeps more checkpoints)",
    );
  });

  it("validates the state in a checkpoint", async () => {
    const folder = await RunFolder.create(
      join(parent, "run"),
      checkConfig(householdGames(1), "test"),
      {},
    );
    const wrong = { ...state(1), iterations: "four" } as unknown as RunState;
    await folder.saveCheckpoint(wrong, async () => undefined);
    await expect(folder.findNewestCheckpoint()).rejects.toThrow(
      /state\.json: iterations must be .*, got "four"/u,
    );
  });

  it("begins again in a folder where it was killed before it had a config", async () => {
    const path = join(parent, "run");
    const config = checkConfig(householdGames(1), "test");
    await mkdir(join(path, "checkpoints"), { recursive: true });
    await writeFile(join(path, "manifest.json"), "{}");
    await writeFile(join(path, "config.json.part"), '{"half');
    await expect(RunFolder.open(path)).rejects.toThrow(
      `run folder must contain config.json, got no such file (if the run was interrupted before it wrote this file, start it again with train --out ${path}`,
    );
    const folder = await RunFolder.create(path, config, {});
    await expect(folder.checkResumable()).resolves.toBeUndefined();
  });

  it("does not resume with settings that were edited", async () => {
    const path = join(parent, "run");
    const config = checkConfig(householdGames(1), "test");
    const folder = await RunFolder.create(path, config, {});
    const file = join(path, "config.json");
    await writeFile(file, (await readFile(file, "utf8")).replace('"seed": 1', '"seed": 2'));
    await expect(folder.checkResumable()).rejects.toThrow(
      /config\.json: must have the SHA-256 .*; the settings of a run cannot be changed \(to start a new run with the edited settings: turnwise train alfworld --config/u,
    );
  });

  it("does not resume runs with records of another version", async () => {
    const path = join(parent, "run");
    const config = checkConfig(householdGames(1), "test");
    const folder = await RunFolder.create(path, config, { startedAt: "now" });
    await expect(folder.checkResumable()).resolves.toBeUndefined();
    const manifest = join(path, "manifest.json");
    // Manifests of version 1 do not contain a version.
    await writeFile(manifest, JSON.stringify({ startedAt: "now" }));
    await expect(folder.checkResumable()).rejects.toThrow(
      `${manifest}: recordVersion must be 2 to resume, got 1: older records can be read, but not resumed; to start over: turnwise train alfworld --config ${join(path, "config.json")} --out FOLDER`,
    );
    await writeFile(manifest, JSON.stringify({ recordVersion: 3 }));
    await expect(folder.checkResumable()).rejects.toThrow(
      /got 3: the records come from a newer Turnwise/u,
    );
  });
});
