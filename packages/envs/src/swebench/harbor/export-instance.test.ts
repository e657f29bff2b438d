import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { testEngine } from "../../containers/testing/test-engine.ts";
import { solutionCommand } from "../../harbor/demonstrator.ts";
import { harborEnvironment } from "../../harbor/environment.ts";
import { loadHarborTasks } from "../../harbor/load-tasks.ts";
import { writeTask } from "../../harbor/examples.ts";
import { createSubmission } from "../../scaffold/random-action.ts";
import { encodeToolCall } from "../../scaffold/tool-call.ts";
import { terminalScaffolds } from "../../harbor/wording.ts";
import { ensureDemoImages } from "../demo/demo-images.ts";
import { demoTasks } from "../demo/tasks.ts";
import { evaluatePatch } from "../evaluation/evaluate.ts";
import { grade } from "../grading/grade.ts";
import { exportHarborTask } from "./export-instance.ts";
import { graderForms, graderProgram } from "./grader.ts";

const demo = demoTasks[0]!;
const instance = demo.instance;
const folder = mkdtempSync(join(tmpdir(), "turnwise-export-"));
const engine = await testEngine();
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await engine?.close();
});

const wrap = (lines: string, code = 0): string =>
  `+ : '>>>>> Start Test Output'\n${lines}\n+ : '>>>>> End Test Output'\n>>>>> Test Exit Code: ${code}\n`;
const logs = [
  wrap("PASSED t.py::fixed\nPASSED t.py::kept[/b]"),
  wrap("PASSED t.py::fixed\nPASSED t.py::kept[/tmp/a/b]"),
  wrap("PASSED t.py::fixed\nSKIPPED [1] t.py:3: no\nSKIPPED t.py::kept[/b]"),
  wrap("SKIPPED t.py::fixed\nPASSED t.py::kept[/b]"),
  wrap("XFAIL t.py::fixed\nPASSED t.py::kept[/b]\nPASSED t.py::kept[/b - c]"),
  wrap("FAILED t.py::fixed - assert x\nPASSED t.py::kept[/b]", 1),
  wrap("PASSED t.py::fixed\nPASSED t.py::kept[/b]", 1),
  wrap("PASSED t.py::fixed\r\nPASSED t.py::kept[/b]\r\nERROR other.py - x", 1),
  wrap("\u001b[32mPASSED\u001b[0m t.py::fixed\nt.py::kept[/b] PASSED"),
  wrap("nothing"),
  `PASSED t.py::fixed\nPASSED t.py::kept[/b]\n${wrap("")}`,
  wrap("PASSED t.py::fixed\nPASSED t.py::kept[/b]\n>>>>> Tests Timed Out"),
  "PASSED t.py::fixed\nPASSED t.py::kept[/b]\n",
  "",
];
const hasPython = spawnSync("python3", ["--version"]).status === 0;

it.skipIf(!hasPython)("grades logs in Python as official grading does", () => {
  const cases = ["parse_log_pytest", "parse_log_requests", "parse_log_sphinx"].flatMap(
    (logParser) =>
      [["t.py::kept[/b]"], ["t.py::kept[/"]].flatMap((passToPass) =>
        logs.map((log) => {
          const row = { ...instance, logParser, failToPass: ["t.py::fixed"], passToPass };
          const expected = {
            form: graderForms[logParser],
            fail_to_pass: row.failToPass,
            pass_to_pass: passToPass,
          };
          return { log: log.replaceAll(/\r\n?/gu, "\n"), expected, reward: grade(row, log).reward };
        }),
      ),
  );
  writeFileSync(join(folder, "grade.py"), graderProgram);
  const program =
    "import json, sys; import grade; print(json.dumps([int(grade.grade(c['log'], c['expected'])) for c in json.load(sys.stdin)]))";
  const run = spawnSync("python3", ["-c", program], {
    cwd: folder,
    input: JSON.stringify(cases),
    encoding: "utf8",
  });
  expect(run.stderr).toBe("");
  expect(JSON.parse(run.stdout)).toEqual(cases.map(({ reward }) => reward));
  expect(new Set(cases.map(({ reward }) => reward)).size).toBe(2);
});

it("names the parsers and the evaluation type of instances that can be exported", () => {
  expect(() => exportHarborTask({ ...instance, logParser: "parse_log_django" })).toThrow(
    /^demo__\S+: log_parser must be one of parse_log_pytest, .* for a Harbor task, got "parse_log_django"$/u,
  );
  expect(() => exportHarborTask({ ...instance, evalType: "fail_only" })).toThrow(
    /^demo__\S+: eval_type must be pass_and_fail for a Harbor task, got fail_only$/u,
  );
});

describe.skipIf(engine === undefined)("an exported instance", () => {
  it("is graded as a Harbor task as it is graded here", async () => {
    await ensureDemoImages(engine!, [demo]);
    await writeTask(join(folder, instance.id), exportHarborTask(instance));
    const [task] = await loadHarborTasks(join(folder, instance.id));
    const play = async (commands: readonly string[]): Promise<number> => {
      const environment = harborEnvironment(task!, engine!, { container: { cpus: 1 } });
      try {
        await environment.reset();
        for (const cmd of commands) {
          await environment.step(encodeToolCall({ tool: "execute_bash", arguments: { cmd } }));
        }
        return (await environment.step(createSubmission(terminalScaffolds.bash))).reward;
      } finally {
        await environment.close();
      }
    };
    const cheat = "for f in tests/test_*.py; do echo 'def test_all(): pass' > $f; done";
    for (const [patch, commands] of [
      [instance.goldPatch, [await solutionCommand(task!, [])]],
      [null, []],
      [null, [cheat]],
    ] as const) {
      const { grade: verdict } = await evaluatePatch(instance, patch, engine!);
      expect(await play(commands)).toBe(verdict.reward);
    }
  });
});
