import { describe, expect, it } from "vitest";
import { listToolNames, r2eTools, r2eToolset } from "./r2e-tools.ts";
import { parseXmlCall } from "./xml-calls.ts";

const call = (tool: string, given: Readonly<Record<string, string>>): string =>
  `<function=${tool}>\n${Object.entries(given)
    .map(([key, value]) => `<parameter=${key}>${value}</parameter>`)
    .join("\n")}\n</function>`;
const read = (response: string): ReturnType<typeof parseXmlCall> =>
  parseXmlCall(response, { exactValues: true, tools: r2eTools });

describe("calls in XML", () => {
  it("are taken from the first block, and the text before it is the thought", () => {
    const response =
      "I look.\n<function=file_editor>\n<parameter=command>view</parameter>\n<parameter=path> /a.py </parameter>\n</function>";
    expect(parseXmlCall(response)).toEqual({
      thought: "I look.",
      call: { tool: "file_editor", arguments: { command: "view", path: "/a.py" } },
    });
  });

  it("keep values unchanged on request, tags of other languages included", () => {
    const code = "\n  <div>\n  a < b\n";
    const response = `<function=f><parameter=x>${code}</parameter></function>`;
    expect(parseXmlCall(response, { exactValues: true }).call!.arguments).toEqual({ x: code });
    expect(parseXmlCall(response).call!.arguments).toEqual({ x: code.trim() });
  });

  it.each([
    "</function>",
    "a = '</function>'\n</function>\nmore\n",
    'print("</parameter>")\n',
    're.compile("<parameter=x>")\n',
    "see\n<function=g>\n<parameter=y>z</parameter>\n</function>\ndone\n",
    "<think>a</think>",
    "strip everything before </think>",
    "<tool_call>\n{}\n</tool_call>\n",
    "```bash\nls\n```\n",
  ])("keep tags that are part of a value: %j", (text) => {
    const given = { command: "create", path: "/a", file_text: text };
    expect(read(`Now.\n${call("file_editor", given)}\n`)).toEqual({
      thought: "Now.",
      call: { tool: "file_editor", arguments: given },
    });
    const swapped = { command: "str_replace", path: "/a", old_str: text, new_str: "b" };
    expect(read(call("file_editor", swapped)).call!.arguments).toEqual(swapped);
  });

  it("may lack </function>, or </parameter> before the next tag", () => {
    const whole = { tool: "file_editor", arguments: { command: "view", path: "/a" } };
    for (const response of [
      "<function=file_editor><parameter=command>view</parameter><parameter=path>/a</parameter>",
      "<function=file_editor><parameter=command>view</parameter><parameter=path>/a</parameter>\nThat is all.",
      "<function=file_editor>\n<parameter=command>view\n<parameter=path>/a\n</function>",
      "<tool_call>\n<function=file_editor>\n<parameter=command>view</parameter>\n<parameter=path>/a</parameter>\n</tool_call>",
      '<function = "file_editor"> <parameter = command>view</parameter> <parameter=path>/a</parameter></function> and more',
    ]) {
      expect(parseXmlCall(response, { tools: r2eTools }).call).toEqual(whole);
    }
    expect(read("Done. <function=finish>").call).toEqual({ tool: "finish", arguments: {} });
  });

  it("are read in the formats of other frameworks and samplers", () => {
    const whole = { tool: "execute_bash", arguments: { cmd: "ls" } };
    const value = "<function=execute_bash>\n<parameter=cmd>ls</parameter>\n";
    for (const response of [
      // A sampler that stops at the end tag may leave part of the tag, or the model's end token.
      `${value}</`,
      `${value}</function`,
      `${value}<|im_end|>`,
      `${value}</function></s>`,
      "<function=execute_bash\n>\n<parameter=cmd\n>ls</parameter>\n</function>",
      '<function name="execute_bash">\n<parameter name="cmd">ls</parameter>\n</function>',
      '<function_calls>\n<invoke name="execute_bash">\n<parameter name="cmd">ls</parameter>\n</invoke>\n</function_calls>',
      '<function=execute_bash>{"cmd": "ls"}</function>',
      '<function=execute_bash> {"cmd": "ls"}',
      "The parser handles the <think> tag.\n" + value,
    ]) {
      expect([response, read(response).call]).toEqual([response, whole]);
    }
    for (const response of [
      "<function=submit>",
      "<function=finish>\n</",
      "<function=submit></s>",
    ]) {
      expect(parseXmlCall(response, { tools: listToolNames(r2eToolset) }).call?.arguments).toEqual(
        {},
      );
    }
    expect(read('<function=execute_bash>{"cmd": "l').note).toMatch(/not valid JSON: a string is/u);
    expect(read(call("execute_bash", { cmd: "grep '<|im_end|>' a" })).call!.arguments).toEqual({
      cmd: "grep '<|im_end|>' a",
    });
  });

  it("are not run if they are cut off", () => {
    for (const response of [
      "<function=file_editor><parameter=command>create</parameter><parameter=file_text>half a fi",
      "<function=file_editor><parameter=command>create</parameter><parameter=pa",
      "<function=file_editor>",
    ]) {
      const { call: found, note } = read(response);
      expect(found).toBeUndefined();
      expect(note).toMatch(/^Your call of file_editor is cut off: .*Nothing was run/u);
    }
    for (const response of ["", "text", "</function><function=", "<function=></function>"]) {
      expect(parseXmlCall(response)).toEqual({ thought: response });
    }
  });

  it("are limited to the first one, and the note says so", () => {
    const first = call("execute_bash", { cmd: "ls" });
    expect(read(`${first}\n${call("finish", {})}`)).toEqual({
      thought: "",
      call: { tool: "execute_bash", arguments: { cmd: "ls" } },
      note: "Your response made 2 tool calls. Only the first one was run. Make exactly one call per response.",
    });
  });
});

describe("reasoning", () => {
  const draft = call("execute_bash", { cmd: "rm -rf /testbed" });
  const real = call("execute_bash", { cmd: "ls" });
  const cmd = (response: string): unknown => read(response).call?.arguments["cmd"];

  it.each([
    ["<think>", "</think>"],
    ["<Thinking>", "</Thinking>"],
    ["<thought>", "</thought>"],
    ["<reasoning>", "</reasoning>"],
    ["<seed:think>", "</seed:think>"],
    ["<think>", "</thinking>"],
    ["[THINK]", "[/THINK]"],
    ["◁think▷", "◁/think▷"],
    ["<|begin_of_thought|>", "<|end_of_thought|>"],
    ["<|START_THINKING|>", "<|END_THINKING|>"],
    ["<|channel|>analysis<|message|>", "<|end|>"],
  ])("between %s and %s is not read", (open, close) => {
    expect(cmd(`${open}maybe ${draft} or <function=x> ${close}\n${real}`)).toBe("ls");
    expect(cmd(`I look. ${open}${draft}${close} ${real} ${open}${draft}${close}`)).toBe("ls");
    // The opening mark may be part of the prompt, and the closing mark may be missing.
    if (open.startsWith("<|channel")) return;
    expect(cmd(`maybe ${draft} ${close}\n${real}`)).toBe("ls");
    expect(cmd(`maybe <function=execute_bash>\n<parameter=cmd>rm ${close}\n${real}`)).toBe("ls");
    expect(read(`${open} maybe ${draft}`)).toMatchObject({ note: /inside its reasoning/u });
    expect(cmd(`${open} maybe ${draft}`)).toBeUndefined();
    expect(cmd(`${real}\n${open} maybe ${draft}`)).toBe("ls");
  });

  it("is not opened or closed by a mark in quotes or backticks", () => {
    expect(cmd(`The parser drops \`<think>\` and '</think>'. ${real} It keeps "<think>".`)).toBe(
      "ls",
    );
  });
});
