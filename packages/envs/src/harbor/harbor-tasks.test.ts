import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom, InputError } from "@turnwise/core";
import { afterAll, describe, expect, it } from "vitest";
import { testEngine } from "../containers/testing/test-engine.ts";
import { exampleFiles, writeTask } from "./examples.ts";
import { harborTasksSchema, openHarborTasks, type HarborTasks } from "./harbor-tasks.ts";

const settings: HarborTasks = harborTasksSchema.parse({
  environment: "harbor",
  path: null,
  evaluationPath: null,
  categories: [],
  format: "bash",
  template: "plain",
  hosts: [{ address: null, maxContainers: 2 }],
  pull: "never",
  imageBudgetGigabytes: null,
  memoryGigabytes: 0.5,
  cpus: 1,
  commandSeconds: 20,
  episodeSeconds: null,
  verifierSeconds: null,
  stepLimit: "grade",
  timeLimit: "grade",
  numTraining: 1,
  evaluation: [{ split: "held_out", numTasks: 1 }],
  shownCharacters: 400,
});
const open = async (changes: Partial<HarborTasks>) =>
  openHarborTasks({ ...settings, ...changes }, { maxTurns: 4, successReward: 1 }, 1);

const folder = await mkdtemp(join(tmpdir(), "turnwise-harbor-"));
const good = exampleFiles["say-hello"]!;
const toml = good["task.toml"]!;
await writeTask(join(folder, "good"), { ...good, "task.toml": `split = "x"\n${toml}` });
await writeTask(join(folder, "other"), exampleFiles["sort-letters"]!);
await writeTask(join(folder, "secret"), {
  ...good,
  "task.toml": `${toml}env = { TOKEN = "\${TOKEN}" }\n`,
});
const engine = await testEngine();
afterAll(async () => {
  await engine?.close();
  await rm(folder, { recursive: true });
});

it("rejects a task that reads a variable of the host, and folders without usable tasks", async () => {
  await expect(open({ path: folder })).rejects.toThrow(
    new InputError(
      `${join(folder, "secret", "task.toml")}: environment.env.TOKEN must name a variable that tasks.hostVariables allows, got \${TOKEN}`,
    ),
  );
  await expect(open({ path: join(folder, "none") })).rejects.toThrow(InputError);
  await expect(open({ path: join(folder, "good"), categories: ["none"] })).rejects.toThrow(
    "contains no valid tasks of none",
  );
});

describe.skipIf(engine === undefined)("a folder of Harbor tasks", () => {
  it("is a task source with splits, omissions, demonstrations, baselines and records", async () => {
    const source = await open({ path: folder, skipInvalid: true });
    try {
      expect(source.description).toContain(
        "1 to train, 1 of held_out to evaluate; 1 tasks skipped (first: ",
      );
      expect(source.description).toContain("unknown fields ignored (first: ");
      expect(source.omissions).toMatchObject({
        unknownFields: [expect.stringMatching(/: split$/u)],
      });
      const tasks = [...source.training, ...source.evaluation[0]!.tasks];
      expect(tasks.map(({ id, kind }) => `${id}: ${kind}`).toSorted()).toEqual([
        "good: files",
        "other: text",
      ]);
      const played = await source.demonstrator!.demonstrate(tasks, 0, createRandom(1));
      expect(played.map(({ isSuccess }) => isSuccess)).toEqual([true, true]);
      expect(played[0]!.turns[0]!.prompt).toMatch(/^[^]*Linux container[^]*\/tmp\//u);
      expect(source.takeRecords!()).toMatchObject([
        { reward: 1, problem: null, isSuspicious: false },
        { reward: 1, problem: null, isSuspicious: false },
      ]);
      expect(source.takeRecords!()).toEqual([]);
      const random = createRandom(1);
      const drawn = Array.from({ length: 50 }, () => source.randomAction!({ text: "" }, random)!);
      expect(new Set(drawn).size).toBe(6);
      expect(source.format.write(drawn[0]!)).toMatch(/^```bash\n/u);
    } finally {
      await source.close!();
    }
  });
});
