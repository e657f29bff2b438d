import { afterAll, describe, expect, it, vi } from "vitest";
import { sweEnvironment } from "../environment.ts";
import { readInstance } from "../instances/data-sets.ts";
import type { SweInstance } from "../instances/instance.ts";
import { encodeToolCall } from "../../scaffold/tool-call.ts";
import { ImageLayouts } from "../testing/image-layout.ts";
import { testEngine } from "../../containers/testing/test-engine.ts";

// Engines respond late on a busy machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const engine = await testEngine();
const layouts = engine === undefined ? undefined : new ImageLayouts(engine);

/** Output of an agent's commands, in order. */
async function play(instance: SweInstance, commands: readonly string[]): Promise<string[]> {
  const environment = sweEnvironment(instance, engine!);
  const { text } = await environment.reset();
  const seen = [text];
  for (const cmd of commands) {
    const call = encodeToolCall({ tool: "execute_bash", arguments: { cmd } });
    seen.push((await environment.step(call)).text);
  }
  await environment.close();
  return seen;
}

describe.skipIf(engine === undefined)("images that contain the fix", () => {
  afterAll(async () => {
    await engine?.close();
    await layouts?.close();
  });

  it("lose the patches of Multi-SWE-bench, and agents work in its folder", async () => {
    const image = await layouts!.build(`mkdir -p /home/cli; cd /home/cli; git init -q .
echo one > a.txt; git add -A; git commit -qm first; cd /home
echo SECRET | tee fix.patch test.patch fix-run.sh test-run.sh > run.sh`);
    const instance = readInstance(
      {
        org: "cli",
        repo: "cli",
        number: 10,
        base: { sha: "abc" },
        fix_patch: "diff",
        test_patch: "",
        resolved_issues: [{ title: "Broken" }],
        f2p_tests: { one: {} },
        log_parser: "parse_log_pytest",
        image,
      },
      "row",
    );
    const [issue, folder, files] = await play(instance, ["pwd; cat a.txt", "ls /home"]);
    expect(issue).toContain("/home/cli");
    expect(folder).toContain("/home/cli\none");
    expect(files).toContain("run.sh");
    expect(files).not.toMatch(/patch|-run/u);
  });

  it("lose the commit of SWE-smith before the bug", async () => {
    const image = await layouts!
      .build(`git init -q .; echo SECRET > a.txt; git add -A; git commit -qm base
git checkout -qb p.bug; echo bug > a.txt; git commit -qam 'Bug Patch'
mkdir t; echo x > t/y; git add -A; git commit -qm 'Remove F2P Tests'; git checkout -q main`);
    const instance: SweInstance = {
      format: "swe-smith",
      id: "p.bug",
      repo: "o/p",
      baseCommit: "",
      image,
      problemStatement: "",
      goldPatch: "",
      bugPatch: "",
      failToPass: ["t"],
      passToPass: [],
    };
    const [, history, all, status] = await play(instance, [
      "git log --all -p | cat; cat a.txt t/y",
      "for id in $(git cat-file --batch-all-objects --batch-check='%(objectname)'); do git cat-file -p $id; done",
      "git status --short; git rev-list --all | wc -l",
    ]);
    expect(history).toContain("bug\nx");
    expect(`${history}${all}`).not.toContain("SECRET");
    expect(status).toMatch(/^1$/mu);
  });

  it("lose the tests of R2E-Gym, and the link to them", async () => {
    const image = await layouts!
      .build(`git init -q .; echo one > a.txt; git add -A; git commit -qm one
mkdir /r2e_tests; echo assert_7f3a | tee /r2e_tests/test_1.py > run_tests.sh; ln -s /r2e_tests r2e_tests`);
    const instance: SweInstance = {
      format: "r2e-gym",
      id: "r__1",
      repo: "r",
      commit: "1",
      image,
      problemStatement: "",
      goldPatch: "",
      expectedStatuses: [],
    };
    const [, folder, found] = await play(instance, [
      "ls; ls /r2e_tests",
      // Written so that the command does not find itself.
      "grep -rl 'assert_7f3[a]' / --exclude-dir=proc --exclude-dir=sys 2>/dev/null | wc -l",
    ]);
    expect(folder).toContain("a.txt");
    expect(folder).toMatch(/'?\/r2e_tests'?: No such file/u);
    expect(folder).not.toMatch(/run_tests|^r2e_tests/mu);
    expect(found).toMatch(/^0$/mu);
  });
});
