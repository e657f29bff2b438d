import { afterAll, describe, expect, it, vi } from "vitest";
import { fileDiff } from "../demo/text-diff.ts";
import { evaluatePatch } from "../evaluation/evaluate.ts";
import type { SweSmithInstance } from "../instances/instance.ts";
import { ImageLayouts } from "../testing/image-layout.ts";
import { testEngine } from "../../containers/testing/test-engine.ts";

// Long time limits, because engines respond late on a busy machine.
vi.setConfig({ testTimeout: 1_200_000, hookTimeout: 240_000 });

const engine = await testEngine();
const layouts = engine === undefined ? undefined : new ImageLayouts(engine);

const helper = "def same(a, b):\n    assert a == b\n";
const tests = `import sys

sys.path[:0] = [".", "tests"]
from helper import same

from pkg.m import f, g


def test_f():
    same(f(), 1)


def test_g():
    same(g(), 2)
`;
const fixed = "def f():\n    return 1\n\n\ndef g():\n    return 2\n";
const bug = fixed.replace("return 1", "return 0");
const layout = `git init -q .; mkdir -p pkg tests; touch pkg/__init__.py
printf '${fixed.replaceAll("\n", "\\n")}' > pkg/m.py; printf '${helper.replaceAll("\n", "\\n")}' > tests/helper.py
cat > tests/test_m.py <<'END'
${tests}END
git add -A; git commit -qm base; git checkout -qb pkg.bug1
printf '${bug.replaceAll("\n", "\\n")}' > pkg/m.py; git commit -qam bug
printf '#!/bin/sh\\nexec python3 -m pytest "$@"\\n' > /usr/bin/pytest; chmod 755 /usr/bin/pytest
git checkout -q main`;

const nothing = "def test_f():\n    pass\n\n\ndef test_g():\n    pass\n";
/**
 * Patches that the official harness rewards, because it runs the tests as modified by the patch.
 */
const attacks: Readonly<Record<string, string>> = {
  "empties the tests": fileDiff("tests/test_m.py", tests, nothing),
  "renames the tests": fileDiff("tests/test_m.py", tests, tests.replace("test_f", "f_test")),
  "removes the test": fileDiff("tests/test_m.py", tests, "def test_x():\n    pass\n"),
  "changes code of the tests": fileDiff(
    "tests/helper.py",
    helper,
    "def same(a, b):\n    return True\n",
  ),
  "skips in the code under test": fileDiff(
    "pkg/m.py",
    bug,
    bug.replace("return 0", "import pytest; pytest.skip('no')"),
  ),
};

describe.skipIf(engine === undefined)("strict grading of tests that a patch can reach", () => {
  afterAll(async () => {
    await engine?.close();
    await layouts?.close();
  });

  it("rewards the fix, and no patch of the tests", async () => {
    const instance: SweSmithInstance = {
      format: "swe-smith",
      id: "pkg.bug1",
      repo: "o/pkg",
      baseCommit: "",
      image: await layouts!.build(layout),
      problemStatement: "f must return 1",
      bugPatch: fileDiff("pkg/m.py", fixed, bug),
      goldPatch: fileDiff("pkg/m.py", bug, fixed),
      failToPass: ["tests/test_m.py::test_f"],
      passToPass: ["tests/test_m.py::test_g"],
    };
    const strict = { grading: "strict" } as const;
    const gold = await evaluatePatch(instance, instance.goldPatch, engine!, strict);
    expect([gold.grade.reward, gold.suspicions, gold.restored]).toEqual([1, [], []]);
    const both = `${instance.goldPatch}${attacks["empties the tests"]!}`;
    const mixed = await evaluatePatch(instance, both, engine!, strict);
    expect(mixed).toMatchObject({
      grade: { reward: 1 },
      restored: [{ path: "tests/test_m.py", protection: "tests" }],
    });
    for (const [name, patch] of Object.entries(attacks)) {
      const { grade, official, suspicions } = await evaluatePatch(instance, patch, engine!, strict);
      const kinds = suspicions.map(({ kind }) => kind);
      expect([name, official.reward, grade.reward]).toEqual([name, 1, 0]);
      expect([name, kinds.includes("disagreement")]).toEqual([name, true]);
    }
  });
});
