import { access, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StudyCell } from "@turnwise/training/study";
import { runInProcess } from "./in-process.ts";
import { root, runTurnwise } from "./turnwise.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "turnwise-study-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const toyExperiment = join(root, "packages/training/src/study/testing/toy-experiment.ts");

/** Two arms and one seed, with enough iterations to catch the first cell while it runs. */
const study = `
name: toy
question: Does the command run a study?
experiments:
  - name: numbers
    experiment: ${toyExperiment}
    settings: { training: { iterations: 8 } }
grid: { modulators: [none, aem] }
seeds: 1
metric: { split: all }
families: [{ name: aem, pairs: [[aem, none]] }]
`;

async function waitFor(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await sleep(50);
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe("study", () => {
  it("resumes a killed study, and exports the unfinished cells", async () => {
    const file = join(folder, "toy.yaml");
    const out = join(folder, "out");
    await writeFile(file, study);
    const script = await runInProcess(["study", "export", file, "--out", out, "--slurm"]);
    expect(script.stderr).toBe("");
    expect(script.stdout).toContain("#SBATCH --array=0-1\n");
    expect(script.stdout).toMatch(
      /study cell \S+toy\.yaml "\$\{cells\[\$SLURM_ARRAY_TASK_ID\]\}"/u,
    );

    const run = ["study", "run", file, "--out", out, "--jobs", "1"];
    const kill = new AbortController();
    const killed = runTurnwise(run, { killSignal: kill.signal });
    await waitFor(() =>
      exists(join(out, "runs/numbers-none-seed1/trajectories/iteration-0001.index")),
    );
    const lock = await readFile(join(out, "locks/numbers-none-seed1.lock"), "utf8");
    kill.abort();
    expect((await killed).signal).toBe("SIGKILL");
    // The process of the cell exits after its parent.
    const { pid } = JSON.parse(lock) as { readonly pid: number };
    await waitFor(async () => !isRunning(pid));
    expect(await readdir(join(out, "cells")).catch(() => [])).toEqual([]);

    const resumed = await runTurnwise(run);
    expect(resumed.stderr).toBe("");
    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toContain("study toy: 2 cells, 0 finished, 1 at a time\n");
    expect(resumed.stdout).toMatch(/1\/2 {2}numbers none seed 1: success \d+\.\d% \(before /u);
    expect(resumed.stdout).toContain(`2 of 2 cells finished: `);
    const cells = await Promise.all(
      ["none", "aem"].map(
        async (arm) =>
          JSON.parse(
            await readFile(join(out, `cells/numbers-${arm}-seed1.json`), "utf8"),
          ) as StudyCell,
      ),
    );
    expect(cells.map(({ training }) => training["success"]!.length)).toEqual([8, 8]);
    expect(cells[0]!.startSha256).toBe(cells[1]!.startSha256);
    for (const left of ["runs", "starts", "locks"]) {
      expect(await readdir(join(out, left))).toEqual([]);
    }

    const status = await runInProcess(["study", "status", file, "--out", out]);
    expect(status.stdout).toMatch(/^numbers +none +1\/1 +0 +0 +\d+:\d\d$/mu);
    const merged = await runInProcess(["study", "merge", join(folder, "committed"), out]);
    expect(merged.stdout).toContain("2 cells added, 0 already present");
    const done = await runInProcess(["study", "export", file, "--out", out, "--slurm"]);
    expect(done.code).toBe(2);
    expect(done.stderr).toContain("all cells of the study are finished; nothing to export");
  });
});
