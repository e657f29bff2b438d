import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTasks } from "../environments/open-tasks.ts";
import { createJsonReporter } from "../report/progress.ts";
import { RunFolder } from "../run/run-folder.ts";
import { train } from "../run/train.ts";
import { limitEvaluation } from "./limit-evaluation.ts";
import { describeMachine } from "./machine.ts";
import { planCells } from "./plan-cells.ts";
import type { CellContext } from "./run-cell.ts";
import { runCellTask, runStartTask } from "./run-cell-task.ts";
import { resolveCellPath, readCells, resolveStudyFolder } from "./study-folder.ts";
import { createToyStudy } from "./testing/toy-study.ts";

const silent = createJsonReporter({ write: () => true });

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "turnwise-study-"));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

describe("runCellTask", () => {
  it("gives a cell with a shared start the metrics of a separate run, byte for byte", async () => {
    // The shared start is computed with a policy without critic; PPO then adds a critic.
    const arms = [{ name: "ppo", algorithm: "ppo", modulator: "aem" }];
    const file = createToyStudy({
      grid: { modulators: ["none"] },
      arms,
      families: [],
      keep: ["run"],
    });
    const context: CellContext = {
      file,
      folder: resolveStudyFolder(join(root, "shared")),
      machine: await describeMachine(),
      reporter: silent,
    };
    const [none, ppo] = await planCells(file);
    await runStartTask(none!, context);
    const cell = await runCellTask(ppo!, context);
    const own = await RunFolder.create(join(root, "own"), ppo!.settings, {});
    const tasks = limitEvaluation(await openTasks(ppo!.settings, ppo!.parts), 4);
    await train(own, tasks, silent, ppo!.parts);

    const cellRun = join(context.folder.runs, "numbers-ppo-seed1");
    const files = (await readdir(join(own.path, "trajectories"))).map((name) =>
      join("trajectories", name),
    );
    for (const name of ["metrics.jsonl", ...files]) {
      const [one, other] = await Promise.all(
        [own.path, cellRun].map((path) => readFile(join(path, name))),
      );
      expect([name, other!.equals(one!)]).toEqual([name, true]);
    }
    expect(cell.startSha256).toBeDefined();
    expect(cell.training["success"]).toHaveLength(2);
    expect(cell.training["gradientNorm"]!.some((norm) => norm !== null && norm > 0)).toBe(true);
    expect(cell.evaluations.map(({ phase, mode }) => `${phase} ${mode}`)).toEqual([
      "before greedy",
      "before sampled",
      "during sampled",
      "after greedy",
      "after sampled",
    ]);
    expect(cell.evaluations.every(({ numTasks }) => numTasks === 4)).toBe(true);
    expect(cell.tokens.sampled).toBeGreaterThan(0);
    expect(Object.keys(cell.overlay).sort()).toEqual(["algorithm", "modulation"]);
    expect(cell.overlay).toMatchObject({
      algorithm: { advantages: { kind: "generalized" } },
      modulation: { kind: "aem", strength: 1 },
    });
    const cells = await readCells(context.folder.cells);
    expect(cells.get("numbers-ppo-seed1")).toEqual(cell);
    expect((await stat(resolveCellPath(context.folder, "numbers-ppo-seed1"))).size).toBeLessThan(
      20_000,
    );
  });
});
