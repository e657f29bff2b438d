import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openTasks } from "../environments/open-tasks.ts";
import { pushingBoxes } from "../experiments/small-games.ts";
import { exportRun } from "../export/export-run.ts";
import { createJsonReporter } from "../report/progress.ts";
import { resolveConfig } from "../settings/config.ts";
import { RunFolder } from "./run-folder.ts";
import { train } from "./train.ts";

/** Two iterations in tiny rooms. */
const changes = {
  tasks: { numTraining: 4, evaluation: [{ split: "held_out", numTasks: 2 }], maxMoves: 3 },
  episode: { maxTurns: 3 },
  model: { hiddenSize: 16, intermediateSize: 32, numLayers: 1, numHeads: 2, numKeyValueHeads: 1 },
  warmStart: { numDemonstrations: 2, epochs: 1 },
  training: { iterations: 2, groupsPerIteration: 2, groupSize: 2 },
  algorithm: { groupFilter: { kind: "keep-all" } },
  evaluation: { every: 0, modes: ["greedy"] },
};

let parent: string;
let records: Record<string, unknown>[];
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), "turnwise-exported-"));
  const blocked = join(parent, "a-file");
  await writeFile(blocked, "");
  const exports = [{ kind: "jsonl" }, { kind: "tensorboard", folder: join(blocked, "inside") }];
  const config = resolveConfig(pushingBoxes(1), { ...changes, exports }, "test");
  const folder = await RunFolder.create(join(parent, "run"), config, { seed: 1 });
  let text = "";
  const reporter = createJsonReporter({ write: (part) => (text += part) });
  await train(folder, await openTasks(config), reporter);
  reporter.close();
  records = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}, 300_000);
afterAll(() => rm(parent, { recursive: true }));

it("exports a run while it trains, as the command does afterwards", async () => {
  const live = join(parent, "run", "exports", "jsonl");
  const { destination } = await exportRun(
    join(parent, "run"),
    { kind: "jsonl", folder: join(parent, "later") },
    () => expect.unreachable(),
  );
  const names = await readdir(live);
  expect(names.sort()).toEqual([
    "evaluation-after-held_out-greedy.jsonl",
    "evaluation-before-held_out-greedy.jsonl",
    "iteration-0001.jsonl",
    "iteration-0002.jsonl",
  ]);
  for (const name of names) {
    expect(await readFile(join(live, name), "utf8")).toBe(
      await readFile(join(destination, name), "utf8"),
    );
  }
});

it("is not ended by a target that cannot be written, and says so once and in its summary", () => {
  const warnings = records.filter(
    ({ type, text }) => type === "warning" && String(text).startsWith("export tensorboard"),
  );
  expect(warnings).toHaveLength(2);
  expect(warnings[1]!["numFailed"]).toBeGreaterThan(1);
  expect(String(warnings[1]!["lastFailure"])).toMatch(/ENOTDIR|ENOENT/u);
  expect(records.map(({ text }) => String(text))).toContainEqual(
    expect.stringMatching(/^export jsonl: \d+ events to /u),
  );
});
