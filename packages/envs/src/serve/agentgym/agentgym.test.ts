import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openAlfworldTasks } from "../../alfworld/index.ts";
import { openWebshopTasks } from "../../webshop/index.ts";
import type { LocalTasks, ServedEnvironment } from "../served-environment.ts";
import { startToyServer, type ToyServer } from "../testing/toy-server.ts";
import * as z from "zod";

const serve = (name: string, open: LocalTasks["open"]): ServedEnvironment => ({
  name,
  description: name,
  maxTurns: 15,
  settings: { reward: z.enum(["success", "score"]).optional() },
  tasks: { kind: "local", open },
});

const alfworld = serve("alfworld", () =>
  openAlfworldTasks(
    {
      environment: "alfworld",
      path: null,
      size: "tiny",
      format: "verl-agent",
      numTraining: 4,
      evaluation: [],
      kinds: null,
      indices: null,
      paths: null,
      include: [],
      strict: false,
      wording: "move",
      humanGoals: null,
      hurry: 0,
    },
    { maxTurns: 15, successReward: 10 },
    1,
  ),
);
const webshop = serve("webshop", ({ reward }) =>
  openWebshopTasks(
    {
      environment: "webshop",
      catalogue: null,
      products: null,
      attributes: null,
      humanInstructions: null,
      numProducts: 40,
      goals: "synthetic",
      compat: "none",
      splits: "products",
      format: "verl-agent",
      shownProducts: 5,
      hurry: 0,
      reward: reward === "score" ? "score" : "success",
      numTraining: 4,
      evaluation: [],
    },
    { maxTurns: 15, successReward: 10 },
    1,
  ),
);

let server: ToyServer;
beforeAll(async () => {
  server = await startToyServer({ capacity: 4 }, {}, [alfworld, webshop]);
});
afterAll(() => server.close());

const call = async (path: string, body?: unknown): Promise<unknown> =>
  (await server.fetch(`/agentgym/${path}`, body)).body;

describe("AgentGym's routes", () => {
  it("play ALFWorld", async () => {
    const { id } = (await call("alfworld/create", {})) as { id: number };
    const start = (await call("alfworld/reset", { id, game: 2, world_type: "Text" })) as {
      available_actions: string[];
    };
    expect(start).toMatchObject({
      id,
      observation: expect.stringContaining("Your task is to: ") as string,
      task_type: expect.stringMatching(/^(pick|look)_/u) as string,
    });
    const action = start.available_actions.find((one) => one.startsWith("go to "));
    expect(await call("alfworld/step", { id, action })).toMatchObject({
      observation: expect.stringContaining("You arrive at") as string,
      reward: 0,
      done: false,
    });
    expect(await call(`alfworld/observation?id=${id}`)).toContain("You arrive at");
    expect(await call(`alfworld/available_actions?id=${id}`)).toContain("look");
    expect(await call(`alfworld/detail?id=${id}`)).toMatchObject({ done: false });
    expect(await call("alfworld/close", { id })).toEqual({ closed: true });
    // Errors have status 200.
    expect(await server.fetch("/agentgym/alfworld/step", { id, action })).toEqual({
      status: 200,
      body: { error: `id must be the id of a created environment, got ${id}` },
    });
    expect(await call("alfworld/reset", { id: 1 })).toHaveProperty("error");
  });

  it("play WebShop for its score", async () => {
    const id = (await call("webshop/create", {})) as number;
    const [text, none] = (await call("webshop/reset", { env_idx: id, session_id: 1 })) as [
      string,
      null,
    ];
    expect([text, none]).toEqual([expect.stringMatching(/^WebShop \[SEP\] Instruction/u), null]);
    const wish = (await call(`webshop/instruction_text?env_idx=${id}`)) as string;
    expect(text).toContain(wish);
    expect(await call(`webshop/available_actions?env_idx=${id}`)).toEqual({
      has_search_bar: true,
      clickables: ["search"],
    });
    const step = async (action: string) =>
      (await call("webshop/step", { env_idx: id, action })) as { reward: number; done: boolean };
    await step(`search[${wish}]`);
    const { clickables } = (await call(`webshop/available_actions?env_idx=${id}`)) as {
      clickables: string[];
    };
    const product = clickables.find((name) => /^[a-z0-9]{10}$/u.test(name));
    expect(await step(`click[${product}]`)).toMatchObject({ reward: 0, done: false, info: null });
    const bought = await step("click[buy now]");
    expect(bought.done).toBe(true);
    expect(bought.reward).toBeGreaterThan(0);
    expect(bought.reward).toBeLessThanOrEqual(1);
    expect(await call("webshop/close", { env_idx: id })).toBe(true);
  });

  it("tell clients of WebShop to try again when there is no capacity", async () => {
    const created = [];
    for (let i = 0; i < 4; i++) created.push(await call("webshop/create", {}));
    expect(await server.fetch("/agentgym/webshop/create", {})).toMatchObject({ status: 503 });
    for (const id of created) await call("webshop/close", { env_idx: id });
    expect(await server.fetch("/agentgym/webshop/step", { env_idx: 1 })).toMatchObject({
      status: 422,
    });
    expect(await server.count()).toMatchObject({ sessions: 0 });
  });
});
