import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { plainText } from "../chat-template.ts";
import { bashFormat, r2eFormat, toolCallFormat } from "../scaffold/agent-formats.ts";
import { loadInstances } from "./instances/load-instances.ts";
import { sharedSwebench } from "./testing/shared-data.ts";
import { bashObservation, isSubmission } from "../scaffold/bash-only.ts";
import { insertAfter, outline, replaceOnce } from "../scaffold/edit-text.ts";
import { compactFilter, classifyEnding } from "./evaluation/classify-ending.ts";
import { isLeftover } from "./evaluation/leftovers.ts";
import { splitPatch } from "./evaluation/split-patch.ts";
import { decodeAction, decodeToolCall, encodeToolCall } from "../scaffold/tool-call.ts";

describe("the bash-only scaffold", () => {
  it("ends when the first output line of a command is the submit mark", () => {
    expect(isSubmission("COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT\nmore")).toBe(true);
    expect(isSubmission("first\nCOMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT")).toBe(false);
    expect(bashObservation(1, "out")).toBe("<returncode>1</returncode>\n<output>\nout\n</output>");
  });
});

describe("edits", () => {
  it("replace a text that occurs once, and show four lines of context", () => {
    const text = Array.from({ length: 20 }, (_, i) => `line ${i + 1}`).join("\n");
    const edit = replaceOnce(text, "line 10\n", "ten\nand a half\n");
    expect(edit).toMatchObject({ isDone: true });
    expect(edit).toHaveProperty("text", text.replace("line 10\n", "ten\nand a half\n"));
    expect(edit).toHaveProperty(
      "snippet",
      "     6\tline 6\n     7\tline 7\n     8\tline 8\n     9\tline 9\n    10\tten\n    11\tand a half\n    12\tline 11\n    13\tline 12\n    14\tline 13\n    15\tline 14\n    16\tline 15",
    );
  });

  it("reject a text that occurs never or twice, and list the lines", () => {
    expect(replaceOnce("a\nb\na", "c", "")).toMatchObject({
      problem:
        "No occurrences of old_str were found to replace. It must match exactly, including whitespace.",
    });
    expect(replaceOnce("a\nb\na", "a", "")).toMatchObject({
      problem: "Multiple occurrences of old_str were found, in lines 1, 3. It must be unique.",
    });
    expect(replaceOnce("a", "", "b")).toMatchObject({ problem: "old_str must not be empty." });
  });

  it("do not interpret special characters in the new text", () => {
    expect(replaceOnce("a b", "b", "$& $1 $$")).toMatchObject({ text: "a $& $1 $$" });
  });

  it("insert after any line, the first and last position included", () => {
    expect(insertAfter("a\nb", 0, "x")).toMatchObject({ text: "x\na\nb" });
    expect(insertAfter("a\nb", 2, "x")).toMatchObject({ text: "a\nb\nx" });
    expect(insertAfter("a\nb", 3, "x")).toMatchObject({
      problem: "insert_line must be an integer in [0, 2], got 3.",
    });
    expect(insertAfter("a", Number.NaN, "x").isDone).toBe(false);
  });

  it("omit the bodies of long functions, keeping signatures and line numbers", () => {
    const text = [
      "import a",
      "def short(x):",
      "    return x",
      "class C:",
      "    def long(",
      "        self,",
      "    ):",
      "        a = 1",
      "",
      "        b = 2",
      "        return a",
      "    x = 1",
    ].join("\n");
    expect(outline(text)).toBe(
      [
        "     1 import a",
        "     2 def short(x):",
        "     3     return x",
        "     4 class C:",
        "     5     def long(",
        "     6         self,",
        "     7     ):",
        "... eliding lines 8-11 ...",
        "    12     x = 1",
      ].join("\n"),
    );
  });
});

describe("new files", () => {
  it("are leftovers only under names that no project uses for sources", () => {
    const ofTools = [
      "x/__pycache__/a.cpython-311.pyc",
      "a.pyc",
      "a.egg-info/PKG-INFO",
      ".pytest_cache/README.md",
      "web/node_modules/x/build/a.js",
      ".coverage",
      "src/a.py.rej",
    ];
    expect(ofTools.filter((path) => !isLeftover(path))).toEqual([]);
    const ofProjects = [
      "pkg/build/compile.py",
      "dist/loader.js",
      "data/sample.log",
      "jinja2/tests.py",
      "tests/test_a.py",
      "conftest.py",
      "lib/a.so",
      "egg-info",
      "node_modules",
    ];
    expect(ofProjects.filter(isLeftover)).toEqual([]);
  });
});

const data = sharedSwebench();

describe.skipIf(data === undefined)("patches of the benchmark", () => {
  it("contain no file that looks like a leftover", async () => {
    const taken: string[] = [];
    for (const name of ["verified", "lite"]) {
      for (const instance of await loadInstances(join(data!, `${name}.jsonl.gz`))) {
        for (const { newPath } of splitPatch(instance.goldPatch)) {
          if (isLeftover(newPath)) taken.push(newPath);
        }
      }
    }
    expect(taken).toEqual([]);
  });
});

describe("formats", () => {
  const observation = { text: "seen" };

  it("begin with the tools and the issue, and continue with answers", () => {
    const format = r2eFormat({ template: plainText });
    expect(format.prompt([], observation)).toContain("file_editor:");
    expect(format.prompt([], observation).endsWith("seen\n\nAgent:\n")).toBe(true);
    expect(format.prompt([{ observation, action: "x" }], observation)).toBe("\n\nseen\n\nAgent:\n");
    expect(toolCallFormat().prompt([], observation)).toContain('"name":"execute_bash"');
    expect(bashFormat().prompt([], observation)).toMatch(/^<\|im_start\|>system\n/u);
  });

  it("round-trip the calls that they write for demonstrations", () => {
    const action = encodeToolCall({ tool: "execute_bash", arguments: { cmd: "ls -la | head" } });
    for (const format of [r2eFormat(), toolCallFormat(), bashFormat()]) {
      expect(format.parse(format.write(action), observation)).toEqual({ action, isValid: true });
    }
  });

  it("give the environment a call, or the whole response if there is none", () => {
    const { action, isValid } = r2eFormat().parse("<function=finish></function>", observation);
    expect([decodeToolCall(action), isValid]).toEqual([{ tool: "finish", arguments: {} }, true]);
    expect(bashFormat().parse("hello", observation)).toEqual({ action: "hello", isValid: false });
  });

  it("tell the environment why a call cannot be run, and which calls were not", () => {
    const { action, isValid } = r2eFormat().parse(
      "<function=execute_bash></function><function=finish></function>",
      observation,
    );
    expect(isValid).toBe(false);
    expect(decodeAction(action)).toMatchObject({
      call: { tool: "execute_bash", arguments: {} },
      note: expect.stringContaining("2 tool calls"),
    });
    const cut = bashFormat().parse("```bash\nls", observation);
    expect(decodeAction(cut.action)).toEqual({ note: expect.stringContaining("not closed") });
    expect(cut.isValid).toBe(false);
  });

  it("show no more than `maxCharacters` of an observation", () => {
    const format = bashFormat({ template: plainText, maxCharacters: 10 });
    expect(format.prompt([{ observation, action: "" }], { text: "x".repeat(1000) })).toContain(
      "990 characters cut",
    );
  });
});

describe("compact filtering", () => {
  it("keeps submitted episodes, and drops infrastructure failures", () => {
    const outcomes = [
      { outcome: { kind: "terminated", isSuccess: false } },
      { outcome: { kind: "truncated", limit: "turns" } },
      { outcome: { kind: "truncated", limit: "tokens" } },
      { outcome: { kind: "truncated", limit: "time" } },
      { outcome: { kind: "failed", error: { kind: "environment", message: "" } } },
    ] as const;
    expect(outcomes.map(classifyEnding)).toEqual([
      "submit",
      "steps",
      "context",
      "time",
      "infrastructure",
    ]);
    expect(compactFilter(outcomes)).toEqual(outcomes.slice(0, 1));
    expect(compactFilter(outcomes, ["submit", "steps", "context", "time"])).toEqual(
      outcomes.slice(0, 4),
    );
  });
});
