import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createToyEnvironment } from "../testing/toy-tasks.ts";
import { startToyServer, type ToyServer } from "../testing/toy-server.ts";
import { aggregateMetrics } from "./aggregate-metrics.ts";
import { readResponse } from "./read-response.ts";

let server: ToyServer;
beforeAll(async () => {
  const other = createToyEnvironment({}, { name: "other" });
  server = await startToyServer({ nemoGymPort: 0, capacity: 2 }, {}, [other]);
});
afterAll(() => server.close());

/** An agent of NeMo-Gym: keeps only the cookies of the last reply, as `simple_agent` does. */
function createAgent(base = "") {
  let cookie = "";
  return async (path: string, body: unknown) => {
    const response = await fetch(`${server.nemoGymAddress}${base}${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...(cookie && { Cookie: cookie }) },
      body: JSON.stringify(body),
    });
    cookie = (response.headers.get("set-cookie") ?? "").split(";")[0]!;
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("/json") === true;
    return { status: response.status, body: isJson ? (JSON.parse(text) as unknown) : text };
  };
}

const row = {
  responses_create_params: { input: "play", tools: [], temperature: null },
  agent_ref: { name: "agent" },
  reset: { split: "test", index: 1 },
};
const message = (text: string) => ({
  output: [
    { type: "reasoning", summary: [] },
    { type: "message", role: "assistant", content: [{ type: "output_text", text }] },
  ],
});
const callTool = (id: string, name: string, input: object) => ({
  type: "function_call",
  call_id: id,
  name,
  arguments: JSON.stringify(input),
});

describe("simple_agent of NeMo-Gym", () => {
  it("plays by tools, whose answers are texts, and gets the return of the episode", async () => {
    const post = createAgent();
    expect(await post("/seed_session", row)).toEqual({ status: 200, body: {} });
    expect(await post("/act", { command: "add" })).toEqual({
      status: 200,
      body: "test/1 step 1: add",
    });
    expect(await post("/act", {})).toEqual({
      status: 422,
      body: "act.command must be of type string, got none",
    });
    expect(await post("/jump", {})).toMatchObject({ status: 404 });
    expect(await post("/act", { command: "win" })).toMatchObject({ status: 200 });
    expect(await post("/act", { command: "add" })).toEqual({
      status: 409,
      body: "The episode has ended. Stop here.",
    });
    const verified = {
      ...row,
      response: message("done"),
      reward: 1.5,
      success: true,
      num_turns: 2,
      truncated: false,
      failed: false,
    };
    const request = { ...row, response: message("done") };
    expect(await post("/verify", request)).toEqual({ status: 200, body: verified });
    expect(await server.count()).toMatchObject({ sessions: 0, episodes: 0 });
    // A client that lost the answer asks again.
    expect(await post("/verify", request)).toEqual({ status: 200, body: verified });
  });

  it("scores an episode that the model ended early, and one that failed", async () => {
    const [early, failed] = [createAgent(), createAgent("/other")];
    await early("/seed_session", row);
    expect((await early("/verify", { ...row, response: {} })).body).toMatchObject({
      reward: 0,
      success: false,
      num_turns: 0,
    });
    await failed("/seed_session", row);
    expect(await failed("/act", { command: "fail" })).toEqual({
      status: 200,
      body: "step: out of luck",
    });
    expect((await failed("/verify", row)).body).toMatchObject({
      reward: 0,
      failed: true,
      failure: { kind: "environment", message: "step: out of luck" },
    });
  });

  it("starts again in its session", async () => {
    const post = createAgent();
    await post("/seed_session", row);
    await post("/seed_session", { reset: { split: "train", index: 4, environment: "other" } });
    await post("/seed_session", { reset: { split: "train", index: 3, environment: "other" } });
    expect(await server.count()).toMatchObject({ sessions: 1 });
    expect((await post("/act", { command: "add" })).body).toBe("train/3 step 1: add");
    expect(await post("/close", {})).toEqual({ status: 200, body: {} });
    expect(await server.count()).toMatchObject({ sessions: 0 });
  });

  it("learns what is wrong with a request", async () => {
    const post = createAgent();
    for (const [body, status, detail] of [
      [{}, 422, "row.reset must be"],
      [{ reset: { indx: 1 } }, 422, "reset.indx must be a known key"],
      [{ reset: { split: "test", index: 9 } }, 422, "reset.index must be in [0, 2]"],
      [{ reset: { environment: "none" } }, 404, "environment must be one of toy, other"],
    ] as const) {
      expect(await post("/seed_session", body)).toMatchObject({
        status,
        body: { detail: expect.stringContaining(detail) as string },
      });
    }
    expect(await post("/verify", row)).toMatchObject({ status: 404 });
    expect(await post("/act", { command: "add" })).toMatchObject({ status: 404 });
    const agents = [createAgent(), createAgent()];
    for (const agent of agents) await agent("/seed_session", row);
    expect(await post("/seed_session", row)).toMatchObject({ status: 503 });
    for (const agent of agents) await agent("/close", {});
  });
});

describe("gymnasium_agent of NeMo-Gym", () => {
  it("plays by texts, and repeats a step without performing it again", async () => {
    const post = createAgent();
    expect(await post("/reset", row)).toEqual({
      status: 200,
      body: {
        observation: "task test/1",
        info: { supports_explicit_close: true, supports_step_idempotency: true },
      },
    });
    const step = { ...row, response: message("add"), _ng_step_request_id: "a" };
    const first = await post("/step", step);
    expect(first).toEqual({
      status: 200,
      body: {
        observation: "test/1 step 1: add",
        reward: 0.5,
        terminated: false,
        truncated: false,
        info: { success: false, num_turns: 1, truncated: false, failed: false },
      },
    });
    expect(await post("/step", step)).toEqual(first);
    const last = { ...row, response: message("win"), _ng_step_request_id: "b" };
    const end = await post("/step", last);
    expect(end.body).toMatchObject({ reward: 1, terminated: true, info: { num_turns: 2 } });
    expect(await server.count()).toMatchObject({ sessions: 0 });
    expect(await post("/step", last)).toEqual(end);
    expect(await post("/step", { ...row, response: message("add") })).toMatchObject({
      status: 409,
    });
    expect(await post("/close", {})).toMatchObject({ status: 200 });
  });

  it("plays by prompts, if the row asks for them", async () => {
    const post = createAgent();
    const { body } = await post("/reset", { ...row, reset: { ...row.reset, prompts: true } });
    expect(body).toMatchObject({ observation: "turn 1: task test/1" });
    expect((await post("/step", { ...row, response: message("<add>") })).body).toMatchObject({
      observation: "turn 2: test/1 step 1: add",
    });
    await post("/close", {});
  });

  it("plays by function calls, each with its own output", async () => {
    const post = createAgent();
    await post("/reset", { ...row, reset: { ...row.reset, max_turns: 2 } });
    const output = [
      callTool("1", "act", { command: "add" }),
      callTool("2", "jump", {}),
      { ...callTool("3", "act", {}), arguments: "{" },
      callTool("4", "act", { command: "look" }),
      callTool("5", "act", { command: "win" }),
    ];
    expect((await post("/step", { ...row, response: { output } })).body).toMatchObject({
      observation: null,
      reward: 1,
      terminated: false,
      truncated: true,
      info: {
        tool_outputs: [
          { call_id: "1", output: "test/1 step 1: add" },
          { call_id: "2", output: "tool must be one of act, got jump" },
          { call_id: "3", output: "act.command must be of type string, got none" },
          { call_id: "4", output: "test/1 step 2: look" },
          { call_id: "5", output: "Not performed, because the episode has ended." },
        ],
      },
    });
  });
});

describe("dataset rows", () => {
  it("have the tools and the first observation, or only the task", async () => {
    const post = createAgent("/other");
    const read = async (body: object) => {
      const { body: rows } = await post("/rows", body);
      return (rows as string)
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as object);
    };
    const rows = await read({ style: "tools", split: "test", start: 1, reset: { max_turns: 3 } });
    const options = { environment: "other", split: "test", max_turns: 3 };
    expect(rows).toMatchObject([
      {
        responses_create_params: {
          input: [{ role: "user", content: "task test/1" }],
          tools: [{ type: "function", name: "act", parameters: { required: ["command"] } }],
        },
        reset: { ...options, index: 1 },
      },
      { reset: { ...options, index: 2 } },
    ]);
    const agent = createAgent();
    expect(await agent("/seed_session", rows[1])).toMatchObject({ status: 200 });
    await agent("/close", {});
    expect(await read({ style: "gymnasium", split: "train", stop: 1 })).toEqual([
      {
        responses_create_params: { input: [] },
        reset: { environment: "other", split: "train", index: 0 },
      },
    ]);
    expect(await post("/rows", { style: "tools", split: "none" })).toMatchObject({ status: 422 });
  });
});

it("tells its environments, and that trajectories cannot be verified again", async () => {
  const read = async (path: string) => (await fetch(`${server.nemoGymAddress}${path}`)).json();
  expect(await read("/")).toEqual({ environments: ["toy", "other"] });
  expect(await read("/reverify_mode")).toBe("unsupported");
});

describe("aggregateMetrics", () => {
  it("summarizes numbers and booleans of tasks and of all trajectories", async () => {
    const rows = [
      { _ng_task_index: 1, _ng_rollout_index: 0, reward: 1, success: true, name: "a" },
      { _ng_task_index: 0, _ng_rollout_index: 0, reward: 0, response: { usage: { tokens: 7 } } },
      { _ng_task_index: 1, _ng_rollout_index: 1, reward: 0, success: false },
    ];
    const { agent_metrics, group_level_metrics, key_metrics } = aggregateMetrics(rows);
    // Rewards 1, 0, 0: deviations 2/3, -1/3, -1/3; sum of squares 6/9; divided by 2: 1/3.
    expect(agent_metrics).toMatchObject({
      "max/reward": 1,
      "min/reward": 0,
      "median/reward": 0,
      "mean/success": 0.5,
      "std/tokens": 0,
    });
    expect(agent_metrics["std/reward"]).toBeCloseTo(Math.sqrt(1 / 3), 12);
    expect(key_metrics).toEqual({ "mean/reward": 1 / 3, "mean/success": 0.5, "mean/tokens": 7 });
    expect(group_level_metrics).toMatchObject([
      { _ng_task_index: 0, num_rollouts: 1, "mean/reward": 0 },
      { _ng_task_index: 1, num_rollouts: 2, "mean/reward": 0.5, "median/reward": 0.5 },
    ]);
    expect(aggregateMetrics([])).toEqual({
      agent_metrics: {},
      group_level_metrics: [],
      key_metrics: {},
    });
    const response = await createAgent()("/aggregate_metrics", { verify_responses: rows });
    expect(response.body).toEqual({ agent_metrics, group_level_metrics, key_metrics });
  });
});

describe("readResponse", () => {
  it("joins the texts of messages, and leaves out reasoning", () => {
    const [first] = message("").output;
    const text = { type: "output_text", text: "a" };
    const refusal = { type: "refusal", refusal: "no" };
    expect(
      readResponse({
        output: [
          first,
          { type: "message", content: [text, refusal, { ...text, text: "b" }] },
          { type: "message", content: "c" },
        ],
      }),
    ).toEqual({ text: "abc", calls: [] });
    expect(() => readResponse({})).toThrow("response.output must be");
  });
});
