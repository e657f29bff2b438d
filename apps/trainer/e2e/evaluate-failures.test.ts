import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  jsonServer,
  type JsonServer,
  type Reply,
  type SeenRequest,
} from "../../../packages/policy/src/remote/testing/json-server.ts";
import { runTurnwise, type Ended } from "./turnwise.ts";

const answer: Reply = {
  body: {
    choices: [{ message: { role: "assistant", content: "look" }, finish_reason: "stop" }],
  },
};
const now = { "retry-after-ms": "10" };

let folder: string;
let server: JsonServer | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "turnwise-evaluate-"));
});
afterEach(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Evaluates a chat model on 4 games, once each. */
async function evaluate(
  reply: (request: SeenRequest) => Reply | Promise<Reply>,
  more: readonly string[] = [],
  options: { readonly killSignal?: AbortSignal } = {},
): Promise<Ended> {
  server = await jsonServer(reply);
  const policy = join(folder, "policy.json");
  await writeFile(policy, JSON.stringify({ kind: "chat", url: server.url, model: "m" }));
  const args = ["evaluate", "alfworld", "--policy", policy, "--num-tasks", "4", "--max-turns", "2"];
  return runTurnwise([...args, "--out", join(folder, "out"), ...more], options);
}

const read = (name: string): Promise<string> => readFile(join(folder, "out", name), "utf8");

describe("an evaluation on a failing server", { timeout: 240_000 }, () => {
  it("continues after each kind of bad response", async () => {
    const bad: Reply[] = [
      { status: 520, body: "<html>unknown error</html>", headers: now },
      { body: { error: { code: 502, message: "upstream" } }, headers: now },
      { body: "" },
      { body: "<html>welcome</html>" },
      "cut",
      { headers: { "content-length": "50" }, body: '{"choices":', isCut: true },
      { status: 401, body: "" },
      ...Array.from({ length: 20 }, (): Reply => ({ status: 429, body: "", headers: now })),
    ];
    const ended = await evaluate(() => bad.shift() ?? answer);
    expect(ended.stderr).toBe("");
    expect(ended.code).toBe(0);
    expect(bad).toHaveLength(0);
    expect(ended.stdout).toContain("success 0.0% of 4 episodes, failed 0/4, 2.0 turns");
    expect(ended.stdout).toMatch(/truncated: turns +4 of 4 {2}first: \S+, 2 turns$/mu);
  });

  it("records a permanent error as the outcome of its episode, and counts stop reasons", async () => {
    const message = "This model's maximum context length is 512 tokens.";
    const bad: Reply[] = [
      { status: 400, body: { error: { message } } },
      { status: 400, body: { error: { message: "content filter" } } },
    ];
    const ended = await evaluate(() => bad.shift() ?? answer, ["--json"]);
    expect(ended.code).toBe(0);
    const report = JSON.parse(ended.stdout) as Record<string, unknown>;
    expect(report).toMatchObject({
      episodes: 4,
      graded: 3,
      failed: 1,
      failedProtocol: 1,
      stops: [
        { reason: "truncated: turns", count: 2 },
        { reason: "truncated: tokens", count: 1, example: { numTurns: 0 } },
        { reason: "failed: protocol", count: 1, example: { numTurns: 0 } },
      ],
    });
    expect(JSON.stringify(report["stops"])).toContain(message);
    expect(JSON.stringify(report["stops"])).toContain("status must be 200, got 400");
    expect(JSON.parse(await read("report.json"))).toMatchObject({ episodes: 4, failed: 1 });
  });

  it("resumes after a kill and plays only the missing episodes", async () => {
    // Two episodes of one turn get an answer; the other two wait forever.
    let hangs = true;
    const reply = (): Reply | Promise<Reply> =>
      hangs && server!.seen.length > 2 ? new Promise<Reply>(() => undefined) : answer;
    const kill = new AbortController();
    const playing = evaluate(reply, ["--max-turns", "1"], { killSignal: kill.signal });
    const numLines = async (): Promise<number> =>
      (await read("episodes.jsonl").catch(() => "")).split("\n").length - 1;
    await expect.poll(numLines, { timeout: 200_000 }).toBe(2);
    kill.abort();
    expect((await playing).signal).toBe("SIGKILL");
    hangs = false;
    const numBefore = server!.seen.length;
    const resumed = await runTurnwise(["evaluate", "--resume", join(folder, "out")]);
    expect(resumed.stderr).toBe("");
    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toContain("2 episodes already played");
    expect(resumed.stdout).toContain("success 0.0% of 4 episodes, failed 0/4, 1.0 turns");
    expect(server!.seen.length - numBefore).toBe(2);
    expect(await numLines()).toBe(4);
  });

  it("stops at once with an input error if the server refuses everything", async () => {
    const ended = await evaluate(() => ({ status: 401, body: "invalid key" }));
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(
      /^turnwise: \S+policy\.json: POST http\S+: status must be 200, got 401: invalid key\n$/u,
    );
  });

  it("fails if no episode could be played, and can be resumed", async () => {
    let isUp = false;
    const reply = (): Reply => (isUp ? answer : { status: 400, body: "maintenance" });
    const ended = await evaluate(reply, ["--patience", "0"]);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toContain("success not measured, none of 4 episodes graded, failed 4/4");
    expect(ended.stderr).toMatch(/4 of 4 episodes failed \(protocol 4; .* evaluate --resume /u);
    isUp = true;
    const resumed = await runTurnwise(["evaluate", "--resume", join(folder, "out")]);
    expect(resumed.stderr).toBe("");
    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toContain("success 0.0% of 4 episodes, failed 0/4");
  });
});
