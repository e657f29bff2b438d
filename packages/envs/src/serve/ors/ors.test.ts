import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createToyEnvironment } from "../testing/toy-tasks.ts";
import { startToyServer, type ToyServer } from "../testing/toy-server.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { BackgroundCalls } from "./background-calls.ts";
import { cutPieces, streamCall } from "./stream-call.ts";

let server: ToyServer;
beforeAll(async () => {
  server = await startToyServer();
});
afterAll(() => server.close());

/** Events of a stream: `[event, data]`. */
function parseEvents(text: string): (readonly [string, string])[] {
  return text
    .split("\n\n")
    .filter((block) => block.startsWith("event: "))
    .map((block) => {
      const [, event, data] = /^event: (.*)\ndata: (.*)$/u.exec(block)!;
      return [event!, data!] as const;
    });
}

/** A client of a session. */
async function createSession(body: object) {
  const { body: stream } = await server.fetch("/create_session", {});
  const [[, id], [last]] = parseEvents(stream as string) as [[string, string], [string]];
  expect(last).toBe("end");
  const headers = { "X-Session-ID": id };
  const created = await server.fetch("/create", body, headers);
  const post = (path: string, value: unknown = {}) => server.fetch(path, value, headers);
  const call = async (input: object) => {
    const { body: text } = await post("/toy/call", input);
    const events = parseEvents(text as string);
    const json = events
      .slice(1)
      .map(([, data]) => data)
      .join("");
    return { taskId: events[0]![1], result: JSON.parse(json) as Record<string, unknown> };
  };
  return { id, headers, created, post, call };
}

describe("sessions of OpenReward", () => {
  it("play a task by tool calls", async () => {
    const { id, headers, created, post, call } = await createSession({ split: "test", index: 1 });
    expect(created).toEqual({ status: 200, body: { sid: id } });
    expect(await post("/ping")).toEqual({ status: 200, body: { status: "ok" } });
    expect((await server.fetch("/toy/prompt", undefined, headers)).body).toEqual([
      { type: "text", text: "task test/1", detail: null },
    ]);
    for (const path of ["/toy/tools", "/toy/task_tools"]) {
      expect((await server.fetch(path, undefined, headers)).body).toMatchObject({
        tools: [{ name: "act", input_schema: { required: ["command"] } }],
      });
    }
    const add = await call({ name: "act", input: { command: "add" } });
    expect(add.result).toEqual({
      ok: true,
      output: {
        blocks: [{ type: "text", text: "test/1 step 1: add", detail: null }],
        metadata: { turn: 1, success: false, score: null, outcome: null },
        reward: 0.5,
        finished: false,
      },
    });
    // A client that lost the connection asks for the result again: nothing is performed twice.
    const again = await call({ name: "act", input: { command: "add" }, task_id: add.taskId });
    expect(again).toEqual(add);
    const win = await call({ name: "act", input: { command: "win" } });
    expect(win.result).toMatchObject({
      output: { reward: 1, finished: true, metadata: { turn: 2, success: true } },
    });
    expect((await call({ name: "act", input: { command: "add" } })).result).toMatchObject({
      ok: false,
      error: expect.stringContaining("must be running, but it is") as string,
    });
    expect(await post("/delete")).toEqual({ status: 200, body: { sid: id } });
    expect(await post("/ping")).toMatchObject({ status: 404 });
    expect(await server.count()).toMatchObject({ sessions: 0, episodes: 0 });
    // A client learns that its session has ended, not only that there is none.
    const gone = { status: 410, body: { detail: "Session deleted" } };
    expect(await server.fetch("/toy/prompt", undefined, headers)).toEqual(gone);
    expect(await post("/toy/call", { name: "act", input: {} })).toEqual(gone);
    expect(await post("/delete")).toMatchObject({ status: 200 });
    const unknown = { "X-Session-ID": "unknown-session" };
    expect(await server.fetch("/toy/prompt", undefined, unknown)).toMatchObject({ status: 404 });
  });

  it("end while their episode starts", async () => {
    const hanging = await startToyServer({}, { call: () => new Promise(() => undefined) });
    const headers = { "X-Session-ID": "session-1" };
    await hanging.fetch("/create", { split: "test", index: 0 }, headers);
    const prompt = hanging.fetch("/toy/prompt", undefined, headers);
    await hanging.fetch("/delete", {}, headers);
    expect(await prompt).toMatchObject({ status: 410 });
    await hanging.close();
  });

  it("may leave out the name of the first environment", async () => {
    const redirect = await fetch(`${server.address}/tools?a=1`, { redirect: "manual" });
    expect([redirect.status, redirect.headers.get("location")]).toEqual([308, "/toy/tools?a=1"]);
    const { id, headers, created } = await createSession({ split: "test", index: 1 });
    expect(created.status).toBe(200);
    expect((await server.fetch("/prompt", undefined, headers)).body).toMatchObject([
      { text: "task test/1" },
    ]);
    const call = { name: "act", input: { command: "add" } };
    expect((await server.fetch("/call", call, headers)).body).toContain("test/1 step 1: add");
    expect(await server.fetch("/delete", {}, headers)).toEqual({ status: 200, body: { sid: id } });
    expect(await server.fetch("/TOY/nowhere")).toMatchObject({ status: 404 });
  });

  it("take a task as the Task API lists it", async () => {
    const { body } = await server.fetch("/toy/task", { split: "test", index: 2 });
    const { task } = body as { task: object };
    const { headers, post } = await createSession({ env_name: "toy", task_spec: task });
    expect((await server.fetch("/toy/prompt", undefined, headers)).body).toMatchObject([
      { text: "task test/2" },
    ]);
    await post("/delete_session");
  });

  it("refuse the path of another environment", async () => {
    const other = createToyEnvironment({}, { name: "other" });
    const two = await startToyServer({}, {}, [other]);
    const headers = { "X-Session-ID": "session-1" };
    // Without env_name, the session plays the first environment.
    await two.fetch("/create", { split: "test", index: 0 }, headers);
    const detail = expect.stringContaining("must be toy, that of the session, got other") as string;
    const refusal = { status: 400, body: { detail } };
    expect(await two.fetch("/other/prompt", undefined, headers)).toMatchObject(refusal);
    const call = { name: "act", input: { command: "add" } };
    expect(await two.fetch("/other/call", call, headers)).toMatchObject(refusal);
    expect(await two.fetch("/toy/prompt", undefined, headers)).toMatchObject({ status: 200 });
    await two.close();
  });

  it("report wrong requests", async () => {
    expect(await server.fetch("/create", { split: "test", index: 0 })).toMatchObject({
      status: 400,
    });
    const both = await createSession({
      split: "test",
      index: 0,
      task_spec: { id: "a", split: "b" },
    });
    expect(both.created).toMatchObject({ status: 400 });
    expect((await createSession({ split: "none", index: 0 })).created).toEqual({
      status: 400,
      body: { detail: "Invalid split" },
    });
    expect((await createSession({ split: "test", index: 3 })).created.status).toBe(400);
    expect((await createSession({ split: "test", index: 0, x: 1 })).created.status).toBe(400);
    expect((await createSession({ env_name: "a", split: "b", index: 0 })).created.status).toBe(404);
    const sound = await createSession({ split: "test", index: 0 });
    const twice = await server.fetch("/create", { split: "test", index: 0 }, sound.headers);
    expect(twice.status).toBe(400);
    expect((await sound.call({ name: "jump" })).result).toEqual({
      ok: false,
      error: "tool must be one of act, got jump",
    });
    expect((await sound.call({ name: "act", input: {} })).result).toMatchObject({ ok: false });
    expect((await sound.post("/toy/call", { input: {} })).status).toBe(400);
    await sound.post("/delete");
    expect(await server.count()).toMatchObject({ sessions: 0 });
  });
});

describe("streamCall", () => {
  it("sends heartbeats while a call runs, and sends its result in pieces", async () => {
    const clock = new ManualClock();
    let finish: (text: string) => void = () => undefined;
    const call = new BackgroundCalls(clock).start(
      () => new Promise((resolve) => (finish = resolve)),
    );
    const reply = streamCall(call, clock);
    let text = "";
    const ended = (
      reply as { stream: (write: (part: string) => Promise<boolean>) => Promise<void> }
    ).stream(async (part) => {
      text += part;
      return true;
    });
    // The first event is written before the heartbeats begin.
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(25);
    finish("x".repeat(4097));
    await ended;
    expect(text.match(/^: heartbeat$/gmu)).toHaveLength(2);
    expect(parseEvents(text.replaceAll(": heartbeat\n\n", ""))).toEqual([
      ["task_id", "call-1"],
      ["chunk", "x".repeat(4096)],
      ["end", "x"],
    ]);
  });

  it("cuts a text that has no characters in one piece", () => {
    expect(cutPieces("")).toEqual([""]);
  });

  it("forgets a result after a minute", async () => {
    const clock = new ManualClock();
    const calls = new BackgroundCalls(clock);
    const { id, result } = calls.start(async () => "done");
    await result;
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(59);
    expect(calls.find(id)).toBeDefined();
    clock.advance(1);
    expect(calls.find(id)).toBeUndefined();
  });
});
