import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { SweBenchInstance } from "../instances/instance.ts";
import type { Container } from "../../containers/container.ts";
import { demoTasks } from "../demo/tasks.ts";
import { openForAgent } from "../preparation/open-repository.ts";
import { ImageLayouts } from "../testing/image-layout.ts";
import { testEngine } from "../../containers/testing/test-engine.ts";
import { evaluatePatch } from "./evaluate.ts";
import { extractPatch, type ExtractedPatch } from "./extract-patch.ts";

// Allow long timeouts, because engines respond late on a busy machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const engine = await testEngine();
const layouts = engine === undefined ? undefined : new ImageLayouts(engine);

/**
 * Creates a repository with bytes, modes and untracked files that git's own settings would change.
 */
const layout = `git init -q .; git config core.fileMode false; git config core.autocrlf input
printf 'name = "caf\\351"\\nx = 1\\n' > latin.py; printf 'a\\r\\nb\\r\\n' > dos.txt; printf '\\0\\1\\2' > data.bin
echo '*.o' > .gitignore; echo '*.txt text' > .gitattributes; echo '#!/bin/sh' > run.sh; mkdir pkg; echo 1 > pkg/a.py
git -c core.autocrlf=false add -A; git commit -qm one
mkdir build; echo old > build/old.txt; chmod 755 pkg/a.py; echo 2 >> pkg/a.py`;

describe.skipIf(engine === undefined)("the changes of an agent", () => {
  let image = "";
  beforeAll(async () => {
    image = await layouts!.build(layout);
  });
  afterAll(async () => {
    await engine?.close();
    await layouts?.close();
  });

  async function extractAfter(
    script: string,
    look: (container: Container) => Promise<void> = async () => undefined,
  ): Promise<ExtractedPatch> {
    const opened = await openForAgent(engine!, { image }, "/testbed", "true");
    try {
      const { exitCode, stderr } = await opened.container.exec(script, { cwd: "/testbed" });
      expect([exitCode, stderr.toString()]).toEqual([0, expect.any(String)]);
      await look(opened.container);
      return await extractPatch(opened.container, opened.folder, opened.startTree);
    } finally {
      await opened.container.close();
    }
  }

  /** Lists every path with its bytes and mode, after applying the patch as a grader does. */
  const stateScript = `export LC_ALL=C
find . -name .git -prune -o \\( -type f -o -type l \\) -print0 | sort -z | while IFS= read -r -d '' f; do
  if [ -L "$f" ]; then printf '%q -> %s\\n' "$f" "$(readlink "$f")"; continue; fi
  printf '%q %s ' "$f" "$(stat -c %A "$f" | cut -c4)"; od -An -v -tx1 "$f" | tr -d ' \\n'; echo
done`;

  async function gradeState(bytes: Uint8Array): Promise<string> {
    const instance: SweBenchInstance = {
      ...demoTasks[0]!.instance,
      image,
      evalScript: `cd /testbed\n: '>>>>> Start Test Output'\n${stateScript}\n: '>>>>> End Test Output'\n`,
    };
    const { log, isPatchApplied } = await evaluatePatch(instance, bytes, engine!);
    expect(isPatchApplied).toBe(true);
    return log.replace(/^>>>>> Test Exit Code: 0\n/mu, "");
  }

  /** Checks that the tests get the state in which the agent left the files. */
  async function expectRoundTrip(script: string): Promise<ExtractedPatch> {
    let left = "";
    const patch = await extractAfter(script, async (container) => {
      left = (await container.exec(stateScript, { cwd: "/testbed" })).stdout.toString();
    });
    expect(patch.reason).toBeUndefined();
    expect(await gradeState(patch.bytes!)).toBe(left);
    return patch;
  }

  it("are empty at first, even if the image has uncommitted changes", async () => {
    expect(await extractAfter("true")).toEqual({
      bytes: Buffer.alloc(0),
      patch: "",
      excluded: [],
    });
  });

  it("preserve bytes, modes, links and names, and files that look like build products", async () => {
    const { excluded } = await expectRoundTrip(`sed -i 's/x = 1/x = 2/' latin.py
printf 'a\\r\\nc\\r\\n' > dos.txt; printf '\\0\\377' > data.bin; chmod +x run.sh; chmod -x pkg/a.py
mkdir -p pkg/build; echo s > pkg/build/new.py; echo l > pkg/sample.log; echo t > pkg/tests.py; echo c > conftest.py
printf 'no line end' > "blank in name"; printf x > $'tab\\tname'; printf y > $'latin\\351'; ln -s a.py pkg/link
git add -A; git commit -qm mine; echo more >> build/old.txt; rm pkg/a.py; mkdir pkg/a.py; echo d > pkg/a.py/inner`);
    expect(excluded).toEqual([]);
  });

  it("contain the files of nested repositories", async () => {
    const { excluded } = await expectRoundTrip(
      "git init -q inner; cd inner; echo i > i.py; git add -A; git -c user.name=a -c user.email=b commit -qm i; echo w > w.py",
    );
    expect(excluded).toEqual([]);
  });

  it("are extracted even if the agent has broken or reconfigured the repository", async () => {
    for (const harm of [
      "rm -rf .git",
      "rm -rf .git; git init -q .; git add -A",
      "git update-index --assume-unchanged latin.py; git update-index --skip-worktree run.sh",
      "git config core.fileMode false; git config core.worktree /tmp; git config diff.external /bin/false",
      "touch .git/index.lock; echo garbage > .git/index; echo broken > .git/HEAD",
      "echo '*.py diff=x filter=x' > .git/info/attributes; git config filter.x.clean 'echo no'",
      "git checkout -q --orphan other; git rm -rq --cached .; git branch -D work; git gc -q --prune=now",
      "mkdir -p shut/in; echo hidden > shut/in/s.py; chmod 000 shut/in shut pkg",
      "chmod 000 run.sh; chmod 600 run.sh; touch x.py; chmod 000 x.py; chmod 644 x.py",
    ]) {
      const { patch, reason } = await extractAfter(`echo 'y = 3' >> latin.py; ${harm}`);
      expect([harm, reason, patch?.includes("+y = 3")]).toEqual([harm, undefined, true]);
      expect(patch!.split("diff --git").length).toBeLessThan(4);
      expect([harm, patch!.includes("+hidden")]).toEqual([harm, harm.includes("hidden")]);
    }
  });

  it("exclude and report ignored files, leftovers of tools and files that are too large", async () => {
    const { bytes, excluded } =
      await extractAfter(`echo 1 > new.py; echo o > a.o; mkdir -p __pycache__ .pytest_cache
echo p > __pycache__/a.pyc; echo c > .pytest_cache/x; head -c 20000000 /dev/urandom > core.dump
for i in 1 2 3 4 5; do head -c 4000000 /dev/urandom > big$i.bin; done; echo forced > kept.o; git add -f kept.o`);
    expect(excluded.toSorted((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { path: ".pytest_cache/x", reason: "leftover" },
      { path: "__pycache__/a.pyc", reason: "leftover" },
      { path: "a.o", reason: "ignored" },
      { path: "big4.bin", reason: "size" },
      { path: "big5.bin", reason: "size" },
      { path: "core.dump", reason: "size" },
    ]);
    const text = Buffer.from(bytes!).toString("latin1");
    expect(text).toContain("b/new.py");
    expect(text).toContain("b/kept.o");
    expect(await gradeState(bytes!)).toContain("./new.py");
  });

  it("exclude a tracked file that output filled, and keep the rest", async () => {
    const { patch, excluded, reason } = await extractAfter(
      "head -c 70000000 /dev/zero > dos.txt; head -c 9000000 /dev/zero >> pkg/a.py; echo 'y = 3' >> latin.py",
    );
    expect([reason, excluded]).toEqual([undefined, [{ path: "dos.txt", reason: "size" }]]);
    expect(patch).toContain("+y = 3");
    expect(patch!.match(/^diff --git .*/gmu)).toEqual([
      "diff --git a/latin.py b/latin.py",
      "diff --git a/pkg/a.py b/pkg/a.py",
    ]);
  });

  it("are null, with a reason, if there is nothing left to compare", async () => {
    const { bytes, reason } = await extractAfter("rm -rf /var/lib/turnwise");
    expect(bytes).toBeNull();
    expect(reason).toMatch(/record of the repository|No such file/u);
  });
});
