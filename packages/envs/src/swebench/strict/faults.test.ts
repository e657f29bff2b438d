import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ensureDemoImages } from "../demo/demo-images.ts";
import { demoTasks } from "../demo/tasks.ts";
import { fileDiff } from "../demo/text-diff.ts";
import { evaluatePatch } from "../evaluation/evaluate.ts";
import type { SweBenchInstance } from "../instances/instance.ts";
import { testEngine } from "../../containers/testing/test-engine.ts";

vi.setConfig({ testTimeout: 600_000, hookTimeout: 240_000 });

const engine = await testEngine();
const { instance, files } = demoTasks[0]!;
const onImport = (code: string): string => {
  const init = files["spans/__init__.py"]!;
  return fileDiff("spans/__init__.py", init, `${init}\n${code}\n`);
};

describe.skipIf(engine === undefined)("failures while tests run", () => {
  beforeAll(async () => ensureDemoImages(engine!, [demoTasks[0]!]));
  afterAll(async () => engine?.close());

  it("recognizes lack of memory from the engine only, not from the tests' output", async () => {
    const greedy = onImport("x = bytearray(4 * 2**30)\nfor i in range(0, len(x), 4096): x[i] = 1");
    const container = { memoryBytes: 128 * 2 ** 20 };
    for (const grading of ["official", "strict"] as const) {
      await expect(
        evaluatePatch(instance, greedy, engine!, { grading, container }),
      ).rejects.toMatchObject({ kind: "resources" });
    }
    const counted = await evaluatePatch(instance, greedy, engine!, {
      container,
      onOutOfMemory: "unresolved",
    });
    expect(counted.grade.reward).toBe(0);
    const liar = onImport('import os\nos.write(2, b"Cannot allocate memory\\\\n")\nos._exit(137)');
    for (const grading of ["official", "strict"] as const) {
      const { grade } = await evaluatePatch(instance, liar, engine!, { grading });
      expect(grade.reward).toBe(0);
    }
  });

  it("grades runners without a report from log and exit code", async () => {
    const script = instance.evalScript.replace(
      /\npython3 -m pytest[^\n]*\n/u,
      "\npython3 -m unittest -v checks\n",
    );
    const tests =
      "import unittest\nfrom spans import Span, merge\n\n\nclass T(unittest.TestCase):\n    def test_touching(self):\n        self.assertEqual(merge([Span(0, 2), Span(2, 4)]), [Span(0, 4)])\n";
    const other: SweBenchInstance = {
      ...instance,
      evalScript: script.replace(
        "\npython3 -m unittest",
        `\ncat >checks.py <<'END'\n${tests}END\npython3 -m unittest`,
      ),
      logParser: "parse_log_django",
      failToPass: ["test_touching (checks.T.test_touching)"],
      passToPass: [],
    };
    const gold = await evaluatePatch(other, instance.goldPatch, engine!, { grading: "strict" });
    expect([gold.grade.isResolved, gold.suspicions]).toEqual([true, []]);
    const idle = fileDiff("notes.txt", undefined, "x\n");
    const shadow = fileDiff(
      "unittest.py",
      undefined,
      'print("test_touching (checks.T.test_touching) ... ok")\n',
    );
    for (const patch of [idle, shadow]) {
      const { grade } = await evaluatePatch(other, patch, engine!, { grading: "strict" });
      expect(grade.reward).toBe(0);
    }
  });
});
