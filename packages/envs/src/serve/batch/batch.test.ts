import { describe, expect, it } from "vitest";
import { createToyEnvironment, type ToyCounts } from "../testing/toy-tasks.ts";
import { startToyServer } from "../testing/toy-server.ts";
import { readLines } from "./read-lines.ts";
import { serveLines } from "./serve-lines.ts";

type Row = { session: string; observation: { text: string }; reward: number; done: boolean };

describe("calls for many sessions", () => {
  it("reset and step sessions together, and report the failure of a row in that row", async () => {
    const server = await startToyServer({ capacity: 3 });
    const call = async (method: string, body: unknown) => {
      const reply = await server.fetch(`/${method}`, body);
      return reply as { status: number; body: { results: Row[]; error?: { message: string } } };
    };
    const resets = [{ index: 0 }, { index: 1, split: "test" }, { index: 99 }, {}, {}];
    const { results } = (await call("reset_many", { resets })).body;
    expect(results).toMatchObject([
      { observation: { text: "task train/0" }, reward: null, done: false },
      { observation: { text: "task test/1" } },
      { session: null, error: { code: "VALIDATION_ERROR" } },
      {},
      {},
    ]);
    // Three sessions started in five rows: one row was invalid, and one had no capacity.
    const codes = results.map((row) =>
      "error" in row ? (row.error as { code: string }).code : "",
    );
    expect(codes.filter((code) => code === "CAPACITY_REACHED")).toHaveLength(2);
    const [a, b] = results.map(({ session }) => session);
    const steps = [
      { session: a, command: "add" },
      { session: b, command: "win" },
      { session: "none", command: "add" },
      { session: a, command: "add" },
    ];
    expect((await call("step_many", { steps })).body.results).toMatchObject([
      { session: a, observation: { text: "train/0 step 1: add" }, reward: 0.5, done: false },
      { session: b, observation: { text: "test/1 step 1: win" }, reward: 1, done: true },
      { session: "none", error: { code: "SESSION_ERROR" } },
      { session: a, error: { code: "EXECUTION_ERROR" } },
    ]);
    // A session plays one episode after another.
    const again = await call("reset_many", { resets: [{ session: b }] });
    expect(again.body.results).toMatchObject([
      { session: b, observation: { text: "task test/2" } },
    ]);
    expect(await call("step_many", { steps: [{ session: a }] })).toMatchObject({
      status: 422,
      body: { error: { message: "step_many.steps.0.command must be of type string, got none" } },
    });
    await call("close_many", { sessions: [a, b, "none"] });
    expect(await server.count()).toMatchObject({ sessions: 0, episodes: 0 });
    expect(await server.fetch("/environments", {})).toMatchObject({
      body: {
        environments: [
          { name: "toy", max_turns: 8, splits: [{ name: "train", num_tasks: 5 }, {}], error: null },
        ],
      },
    });
    await server.close();
    expect(server.counts.created).toBe(server.counts.closed);
  });
});

it("an environment whose tasks do not open leaves the others listed and playable", async () => {
  const message = "other: a container engine must answer, got none";
  const tasks = { kind: "local", open: () => Promise.reject(new Error(message)) } as const;
  const other = { ...createToyEnvironment(), name: "other", tasks };
  const server = await startToyServer({}, {}, [other]);
  const error = { code: "FACTORY_ERROR", message };
  expect(await server.fetch("/environments", {})).toMatchObject({
    status: 200,
    body: {
      environments: [
        { name: "toy", splits: [{ num_tasks: 5 }, { num_tasks: 3 }], error: null },
        { name: "other", max_turns: 8, splits: [], error },
      ],
    },
  });
  const resets = [{ environment: "other" }, { environment: "toy" }];
  expect(await server.fetch("/reset_many", { resets })).toMatchObject({
    body: { results: [{ session: null, error }, { observation: { text: "task train/0" } }] },
  });
  await server.close();
});

describe("serveLines", () => {
  it("answers requests by their ids, and ends with the input", async () => {
    const counts: ToyCounts = { created: 0, closed: 0 };
    const answers: { id: unknown; result?: { results: Row[] }; error?: { code: string } }[] = [];
    let next: (value: unknown) => void = () => undefined;
    const write = async (line: string): Promise<void> => {
      expect(line.endsWith("\n")).toBe(true);
      answers.push(JSON.parse(line) as (typeof answers)[number]);
      next(undefined);
    };
    async function* input(): AsyncGenerator<string> {
      const answered = (): Promise<unknown> => new Promise((resolve) => (next = resolve));
      yield '{"id":1,"method":"reset_many","params":{"resets":[{},{}]}}\n';
      await answered();
      const [a, b] = answers[0]!.result!.results.map(({ session }) => session);
      const steps = [
        { session: a, command: "win" },
        { session: b, command: "add" },
      ];
      yield `${JSON.stringify({ id: "two", method: "step_many", params: { steps } })}\r\n`;
      await answered();
      yield "not json\n";
      await answered();
      yield '{"id":4,"method":"jump"}\n\n{"id":5,"method":3}\n';
      await answered();
      yield `${"x".repeat(600)}\n`;
      yield '{"id":7,"method":"environments"}';
    }
    await serveLines([createToyEnvironment({ counts })], input(), write, { maxMessageBytes: 500 });
    const byId = new Map(answers.map((answer) => [answer.id, answer]));
    expect(byId.get(1)!.result!.results).toHaveLength(2);
    expect(byId.get("two")!.result!.results).toMatchObject([
      { reward: 1, done: true },
      { reward: 0.5 },
    ]);
    expect(byId.get(4)).toMatchObject({ error: { code: "VALIDATION_ERROR" } });
    expect(byId.get(5)).toMatchObject({ error: { code: "VALIDATION_ERROR" } });
    expect(byId.get(7)).toMatchObject({ result: { environments: [{ name: "toy" }] } });
    expect(
      answers
        .filter(({ id }) => id === null)
        .map(({ error }) => error!.code)
        .toSorted(),
    ).toEqual(["INVALID_JSON", "VALIDATION_ERROR"]);
    expect(counts).toEqual({ created: 2, closed: 2 });
  });
});

describe("readLines", () => {
  const read = async (
    chunks: readonly string[],
    maxBytes = 10,
  ): Promise<(string | undefined)[]> => {
    async function* stream(): AsyncGenerator<Uint8Array> {
      for (const chunk of chunks) yield new TextEncoder().encode(chunk);
    }
    const lines: (string | undefined)[] = [];
    for await (const line of readLines(stream(), maxBytes)) lines.push(line);
    return lines;
  };

  it("joins chunks, and skips lines that are too long", async () => {
    expect(await read(["a", "b\nc", "d\r\n", "\n", "end"])).toEqual(["ab", "cd", "", "end"]);
    expect(await read(["0123456789\n", "01234567890\nok\n", "0".repeat(50), "0\nok"])).toEqual([
      "0123456789",
      undefined,
      "ok",
      undefined,
      "ok",
    ]);
  });
});
