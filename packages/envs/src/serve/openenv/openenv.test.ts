import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createToyEnvironment } from "../testing/toy-tasks.ts";
import { connectSocket } from "../testing/socket-client.ts";
import { startToyServer, type ToyServer } from "../testing/toy-server.ts";
import { observationSchema, stateSchema } from "./wire.ts";

let server: ToyServer;
beforeAll(async () => {
  server = await startToyServer({}, {}, [createToyEnvironment({}, { name: "Other" })]);
});
afterAll(() => server.close());

const connect = (path = "/ws") => connectSocket(`${server.address}${path}`);

describe("the WebSocket of OpenEnv", () => {
  it("plays an episode: reset, step with the bare action, state, close", async () => {
    const client = await connect();
    const start = await client.ask({
      type: "reset",
      data: { split: "test", index: 1, episode_id: "e1" },
    });
    expect(start).toEqual({
      type: "observation",
      data: {
        observation: {
          text: "task test/1",
          admissible_actions: ["add", "win"],
          environment: "toy",
          split: "test",
          index: 1,
          task_id: "test/1",
          task_kind: "toy",
          turn: 0,
          max_turns: 8,
          action: null,
          is_valid_action: null,
          success: false,
          terminated: false,
          truncated: false,
          failure: null,
          score: null,
          pending: false,
        },
        reward: null,
        done: false,
      },
    });
    expect(observationSchema.safeParse(start.data.observation).success).toBe(true);
    expect(await client.ask({ type: "step", data: { command: "add" } })).toMatchObject({
      data: { observation: { text: "test/1 step 1: add", turn: 1 }, reward: 0.5, done: false },
    });
    expect(await client.ask({ type: "step", data: { command: "win" } })).toMatchObject({
      data: { observation: { success: true, terminated: true }, reward: 1, done: true },
    });
    const state = await client.ask({ type: "state" });
    expect(state).toMatchObject({
      type: "state",
      data: { episode_id: "e1", step_count: 2, return: 1.5, done: true },
    });
    expect(stateSchema.safeParse(state.data).success).toBe(true);
    client.send(JSON.stringify({ type: "close" }));
    expect(await client.closed).toBe(1005);
    expect(await server.count()).toMatchObject({ sessions: 0, episodes: 0 });
  });

  it("answers in order when a client sends ahead", async () => {
    const client = await connect();
    client.send(JSON.stringify({ type: "reset", data: {} }));
    for (let i = 0; i < 40; i++) client.send(JSON.stringify({ type: "state" }));
    client.send(JSON.stringify({ type: "step", data: { command: "win" } }));
    const types: string[] = [];
    for (let i = 0; i < 42; i++) types.push((await client.next()).type);
    expect(types).toEqual([
      "observation",
      ...Array.from({ length: 40 }, () => "state"),
      "observation",
    ]);
    client.socket.close();
    await client.closed;
  });

  it("plays another environment of the server, by address or by reset", async () => {
    const client = await connect("/other/ws");
    expect(await client.ask({ type: "reset", data: {} })).toMatchObject({
      data: { observation: { environment: "Other" } },
    });
    expect(await client.ask({ type: "reset", data: { environment: "toy" } })).toMatchObject({
      data: { observation: { environment: "toy" } },
    });
    expect(await client.ask({ type: "reset", data: { environment: "none" } })).toMatchObject({
      data: {
        code: "VALIDATION_ERROR",
        message: "reset.environment must be one of toy, Other, got none",
      },
    });
    expect(await server.count()).toMatchObject({ sessions: 1 });
    client.socket.close();
    await client.closed;
  });

  it("offers the tools of the environment through steps and through MCP", async () => {
    const client = await connect();
    await client.ask({ type: "reset", data: {} });
    expect(await client.ask({ type: "step", data: { type: "list_tools" } })).toMatchObject({
      data: {
        observation: {
          tools: [
            {
              name: "act",
              input_schema: { type: "object", required: ["command"], additionalProperties: false },
            },
          ],
        },
      },
    });
    const call = { type: "call_tool", tool_name: "act", arguments: { command: "add" } };
    expect(await client.ask({ type: "step", data: call })).toMatchObject({
      data: {
        observation: { tool_name: "act", result: "train/0 step 1: add", error: null },
        reward: 0.5,
      },
    });
    // A tool call that a model got wrong costs neither a turn nor the connection.
    for (const [tool, type] of [
      ["jump", "tool_not_found"],
      ["act", "invalid_args"],
    ]) {
      const wrong = { type: "call_tool", tool_name: tool, arguments: { wrong: 1 } };
      expect(await client.ask({ type: "step", data: wrong })).toMatchObject({
        type: "observation",
        data: {
          observation: { tool_name: tool, result: null, error: { error_type: type } },
          reward: null,
          done: false,
        },
      });
    }
    const rpc = (id: number, method: string, params: object) =>
      client.ask({ type: "mcp", data: { jsonrpc: "2.0", id, method, params } });
    expect(await rpc(1, "tools/list", {})).toMatchObject({
      type: "mcp",
      data: { jsonrpc: "2.0", id: 1, result: { tools: [{ name: "act" }] } },
    });
    const win = { name: "act", arguments: { command: "win" } };
    expect(await rpc(2, "tools/call", win)).toMatchObject({
      data: {
        id: 2,
        result: {
          content: [{ type: "text", text: "train/0 step 2: win" }],
          structuredContent: { reward: 1, done: true },
          isError: false,
        },
      },
    });
    expect(await rpc(3, "tools/call", { name: "act", arguments: {} })).toMatchObject({
      data: { error: { code: -32_602, message: "act.command must be of type string, got none" } },
    });
    expect(await rpc(4, "nothing", {})).toMatchObject({ data: { error: { code: -32_601 } } });
    client.socket.close();
    await client.closed;
  });

  it.each([
    ["no JSON", "{", "INVALID_JSON"],
    ["an unknown type", '{"type":"jump"}', "UNKNOWN_TYPE"],
    ["no type", "{}", "UNKNOWN_TYPE"],
    ["an unknown option", '{"type":"reset","data":{"idx":1}}', "VALIDATION_ERROR"],
    ["a wrong option", '{"type":"reset","data":{"seed":"x"}}', "VALIDATION_ERROR"],
    ["a wrapped action", '{"type":"step","data":{"action":{"command":"a"}}}', "VALIDATION_ERROR"],
    ["data with a state", '{"type":"state","data":{}}', "VALIDATION_ERROR"],
    ["a further field", '{"type":"reset","data":{},"x":1}', "VALIDATION_ERROR"],
    ["a step before a reset", '{"type":"step","data":{"command":"a"}}', "EXECUTION_ERROR"],
  ])("refuses %s, and the connection goes on", async (_name, text, code) => {
    const client = await connect();
    client.send(text);
    expect(await client.next()).toMatchObject({ type: "error", data: { code } });
    expect((await client.ask({ type: "reset", data: {} })).type).toBe("observation");
    client.socket.close();
    await client.closed;
  });

  it("lists the broken rules of a reset", async () => {
    const client = await connect();
    expect(await client.ask({ type: "reset", data: { index: -1, idx: 2 } })).toMatchObject({
      data: {
        message: "reset.index must be >= 0, got -1",
        errors: [{ loc: ["index"], msg: "reset.index must be >= 0, got -1" }, { loc: ["idx"] }],
      },
    });
    client.socket.close();
    await client.closed;
  });

  it("closes the connection after a value that is no message", async () => {
    const client = await connect();
    client.send("[]");
    expect(await client.next()).toMatchObject({ data: { code: "SESSION_ERROR" } });
    await client.closed;
  });

  it("reports a fault of the environment as the end of the episode", async () => {
    const client = await connect();
    await client.ask({ type: "reset", data: {} });
    expect(await client.ask({ type: "step", data: { command: "fail" } })).toMatchObject({
      data: {
        observation: { failure: { kind: "environment", message: "step: out of luck" } },
        reward: 0,
        done: true,
      },
    });
    expect(await client.ask({ type: "step", data: { command: "add" } })).toMatchObject({
      data: { code: "EXECUTION_ERROR" },
    });
    client.socket.close();
    await client.closed;
  });
});

describe("HTTP of OpenEnv", () => {
  it("passes the checks of `openenv validate`", async () => {
    const { body: api } = await server.fetch("/openapi.json");
    expect(api).toMatchObject({ info: { version: expect.stringMatching(/^1\./u) as string } });
    expect(Object.keys((api as { paths: object }).paths)).toEqual(
      expect.arrayContaining(["/reset", "/step", "/state"]),
    );
    expect((await server.fetch("/health")).body).toMatchObject({ status: "healthy" });
    expect((await server.fetch("/metadata")).body).toMatchObject({
      name: "toy",
      description: "toy tasks",
    });
    expect((await server.fetch("/schema")).body).toMatchObject({
      action: { type: "object" },
      observation: { type: "object" },
      state: { type: "object" },
    });
    const { status, body } = await server.fetch("/mcp", {});
    expect([status, body]).toMatchObject([200, { jsonrpc: "2.0", error: { code: -32_600 } }]);
  });

  it("has an action with exactly one required field, and a title of its own", async () => {
    const { body } = await server.fetch("/other/schema");
    expect(body).toMatchObject({ action: { title: "OtherAction", required: ["command"] } });
  });

  it("resets and steps in an environment of the request", async () => {
    expect(await server.fetch("/reset", { index: 2 })).toMatchObject({
      status: 200,
      body: { observation: { text: "task train/2" }, reward: null, done: false },
    });
    expect(await server.fetch("/step", { action: { command: "win" }, timeout_s: 5 })).toMatchObject(
      { status: 200, body: { reward: 1, done: true } },
    );
    expect(await server.fetch("/step", { action: {} })).toMatchObject({
      status: 422,
      body: {
        detail: [{ loc: ["command"], msg: "action.command must be of type string, got none" }],
      },
    });
    expect((await server.fetch("/step", { command: "win" })).status).toBe(422);
    expect(await server.fetch("/state")).toMatchObject({ body: { step_count: 0 } });
    expect(await server.count()).toMatchObject({ sessions: 0, episodes: 0 });
  });

  it("keeps a session of MCP between requests", async () => {
    const rpc = async (method: string, params: object) => {
      const { body } = await server.fetch("/mcp", { jsonrpc: "2.0", id: 1, method, params });
      return body as { result?: Record<string, unknown>; error?: { code: number } };
    };
    const { result = {} } = await rpc("openenv/session/create", { index: 1 });
    const { session_id } = result;
    expect(result).toMatchObject({ observation: { task_id: "train/1" } });
    const act = { name: "act", arguments: { command: "add" }, session_id };
    expect(await rpc("tools/call", act)).toMatchObject({
      result: { content: [{ text: "train/1 step 1: add" }] },
    });
    expect(await rpc("openenv/session/close", { session_id })).toMatchObject({
      result: { session_id, closed: true },
    });
    expect(await rpc("tools/call", act)).toMatchObject({ error: { code: -32_602 } });
    expect(await rpc("openenv/session/create", { index: 99 })).toMatchObject({
      error: { code: -32_602 },
    });
    expect(await server.count()).toMatchObject({ sessions: 0 });
  });

  it("lists environments, splits and tasks", async () => {
    expect((await server.fetch("/list_environments")).body).toEqual(["toy", "Other"]);
    expect((await server.fetch("/TOY/splits")).body).toEqual([
      { name: "train", type: "train" },
      { name: "test", type: "test" },
    ]);
    const task = (index: number) => ({ id: `test/${index}`, kind: "toy", split: "test", index });
    expect((await server.fetch("/toy/tasks", { split: "test" })).body).toEqual({
      tasks: [task(0), task(1), task(2)],
      env_name: "toy",
    });
    expect((await server.fetch("/toy/num_tasks", { split: "train" })).body).toEqual({
      num_tasks: 5,
    });
    expect((await server.fetch("/toy/task", { split: "test", index: 2 })).body).toEqual({
      task: task(2),
    });
    const range = async (start?: number, stop?: number) =>
      (await server.fetch("/toy/task_range", { split: "test", start, stop })).body;
    expect(await range(-2)).toEqual({ tasks: [task(1), task(2)] });
    expect(await range(0, -1)).toEqual({ tasks: [task(0), task(1)] });
    expect(await range(2, 1)).toEqual({ tasks: [] });
    expect(await server.fetch("/toy/task", { split: "test", index: 3 })).toMatchObject({
      status: 400,
      body: { detail: "index must be in [0, 2], got 3" },
    });
    expect(await server.fetch("/toy/tasks", { split: "x" })).toEqual({
      status: 400,
      body: { detail: "Invalid split" },
    });
    expect((await server.fetch("/toy/tasks", {})).status).toBe(400);
    expect((await server.fetch("/none/tasks", { split: "test" })).status).toBe(404);
  });
});
