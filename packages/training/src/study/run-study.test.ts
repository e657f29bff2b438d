import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createJsonReporter } from "../report/progress.ts";
import { LockedError } from "../files/lock.ts";
import { describeMachine } from "./machine.ts";
import { planCells } from "./plan-cells.ts";
import { runCellTask, runStartTask } from "./run-cell-task.ts";
import { runStudy, type RunStudyOptions } from "./run-study.ts";
import { resolveCellPath, readCells, resolveStudyFolder } from "./study-folder.ts";
import { readStudyStatus } from "./read-study-status.ts";
import { createToyStudy } from "./testing/toy-study.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "turnwise-study-"));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

/** Creates options of a study whose tasks run in this process, and the list of launched tasks. */
async function optionsOf(
  file: RunStudyOptions["file"],
  path: string,
): Promise<{ readonly options: RunStudyOptions; readonly launched: string[] }> {
  const launched: string[] = [];
  const folder = resolveStudyFolder(path);
  const context = {
    file,
    folder,
    machine: await describeMachine(),
    reporter: createJsonReporter({ write: () => true }),
  };
  const options: RunStudyOptions = {
    ...context,
    numJobs: async () => 1,
    launch: async ({ kind, plan }) => {
      launched.push(kind === "start" ? `start of ${plan.name}` : plan.name);
      const work = kind === "start" ? runStartTask(plan, context) : runCellTask(plan, context);
      return work.then(
        () => undefined,
        (cause: Error) => cause.message,
      );
    },
  };
  return { options, launched };
}

describe("runStudy", () => {
  it("records a failing cell, continues, and retries only that cell", async () => {
    const arms = [{ name: "broken", settings: { tasks: { options: { isBroken: true } } } }];
    const grid = { modulators: ["none"] };
    const file = createToyStudy({ grid, arms, families: [], keep: ["warm-start"] });
    const path = join(root, "failing");
    const { options, launched } = await optionsOf(file, path);
    const first = await runStudy(options);
    expect(first).toEqual({
      planned: 2,
      finished: 1,
      failures: new Map([["numbers-broken-seed1", "the toy is broken"]]),
    });
    expect(launched).toEqual(["numbers-none-seed1", "numbers-broken-seed1"]);
    const kept = await readdir(join(options.folder.runs, "numbers-none-seed1"));
    expect(kept).toEqual(expect.arrayContaining(["config.json", "metrics.jsonl", "warm-start"]));
    for (const name of ["checkpoints", "policy", "trajectories"]) expect(kept).not.toContain(name);
    const cells = await readCells(options.folder.cells);
    expect(cells.get("numbers-broken-seed1")).toMatchObject({
      outcome: "failed",
      message: "the toy is broken",
      study: { name: "toy", sha256: file.sha256 },
    });
    const text = await readFile(resolveCellPath(options.folder, "numbers-none-seed1"), "utf8");

    // A process that was killed after it wrote its cell leaves its lock and run files.
    const lock = join(options.folder.locks, "numbers-none-seed1.lock");
    await writeFile(lock, JSON.stringify({ id: "x", host: hostname(), pid: 2 ** 22 + 1, at: "" }));
    const left = join(options.folder.runs, "numbers-none-seed1", "checkpoints");
    await mkdir(left);
    launched.length = 0;
    expect((await runStudy(options)).finished).toBe(1);
    expect(await readdir(options.folder.locks)).not.toContain("numbers-none-seed1.lock");
    await expect(readdir(left)).rejects.toThrow("ENOENT");
    expect(launched).toEqual(["numbers-broken-seed1"]);
    expect(await readFile(resolveCellPath(options.folder, "numbers-none-seed1"), "utf8")).toBe(
      text,
    );
    const status = await readStudyStatus(file, options.folder);
    expect(status.arms.map(({ arm, finished, failed }) => [arm, finished, failed])).toEqual([
      ["none", 1, 0],
      ["broken", 0, 1],
    ]);
    expect(status.failures).toEqual({ "numbers-broken-seed1": "the toy is broken" });

    // The first cell was computed before the study changed.
    const settings = { training: { learningRate: 0.5 } };
    const experiments = [{ name: "numbers", experiment: "./toy-experiment.ts", settings }];
    const changed = createToyStudy({ grid, arms, families: [], experiments });
    await expect(runStudy({ ...options, file: changed })).rejects.toThrow(
      "cell numbers-none-seed1 must have the settings of the study file, got other settings",
    );
    // Both cells of a pair must run on the same CPU model.
    const [, plan] = await planCells(file);
    await expect(
      runCellTask(plan!, { ...options, machine: { ...options.machine, processor: "another" } }),
    ).rejects.toThrow("must run on the same CPU model as the other arms of its pair");
  });

  it("refuses a second process in one folder, and a selection without cells", async () => {
    const { options } = await optionsOf(createToyStudy(), join(root, "locked"));
    const never = { ...options, selects: () => false };
    await expect(runStudy(never)).rejects.toThrow(
      "selection must match at least one cell of the study, got none",
    );
    let second: Promise<unknown> | undefined;
    await runStudy({
      ...options,
      launch: async () => {
        second ??= runStudy(options).catch((cause: unknown) => cause);
        await second;
        return "not today";
      },
    });
    expect(await second).toBeInstanceOf(LockedError);
  });
});
