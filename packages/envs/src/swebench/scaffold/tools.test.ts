import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bashFormat, plainText, r2eFormat, toolCallFormat } from "../agent-formats.ts";
import { loadInstances } from "../instances/load-instances.ts";
import { sharedSwebench } from "../testing/shared-data.ts";
import { bashObservation, isSubmission, parseBashBlock } from "./bash-only.ts";
import { clipEnd, clipLines, clipMiddle } from "./clip.ts";
import { insertAfter, outline, replaceOnce } from "./edit-text.ts";
import { compactFilter, episodeEnding } from "./episode-ending.ts";
import { filterPatch, isBuildProduct, isTestPath } from "./patch-filter.ts";
import { decodeToolCall, encodeToolCall, parseJsonCall, parseXmlCall } from "./tool-call.ts";

describe("calls in XML", () => {
  it("take the first block; what stands before it is the thought", () => {
    const response =
      "I look.\n<function=file_editor>\n<parameter=command>view</parameter>\n<parameter=path> /a.py </parameter>\n</function>\n<function=finish></function>";
    expect(parseXmlCall(response)).toEqual({
      thought: "I look.",
      call: { tool: "file_editor", arguments: { command: "view", path: "/a.py" } },
    });
  });

  it("keep values as they are when asked to, tags of other languages included", () => {
    const code = "\n  <div>\n  a < b\n";
    const response = `<function=f><parameter=x>${code}</parameter></function>`;
    expect(parseXmlCall(response, { exactValues: true }).call!.arguments).toEqual({ x: code });
    expect(parseXmlCall(response).call!.arguments).toEqual({ x: code.trim() });
  });

  it("are none without a whole block", () => {
    for (const response of [
      "",
      "text",
      "<function=f>",
      "</function><function=f>",
      "<function=></function>",
    ]) {
      expect(parseXmlCall(response)).not.toHaveProperty("call");
    }
  });

  it("are read in no more than linear time", () => {
    const response = "<function=f>".repeat(50_000);
    expect(parseXmlCall(response)).not.toHaveProperty("call");
    expect(
      parseXmlCall("<parameter=".repeat(50_000) + "</function>").thought.length,
    ).toBeGreaterThan(0);
  });
});

describe("calls in JSON", () => {
  it("stand in tags, in a fence, at the end, or in the form of the chat API", () => {
    const call = { tool: "search", arguments: { search_term: "x" } };
    const json = '{"name": "search", "arguments": {"search_term": "x"}}';
    for (const response of [
      `think\n<tool_call>\n${json}\n</tool_call>`,
      `think\n\`\`\`json\n${json}\n\`\`\`\nafter`,
      `think\n${json}`,
      `think\n{"function": {"name": "search", "arguments": "{\\"search_term\\": \\"x\\"}"}}`,
    ]) {
      expect(parseJsonCall(response)).toEqual({ thought: "think", call });
    }
  });

  it("are none where the JSON is broken or names no tool", () => {
    for (const response of ["<tool_call>{</tool_call>", '{"arguments": {}}', '{"name": 1}', "[]"]) {
      expect(parseJsonCall(response)).not.toHaveProperty("call");
    }
  });

  it("survive the way to the environment", () => {
    fc.assert(
      fc.property(fc.string(), fc.dictionary(fc.string(), fc.jsonValue()), (tool, given) => {
        const call = { tool, arguments: given };
        expect(decodeToolCall(encodeToolCall(call))).toEqual(JSON.parse(JSON.stringify(call)));
      }),
    );
    expect(decodeToolCall("go north")).toBeUndefined();
    expect(decodeToolCall('{"tool": "x", "arguments": []}')).toBeUndefined();
  });
});

describe("the bash-only scaffold", () => {
  it("takes exactly one block", () => {
    expect(parseBashBlock("I look.\n```bash\nls -la\n```").call).toEqual({
      tool: "execute_bash",
      arguments: { cmd: "ls -la" },
    });
    expect(parseBashBlock("```bash\na\n```\n```bash\nb\n```")).not.toHaveProperty("call");
    expect(parseBashBlock("```python\na\n```")).not.toHaveProperty("call");
  });

  it("is ended by a command whose first line says so", () => {
    expect(isSubmission("COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT\nmore")).toBe(true);
    expect(isSubmission("first\nCOMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT")).toBe(false);
    expect(bashObservation(1, "out")).toBe("<returncode>1</returncode>\n<output>\nout\n</output>");
  });
});

describe("long answers", () => {
  it("keep first and last lines, first characters, or first and last characters", () => {
    const lines = Array.from({ length: 81 }, (_, i) => `${i}`);
    expect(clipLines(lines.slice(1).join("\n"))).toBe(lines.slice(1).join("\n"));
    expect(clipLines(lines.join("\n")).split("\n")).toEqual([
      ...lines.slice(0, 40),
      "<Observation truncated in middle for saving context>",
      ...lines.slice(-40),
    ]);
    expect(clipEnd("x".repeat(10_001))).toMatch(/^x{10000}<response clipped>/u);
    expect(clipMiddle("abcdef", 4)).toBe("ab\n[... 2 characters left out ...]\nef");
    expect(clipMiddle("abcd", 4)).toBe("abcd");
  });
});

describe("edits", () => {
  it("replace a text that stands once, and show four lines around", () => {
    const text = Array.from({ length: 20 }, (_, i) => `line ${i + 1}`).join("\n");
    const edit = replaceOnce(text, "line 10\n", "ten\nand a half\n");
    expect(edit).toMatchObject({ isDone: true });
    expect(edit).toHaveProperty("text", text.replace("line 10\n", "ten\nand a half\n"));
    expect(edit).toHaveProperty(
      "snippet",
      "     6\tline 6\n     7\tline 7\n     8\tline 8\n     9\tline 9\n    10\tten\n    11\tand a half\n    12\tline 11\n    13\tline 12\n    14\tline 13\n    15\tline 14\n    16\tline 15",
    );
  });

  it("refuse a text that stands never or twice, and tell the lines", () => {
    expect(replaceOnce("a\nb\na", "c", "")).toMatchObject({
      problem: "No occurrences of old_str were found to replace.",
    });
    expect(replaceOnce("a\nb\na", "a", "")).toMatchObject({
      problem: "Multiple occurrences of old_str were found, in lines 1, 3. It must be unique.",
    });
    expect(replaceOnce("a", "", "b")).toMatchObject({ problem: "old_str must not be empty." });
  });

  it("do not take signs in the new text for patterns", () => {
    expect(replaceOnce("a b", "b", "$& $1 $$")).toMatchObject({ text: "a $& $1 $$" });
  });

  it("insert after a line, from the beginning to the end", () => {
    expect(insertAfter("a\nb", 0, "x")).toMatchObject({ text: "x\na\nb" });
    expect(insertAfter("a\nb", 2, "x")).toMatchObject({ text: "a\nb\nx" });
    expect(insertAfter("a\nb", 3, "x")).toMatchObject({
      problem: "insert_line must be a whole number in [0, 2], got 3.",
    });
    expect(insertAfter("a", Number.NaN, "x").isDone).toBe(false);
  });

  it("leave out the bodies of long functions, keeping signatures and numbers", () => {
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

describe("patches", () => {
  it("lose tests and build products, and only those", () => {
    const part = (path: string, isNew: boolean): string =>
      `diff --git a/${path} b/${path}\n${isNew ? "new file mode 100644\n" : ""}--- a/${path}\n+++ b/${path}\n@@ -1 +1 @@\n-a\n+b\n`;
    const [source, tracked] = [part("src/a.py", false), part("build/tool.py", false)];
    const patch =
      source +
      part("tests/test_a.py", false) +
      part("build/out.txt", true) +
      tracked +
      part("x/__pycache__/a.pyc", true);
    expect(filterPatch(patch)).toEqual({
      patch: source + tracked,
      removed: { tests: ["tests/test_a.py"], products: ["build/out.txt", "x/__pycache__/a.pyc"] },
    });
    expect(filterPatch(patch, { keepTests: true }).removed.tests).toEqual([]);
  });

  it("tell sources that are about testing from tests", () => {
    expect(
      ["django/test/client.py", "src/_pytest/python.py", "lib/x/testing/widgets.py"].filter(
        isTestPath,
      ),
    ).toEqual([]);
    expect(
      ["tests/a.py", "a/tests/b.txt", "test_a.py", "a/conftest.py", "testing/test_x.py"].filter(
        (path) => !isTestPath(path),
      ),
    ).toEqual([]);
    expect(
      ["a.egg-info/x", "a.so", ".coverage", "dist/a"].filter((path) => !isBuildProduct(path)),
    ).toEqual([]);
  });
});

const data = sharedSwebench();

describe.skipIf(data === undefined)("patches of the benchmark", () => {
  it("pass the filter whole where they are fixes, and are mostly left out where they are tests", async () => {
    let [numFixes, numKept, numTests, numLeft] = [0, 0, 0, 0];
    const changed: string[] = [];
    for (const name of ["verified", "lite"]) {
      for (const instance of await loadInstances(join(data!, `${name}.jsonl.gz`))) {
        if (instance.format !== "swe-bench") throw new Error(instance.format);
        numFixes += 1;
        if (filterPatch(instance.goldPatch).patch === instance.goldPatch) numKept += 1;
        else changed.push(instance.id);
        numTests += 1;
        if (filterPatch(instance.testPatch).patch !== "") numLeft += 1;
      }
    }
    console.log(
      `${numKept} of ${numFixes} fixes whole; ${numLeft} of ${numTests} test patches leave a file`,
    );
    expect(changed).toEqual([]);
    expect(numLeft).toBeLessThan(20);
  });
});

describe("formats", () => {
  const observation = { text: "seen" };

  it("begin with the tools and the issue, and go on with answers", () => {
    const format = r2eFormat({ template: plainText });
    expect(format.prompt([], observation)).toContain("file_editor:");
    expect(format.prompt([], observation).endsWith("seen\n\nAgent:\n")).toBe(true);
    expect(format.prompt([{ observation, action: "x" }], observation)).toBe("\n\nseen\n\nAgent:\n");
    expect(toolCallFormat().prompt([], observation)).toContain('"name":"execute_bash"');
    expect(bashFormat().prompt([], observation)).toMatch(/^<\|im_start\|>system\n/u);
  });

  it("read back what they write for demonstrations", () => {
    const action = encodeToolCall({ tool: "execute_bash", arguments: { cmd: "ls -la | head" } });
    for (const format of [r2eFormat(), toolCallFormat(), bashFormat()]) {
      expect(format.parse(format.write(action), observation)).toEqual({ action, isValid: true });
    }
  });

  it("give the environment a call, or the response itself where there is none", () => {
    const { action, isValid } = r2eFormat().parse("<function=finish></function>", observation);
    expect([decodeToolCall(action), isValid]).toEqual([{ tool: "finish", arguments: {} }, true]);
    expect(bashFormat().parse("hello", observation)).toEqual({ action: "hello", isValid: false });
  });
});

describe("compact filtering", () => {
  it("keeps what was handed in, and never what the infrastructure broke", () => {
    const outcomes = [
      { outcome: { kind: "terminated", isSuccess: false } },
      { outcome: { kind: "truncated", limit: "turns" } },
      { outcome: { kind: "truncated", limit: "tokens" } },
      { outcome: { kind: "truncated", limit: "time" } },
      { outcome: { kind: "failed", error: { kind: "environment", message: "" } } },
    ] as const;
    expect(outcomes.map(episodeEnding)).toEqual([
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
