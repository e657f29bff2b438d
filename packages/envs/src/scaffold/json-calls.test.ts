import { describe, expect, it } from "vitest";
import { parseJsonCall } from "./json-calls.ts";
import { r2eTools } from "./r2e-tools.ts";

const search = { tool: "search", arguments: { search_term: "x" } };
const json = '{"name": "search", "arguments": {"search_term": "x"}}';

describe("calls in JSON", () => {
  it.each([
    `think\n<tool_call>\n${json}\n</tool_call>`,
    `think\n<tool_call>${json}`,
    `think\n<tool_call>\n[${json}]\n</tool_call> and more {text}`,
    `think\n<tool_call>\n\`\`\`json\n${json}\n\`\`\`\n</tool_call>`,
    `think\n<tool_call>\n<function=search>\n<parameter=search_term>x</parameter>\n</function>\n</tool_call>`,
    `think\n\`\`\`json\n${json}\n\`\`\`\nafter`,
    `think\n${json}`,
    `think\n${json} This finds x.`,
    `think\n[${json}]`,
    `think\n{"function": {"name": "search", "arguments": "{\\"search_term\\": \\"x\\"}"}}`,
    `think\n{"tool_calls": [{"type": "function", "function": ${json}}]}`,
    `think\n{"name": "search", "parameters": {"search_term": "x"}}`,
    `think\n<tool_call>{'name': 'search', 'arguments': {'search_term': 'x',},}</tool_call>`,
  ])("are read from %j", (response) => {
    expect(parseJsonCall(response)).toEqual({ thought: "think", call: search });
  });

  it.each([
    `think\n{"thought": "t", "command": ${json}}`,
    'think\n<tool_call>{"name": "search", "search_term": "x"}</tool_call>',
    '[TOOL_CALLS]search{"search_term": "x"}',
    '[TOOL_CALLS]search[CALL_ID]ab12[ARGS]{"search_term": "x"}</s>',
    `<|python_tag|>{"name": "search", "parameters": {"search_term": "x"}}<|eom_id|>`,
    '<function=search>{"search_term": "x"}</function>',
    '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>search\n```json\n{"search_term": "x"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>search<｜tool▁sep｜>{"search_term": "x"}<｜tool▁call▁end｜>',
    "<tool_call>search\n<arg_key>search_term</arg_key>\n<arg_value>x</arg_value>\n</tool_call>",
    '<|tool_calls_section_begin|><|tool_call_begin|>functions.search:0<|tool_call_argument_begin|>{"search_term": "x"}<|tool_call_end|>',
    '<|channel|>analysis<|message|>why<|end|><|start|>assistant<|channel|>commentary to=functions.search <|constrain|>json<|message|>{"search_term": "x"}<|call|>',
    "<function=search>\n<parameter=search_term>x</parameter>\n</function>",
    '<invoke name="search"><parameter name="search_term">x</parameter></invoke>',
  ])("are read like the parsers of servers and frameworks read %j", (response) => {
    expect(parseJsonCall(response, { tools: r2eTools }).call).toEqual(search);
  });

  it("that are malformed in those forms are not run", () => {
    for (const response of [
      '[TOOL_CALLS]search{"search_term": "x',
      "<tool_call>search\n<arg_key>search_term</arg_key>\n<arg_value>x</tool_call>",
      '<｜tool▁call▁begin｜>search<｜tool▁sep｜>{"search_term" "x"}',
    ]) {
      const { call, note } = parseJsonCall(response);
      expect([response, call]).toEqual([response, undefined]);
      expect(note).toMatch(/^Your tool call is not valid JSON: .*Nothing was run/u);
    }
    // Servers of the chat-completions API write missing arguments as an empty string.
    expect(parseJsonCall('<tool_call>{"name": "finish", "arguments": ""}').call).toEqual({
      tool: "finish",
      arguments: {},
    });
    expect(parseJsonCall('{"name": "f", "arguments": {"x": NaN, "y": -Infinity}}').call).toEqual({
      tool: "f",
      arguments: { x: Number.NaN, y: Number.NEGATIVE_INFINITY },
    });
  });

  it("may contain raw line breaks and tabs, and tags and fences as text", () => {
    const text = 'a\tb\n\n</tool_call>\n```\n</think> {"x": }\n';
    const escaped = JSON.stringify(text);
    const raw = escaped.replaceAll("\\n", "\n").replaceAll("\\t", "\t");
    for (const written of [escaped, raw]) {
      const response = `<tool_call>\n{"name": "f", "arguments": {"file_text": ${written}}}\n</tool_call>`;
      expect(parseJsonCall(response).call).toEqual({ tool: "f", arguments: { file_text: text } });
    }
  });

  it("are not run if they are malformed, and the note says why", () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ['<tool_call>{"name": "f", "arguments": {"x": "\\d"}}</tool_call>', /\\d is not an escape/u],
      ['<tool_call>{"name": "f", "arguments": {"x": "half', /a string is not closed/u],
      ['{"name": "f", "arguments": {"x" 1}}', /a key must be followed by :/u],
      ["<tool_call>ls</tool_call>", /not an object with "name" and "arguments"/u],
      ['<tool_call>{"arguments": {}}</tool_call>', /not an object with "name"/u],
    ];
    for (const [response, note] of cases) {
      const parsed = parseJsonCall(response);
      expect(parsed.call).toBeUndefined();
      expect(parsed.note).toMatch(note);
    }
    for (const response of ['{"arguments": {}}', '{"name": 1}', "[]", '{"name": "turnwise"}']) {
      expect(parseJsonCall(response, { tools: r2eTools })).toEqual({ thought: response });
    }
    expect(parseJsonCall('{"name": "finish"}', { tools: r2eTools }).call?.tool).toBe("finish");
  });

  it("are taken from the first one outside the reasoning", () => {
    const other = '{"name": "finish", "arguments": {}}';
    for (const response of [
      `<tool_call>${json}</tool_call>\n<tool_call>${other}</tool_call>`,
      `<tool_call>${json}\n${other}</tool_call>`,
      `[${json}, ${other}]`,
      `<think><tool_call>${other}</tool_call></think>[${json}, ${other}]`,
    ]) {
      expect(parseJsonCall(response)).toMatchObject({ call: search, note: /made 2 tool calls/u });
    }
    expect(parseJsonCall(`<think>${other}</think>${json}`)).toMatchObject({ call: search });
    expect(parseJsonCall(`so ${other}</think>${json}`)).toMatchObject({ call: search });
    expect(parseJsonCall(`<think>${other}`).call).toBeUndefined();
  });
});
