import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findRuns } from "./find-runs.ts";
import { findRunFile } from "./page-files.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "turnwise-find-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function makeRun(...path: readonly string[]): Promise<string> {
  const run = join(folder, ...path);
  await mkdir(join(run, "trajectories"), { recursive: true });
  await writeFile(join(run, "config.json"), "{}");
  await writeFile(join(run, "manifest.json"), "{}");
  return run;
}

describe("findRuns", () => {
  it("takes runs, folders of runs and studies, each run once", async () => {
    const alone = await makeRun("alone");
    await makeRun("many", "seed-10");
    await makeRun("many", "seed-2");
    await makeRun("study", "runs", "a b");
    const found = await findRuns([alone, join(folder, "many"), join(folder, "study"), alone]);
    expect(found.map(({ name }) => name)).toEqual([
      "alone",
      "many/seed-2",
      "many/seed-10",
      "study/runs/a b",
    ]);
    expect(found.map(({ id }) => id)).toEqual([
      "alone",
      "many-seed-2",
      "many-seed-10",
      "study-runs-a-b",
    ]);
  });

  it("says what is missing", async () => {
    await expect(findRuns([folder])).rejects.toThrow(/got a folder without runs$/u);
    await expect(findRuns([join(folder, "none")])).rejects.toThrow(/folder not found$/u);
  });
});

describe("findRunFile", () => {
  it("finds records, and neither weights nor files that a link leads to outside of the run", async () => {
    const run = await makeRun("run");
    await writeFile(join(run, "model.safetensors"), "");
    await writeFile(join(folder, "secret"), "secret");
    await symlink(join(folder, "secret"), join(run, "trajectories/linked.index"));
    expect(await findRunFile(run, "config.json")).toMatch(/config\.json$/u);
    expect(await findRunFile(run, "model.safetensors")).toBeUndefined();
    expect(await findRunFile(run, "../secret")).toBeUndefined();
    expect(await findRunFile(run, "trajectories/linked.index")).toBeUndefined();
    expect(await findRunFile(run, "trajectories/missing.index")).toBeUndefined();
  });

  it("takes the tokenizer of a model from the model's folder", async () => {
    const run = await makeRun("run");
    const model = join(folder, "model");
    await mkdir(model);
    await writeFile(join(model, "tokenizer.json"), "{}");
    expect(await findRunFile(run, "tokenizer.json")).toBeUndefined();
    await writeFile(
      join(run, "config.json"),
      JSON.stringify({ model: { source: "folder", path: model } }),
    );
    expect(await findRunFile(run, "tokenizer.json")).toMatch(/model.tokenizer\.json$/u);
  });
});
