import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { generateGames } from "@turnwise/envs/alfworld";
import { afterAll, beforeAll, expect, it } from "vitest";
import { root, sourceArguments, runTurnwise } from "./turnwise.ts";

let folder: string;
let game: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "turnwise-replay-"));
  game = join(folder, "game.tw-pddl");
  await writeFile(game, JSON.stringify(generateGames({ seed: 1, count: 1 })[0]));
});
afterAll(() => rm(folder, { recursive: true }));

interface Answer {
  readonly command?: string;
  readonly action?: string | null;
  readonly obs?: string;
}

/** Sends each line after the answer to the line before. The first answer comes before any line. */
async function converse(args: readonly string[], lines: readonly string[]): Promise<Answer[]> {
  const child = spawn(process.execPath, [...sourceArguments, ...args], {
    cwd: root,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const answers: Answer[] = [];
  for await (const text of createInterface({ input: child.stdout })) {
    answers.push(JSON.parse(text) as Answer);
    const line = lines[answers.length - 1];
    if (line === undefined) child.stdin.end();
    else child.stdin.write(line);
  }
  return answers;
}

it("alfworld replay answers standard input line by line", async () => {
  const args = ["alfworld", "replay", game, "--commands", "-", "--initial", "--json"];
  const answers = await converse(args, ["\uFEFFlook\n", "inventory\r\n", "fly away\n"]);
  expect(answers.map(({ command }) => command)).toEqual([null, "look", "inventory", "fly away"]);
  expect(answers.map(({ obs }) => obs === "Nothing happens.")).toEqual([false, false, false, true]);
});

it("webshop replay answers standard input line by line", async () => {
  const args = ["webshop", "replay", "--actions", "-", "--json"];
  const answers = await converse(args, ["\uFEFFsearch[red shoe]\n", "click[back to search]\n"]);
  expect(answers.map(({ action }) => action)).toEqual([
    null,
    "search[red shoe]",
    "click[back to search]",
  ]);
});

it("alfworld replay reads a file with a byte order mark", async () => {
  const commands = join(folder, "commands.txt");
  await writeFile(commands, "\uFEFFlook\ninventory\n");
  const { stdout, stderr } = await runTurnwise([
    "alfworld",
    "replay",
    game,
    "--commands",
    commands,
  ]);
  expect(stderr).toBe("");
  expect(stdout).toContain("> look\n");
  expect(stdout).not.toContain("Nothing happens.");
});

it("alfworld replay refuses --human-goal without --human-goals", async () => {
  const args = ["alfworld", "replay", game, "--commands", "-", "--human-goal", "1"];
  expect(await runTurnwise(args)).toMatchObject({
    code: 2,
    stderr: "turnwise: --human-goal needs --human-goals FILE\n",
  });
});
