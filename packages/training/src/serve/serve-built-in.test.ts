import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { ThreadedTasks } from "@turnwise/envs/serve";
import { environments, findEnvironment } from "../environments/environments.ts";
import { resolveConfig } from "../settings/config.ts";
import { serveBuiltIn } from "./serve-built-in.ts";
import { openModuleTasks, serveModule } from "./serve-module.ts";

const serve = (name: string) => {
  const environment = findEnvironment(name)!;
  const { serving } = environment;
  const experiment = resolveConfig(
    environment.createExperiment(1, {}),
    { tasks: serving.tasks },
    "options",
  );
  const served = serveBuiltIn(environment, experiment as never, { numTasks: 4 });
  return { environment, served, tasks: served.tasks as ThreadedTasks };
};

describe("serveBuiltIn", () => {
  it.for(environments.map(({ name }) => name))(
    "names a function of %s that threads can import, and settings that exist",
    async (name) => {
      const { environment, served, tasks } = serve(name);
      const module = (await import(tasks.module)) as Readonly<Record<string, unknown>>;
      expect(module[tasks.exported]).toBeTypeOf("function");
      expect(Object.keys(served.settings)).toEqual(environment.serving.sessionSettings);
      for (const schema of Object.values(served.settings)) {
        expect(schema.safeParse(undefined)).toEqual({ success: true });
        expect(schema.meta()?.description).not.toBe("");
      }
      // Parameters must survive a structured clone, because they are sent to threads.
      structuredClone(tasks.listParameters({}));
    },
  );

  it("opens tasks with the settings of a session", async () => {
    const { tasks } = serve("webshop");
    const module = (await import(tasks.module)) as Record<string, (...list: unknown[]) => unknown>;
    const source = (await module[tasks.exported]!(
      ...tasks.listParameters({ splits: "verl-agent", reward: "score" }),
    )) as { evaluation: readonly { split: string; tasks: readonly object[] }[] };
    expect(source.evaluation.map(({ split, tasks: { length } }) => [split, length])).toEqual([
      ["validation", 4],
    ]);
  });

  it("offers the tools of the environment", () => {
    const named = (name: string) => serve(name).served.tools?.map((tool) => tool.name);
    expect(named("webshop")).toEqual(["search", "click"]);
    expect(named("swebench")).toEqual(["file_editor", "execute_bash", "search", "finish"]);
    expect(named("harbor")).toEqual(["execute_bash"]);
    expect(named("alfworld")).toBeUndefined();
    const [search] = serve("webshop").served.tools!;
    expect(search!.writeAction({ keywords: "red shoes" })).toBe("search[red shoes]");
  });
});

const folder = await mkdtemp(join(tmpdir(), "turnwise-serve-"));
afterAll(() => rm(folder, { recursive: true }));

const write = async (name: string, text: string): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
};

describe("serveModule", () => {
  it("offers a task source", async () => {
    const path = await write(
      "mine.ts",
      `export default (seed: number) => ({
        name: "my game (hard)",
        description: "a game",
        training: [{ id: String(seed), kind: "game" }],
        evaluation: [],
        createEnvironment: async () => ({}),
        format: {},
      });`,
    );
    const served = await serveModule(path, 7);
    expect(served).toMatchObject({ name: "my-game-hard-", description: "a game", maxTurns: 50 });
    const { exported, listParameters } = served.tasks as ThreadedTasks;
    expect([exported, listParameters({})]).toEqual(["openModuleTasks", [path, 7]]);
    expect(await openModuleTasks(path, 7)).toMatchObject({ training: [{ id: "7" }] });
  });

  it("offers an experiment with built-in tasks as that environment", async () => {
    const path = await write(
      "shop.ts",
      `import { shopping } from ${JSON.stringify(new URL("../experiments/shopping.ts", import.meta.url).pathname)};
       export default (seed: number) => shopping(seed);`,
    );
    const served = await serveModule(path, 1, { maxTurns: 3 });
    expect(served).toMatchObject({ name: "webshop", maxTurns: 3 });
    expect(Object.keys(served.settings)).toContain("reward");
  });

  it("refuses other modules", async () => {
    const path = await write("number.ts", "export default 1;");
    await expect(serveModule(path, 1)).rejects.toThrow(
      `${path}: module must default-export a function of a seed, got number`,
    );
  });
});
