import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, describe, expect, it } from "vitest";
import { root, sourceArguments } from "./turnwise.ts";

const folder = await mkdtemp(join(tmpdir(), "turnwise-serve-"));
afterAll(() => rm(folder, { recursive: true }));

/**
 * Serves, calls `visit` with the address, and stops the server by SIGTERM.
 * @returns The lines of its log.
 */
async function serve(
  parameters: readonly string[],
  visit: (address: string) => Promise<void>,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const child = spawn(
    process.execPath,
    [...sourceArguments, "serve", ...parameters, "--port", "0"],
    { cwd: root },
  );
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log += String(chunk)));
  const ended = once(child, "close");
  const [printed] = (await Promise.race([once(child.stdout, "data"), ended])) as [unknown];
  const address = /^(http:\S+) /u.exec(String(printed))?.[1];
  if (address === undefined) throw new Error(`serve must print its address, got ${log}`);
  try {
    await visit(address);
  } finally {
    child.kill("SIGTERM");
  }
  expect(await ended).toEqual([0, null]);
  const lines = log.trim().split("\n");
  return lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

const post = async (url: string, body: unknown): Promise<Record<string, unknown>> => {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return (await response.json()) as Record<string, unknown>;
};

describe("turnwise serve", () => {
  it("serves ALFWorld's generated games", async () => {
    const size = ["--size", "tiny", "--num-tasks", "8", "--threads", "1"];
    const log = await serve(["alfworld", ...size], async (address) => {
      expect(await post(`${address}/alfworld/num_tasks`, { split: "held_out" })).toEqual({
        num_tasks: 8,
      });
      const { observation } = await post(`${address}/reset`, { index: 3, prompts: true });
      expect(observation).toMatchObject({
        text: expect.stringContaining("ALFRED Embodied Environment") as string,
        split: "train",
        index: 3,
        max_turns: 50,
      });
      const refused = await post(`${address}/reset`, { kinds: ["swim"] });
      expect(JSON.stringify(refused)).toContain("reset.kinds.0 must be");
    });
    expect(log.map(({ event }) => event)).toEqual([
      "session opened",
      "episode started",
      "session closed",
      "session opened",
      "call refused",
      "session closed",
    ]);
  });

  it("serves a module", async () => {
    const path = join(folder, "mine.ts");
    await writeFile(
      path,
      `export default () => ({
        name: "echo",
        description: "repeats the command",
        training: [{ id: "only", kind: "echo" }],
        evaluation: [],
        createEnvironment: async () => ({
          reset: async () => ({ text: "hello" }),
          step: async (action: string) => ({ text: action, reward: 1, isTerminal: true, isSuccess: true }),
          close: async () => undefined,
        }),
        format: { presentation: "turn-wise", prompt: () => "", write: (a: string) => a, parse: (a: string) => ({ action: a, isValid: true }) },
      });`,
    );
    await serve([path, "--threads", "1"], async (address) => {
      expect(await post(`${address}/step`, { action: { command: "hi" } })).toMatchObject({
        observation: { text: "hi", success: true },
        reward: 1,
        done: true,
      });
    });
  });

  it("serves its parent over standard input and output", async () => {
    const child = spawn(
      process.execPath,
      [...sourceArguments, "serve", "frozenlake", "--num-tasks", "4", "--threads", "1", "--stdio"],
      { cwd: root, stdio: ["pipe", "pipe", "ignore"] },
    );
    const ended = once(child, "close");
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const ask = async (method: string, params: object) => {
      child.stdin.write(`${JSON.stringify({ id: method, method, params })}\n`);
      const { value } = await lines.next();
      return JSON.parse(String(value)) as { result: { results: { session: string }[] } };
    };
    const { result } = await ask("reset_many", { resets: [{ index: 1 }, { split: "held_out" }] });
    expect(result.results).toMatchObject([
      { observation: { environment: "frozenlake", index: 1 }, done: false },
      { observation: { split: "held_out" } },
    ]);
    const steps = result.results.map(({ session }) => ({ session, command: "right" }));
    expect((await ask("step_many", { steps })).result.results).toMatchObject([
      { observation: { turn: 1 } },
      { observation: { turn: 1 } },
    ]);
    child.stdin.end();
    expect(await ended).toEqual([0, null]);
  });
});
