import { serveEnvironments, type EnvironmentServer } from "@turnwise/envs/serve";
import { ContainerError, demoTasks, DockerEngine, ensureDemoImages } from "@turnwise/envs/swebench";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findEnvironment } from "../environments/environments.ts";
import { resolveConfig } from "../settings/config.ts";
import { serveBuiltIn } from "./serve-built-in.ts";

/** True if a container engine answers and has the image of a demo task. */
async function prepareEngine(): Promise<boolean> {
  let engine: DockerEngine | undefined;
  try {
    engine = await DockerEngine.connect({ pull: "never" });
    await ensureDemoImages(engine, demoTasks.slice(0, 1));
    return true;
  } catch (error) {
    if (!(error instanceof ContainerError)) throw error;
    console.log(`skipped: ${error.message}`);
    return false;
  } finally {
    await engine?.close();
  }
}

const hasEngine = await prepareEngine();

describe.skipIf(!hasEngine)("SWE-bench, served", () => {
  let server: EnvironmentServer;
  beforeAll(async () => {
    const environment = findEnvironment("swebench")!;
    const experiment = resolveConfig(
      environment.createExperiment(1, {}),
      { tasks: environment.serving.tasks },
      "options",
    );
    const served = serveBuiltIn(environment, experiment as never, { maxTurns: 6, numTasks: 1 });
    server = await serveEnvironments([served], { port: 0, nemoGymPort: 0 });
  });
  afterAll(() => server.close());

  it("fixes an issue by tool calls in a container, and is graded by the tests", async () => {
    let cookie = "";
    const post = async (url: string, body: object): Promise<string> => {
      const headers = cookie === "" ? {} : { Cookie: cookie };
      const init = { method: "POST", headers, body: JSON.stringify(body) };
      const response = await fetch(url, init);
      cookie = response.headers.get("set-cookie")?.split(";")[0] ?? "";
      return response.text();
    };
    const url = `${server.address}/swebench/task_range`;
    const { tasks } = JSON.parse(await post(url, { split: "train", stop: 1 })) as {
      tasks: readonly { readonly id: string }[];
    };
    const { instance } = demoTasks.find((task) => task.instance.id === tasks[0]!.id)!;

    const call = (tool: string, input: object) => post(`${server.nemoGymAddress}/${tool}`, input);
    const row = { reset: { split: "train", index: 0 } };
    expect(await call("seed_session", row)).toBe("{}");
    expect(await call("file_editor", { command: "view", path: "/testbed" })).toContain("/testbed");
    const cmd = `git apply -v - <<'END_OF_PATCH'\n${instance.goldPatch}END_OF_PATCH`;
    expect(await call("execute_bash", { cmd })).toContain("Applied patch");
    await call("finish", { command: "submit", result: "done" });
    expect(JSON.parse(await call("verify", { ...row, response: {} }))).toMatchObject({
      reward: 1,
      success: true,
      num_turns: 3,
      failed: false,
    });
    expect(await server.count()).toMatchObject({ sessions: 0, episodes: 0 });
  });
});
