import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTasks } from "../environments/open-tasks.ts";
import { jsonReporter } from "../report/progress.ts";
import { RunFolder } from "../run/run-folder.ts";
import { train } from "../run/train.ts";
import { limitEvaluation } from "./limit-evaluation.ts";
import { describeMachine } from "./machine.ts";
import { planCells } from "./plan-cells.ts";
import type { CellContext } from "./run-cell.ts";
import { runCellTask, runStartTask } from "./run-cell-task.ts";
import { cellPath, readCells, studyFolder } from "./study-folder.ts";
import { toyStudy } from "./testing/toy-study.ts";

const silent = jsonReporter({ write: () => true });

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "turnwise-study-"));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

describe("runCellTask", () => {
  it("gives a cell with a shared start the metrics of a run of its own, byte for byte", async () => {
    // The start is computed with a plain policy; PPO then adds a critic to it.
    const arms = [{ name: "ppo", algorithm: "ppo" }];
    const file = toyStudy({ arms, keep: ["run"] });
    const context: CellContext = {
      file,
      folder: studyFolder(join(root, "shared")),
      machine: await describeMachine(),
      reporter: silent,
    };
    const plans = await planCells(file);
    expect(plans.map(({ name }) => name)).toEqual([
      "numbers-none-seed1",
      "numbers-aem-seed1",
      "numbers-ppo-seed1",
    ]);
    await runStartTask(plans[0]!, context);
    for (const plan of plans.slice(1)) {
      await runCellTask(plan, context);
      const own = await RunFolder.create(join(root, plan.name), plan.settings, {});
      const tasks = limitEvaluation(await openTasks(plan.settings, plan.parts), 4);
      await train(own, tasks, silent, plan.parts);
      const metrics = await readFile(join(own.path, "metrics.jsonl"), "utf8");
      const cellRun = join(context.folder.runs, plan.name);
      expect(await readFile(join(cellRun, "metrics.jsonl"), "utf8")).toBe(metrics);
      for (const name of await readdir(join(own.path, "trajectories"))) {
        const [one, other] = await Promise.all(
          [own.path, cellRun].map((path) => readFile(join(path, "trajectories", name))),
        );
        expect([name, other!.equals(one!)]).toEqual([name, true]);
      }
    }
    const cells = await readCells(context.folder.cells);
    const [aem, ppo] = [cells.get("numbers-aem-seed1")!, cells.get("numbers-ppo-seed1")!];
    if (aem.outcome !== "finished" || ppo.outcome !== "finished") throw new Error("not finished");
    expect(aem.startSha256).toBe(ppo.startSha256);
    expect(aem.evaluations[0]).toEqual(ppo.evaluations[0]);
    expect(aem.training["success"]).toHaveLength(2);
    expect(aem.evaluations.map(({ phase, mode }) => `${phase} ${mode}`)).toEqual([
      "before greedy",
      "before sampled",
      "during sampled",
      "after greedy",
      "after sampled",
    ]);
    expect(aem.evaluations.every(({ numTasks }) => numTasks === 4)).toBe(true);
    expect(aem.training["gradientNorm"]!.some((norm) => norm !== null && norm > 0)).toBe(true);
    expect(aem.tokens.sampled).toBeGreaterThan(0);
    expect(aem.overlay).toEqual({
      modulation: expect.objectContaining({ kind: "aem", strength: 1 }) as unknown,
    });
    expect(ppo.overlay).toMatchObject({ algorithm: { advantages: { kind: "generalized" } } });
    expect((await stat(cellPath(context.folder, "numbers-aem-seed1"))).size).toBeLessThan(20_000);
  });
});
