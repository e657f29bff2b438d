import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RepositoryState } from "@turnwise/core";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { CommandResult, Container } from "../containers/container.ts";
import type { Evaluation } from "./evaluation/evaluate.ts";
import {
  notesFolder,
  snapshotFunctions,
  startTreeScript,
} from "./preparation/start-tree-script.ts";
import { renderRepository } from "./render-repository.ts";
import { encodeToolCall } from "../scaffold/tool-call.ts";

let parent: string;
let startTree: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "turnwise-repository-"));
  run(`mkdir work && cd work && git init -q . && echo one > a.txt && echo two > 'b c.txt'
echo '*.o' > .gitignore && git add -A && git -c user.name=a -c user.email=a@b commit -qm one`);
  const functions = `trust() { :; }; fail() { echo "$1" >&2; exit 1; }; export HOME=${parent}/home`;
  run(
    `set -e; ${functions}; ${snapshotFunctions}; mkdir -p "$HOME"; ${startTreeScript(join(parent, "work"))}`,
  );
  startTree = (await readFile(join(parent, "notes/start"), "utf8")).trim();
});
afterEach(() => rm(parent, { recursive: true }));

/** Runs bash, with the preparation's records in the test's own folder. */
function runBash(script: string, cwd: string): CommandResult {
  const here = script.replaceAll(notesFolder, join(parent, "notes"));
  const { status, stdout, stderr } = spawnSync("bash", ["-c", here], { cwd });
  return { exitCode: status, stdout, stderr, isTimedOut: false, isTruncated: false, seconds: 0 };
}

/** Runs a script that must succeed, and returns its output. */
function run(script: string, cwd = parent): string {
  const { exitCode, stdout, stderr } = runBash(script, cwd);
  expect([exitCode, stderr.toString()]).toEqual([0, expect.any(String)]);
  return stdout.toString();
}

/** The commands of a container, run on this machine. */
const container = {
  exec: async (script, options) => runBash(script, options!.cwd!),
} as Pick<Container, "exec"> as Container;

const workFolder = (): string => join(parent, "work");

async function render(
  progress: Partial<Parameters<typeof renderRepository>[2]> = {},
): Promise<RepositoryState> {
  const repository = { container, folder: join(parent, "work"), startTree };
  const rest = { lastAction: undefined, graded: undefined, signal: undefined, ...progress };
  return (await renderRepository({ id: "octocat__hello-1" }, repository, rest)) as RepositoryState;
}

it("shows changed, new and deleted files as they come and go, and changes nothing", async () => {
  expect(await render()).toMatchObject({ files: [], diff: "", lastCommand: null });
  run(
    "echo more >> a.txt; rm 'b c.txt'; mkdir new; echo x > new/d.py; echo y > out.o",
    workFolder(),
  );
  const before = run("git status --porcelain; ls -a . .git new", workFolder());
  const state = await render();
  expect(state.files).toEqual([
    { path: "a.txt", change: "modified", numAdded: 1, numRemoved: 0 },
    { path: "b c.txt", change: "deleted", numAdded: 0, numRemoved: 1 },
    { path: "new/d.py", change: "added", numAdded: 1, numRemoved: 0 },
  ]);
  expect(state.diff).toContain("--- a/a.txt\n+++ b/a.txt\n@@ -1 +1,2 @@\n one\n+more\n");
  expect(state).toEqual(await render());
  const after = run("git status --porcelain; ls -a . .git new", workFolder());
  expect(after).toBe(before);
  run("rm -r new; git checkout -q .", workFolder());
  expect((await render()).files).toEqual([]);
});

it("shows the last call of a tool, and the verdict with its tests at the end", async () => {
  const lastAction = encodeToolCall({
    tool: "execute_bash",
    arguments: { cmd: "ls", is_input: false },
  });
  expect((await render({ lastAction })).lastCommand).toBe("execute_bash\ncmd: ls\nis_input: false");
  const diff = "diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-one\n+two\n";
  const grade = {
    isResolved: false,
    tests: {
      failToPass: { success: ["t1"], failure: ["t2"] },
      passToPass: { success: ["t3"], failure: [] },
    },
  };
  const patch = { bytes: Buffer.from(diff), patch: diff, excluded: [] };
  expect(
    await render({ graded: { patch, evaluation: { grade } as unknown as Evaluation } }),
  ).toMatchObject({
    files: [{ path: "a.txt", change: "modified", numAdded: 1, numRemoved: 1 }],
    verdict: {
      isResolved: false,
      failToPass: { passed: ["t1"], failed: ["t2"] },
      passToPass: { passed: ["t3"], failed: [] },
    },
  });
});

it("says why changes are not known", async () => {
  startTree = "0".repeat(40);
  const missing = expect.stringMatching(/^fatal: .*0{40}/u);
  expect(await render()).toMatchObject({ files: [], diff: "", missing });
});
