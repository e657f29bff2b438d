import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseBashBlock } from "./bash-blocks.ts";
import { parseJsonCall, writeJsonCall } from "./json-calls.ts";
import { readJsonAt } from "./lenient-json.ts";
import { r2eTools } from "./r2e-tools.ts";
import { decodeToolCall, encodeToolCall } from "./tool-call.ts";
import { parseXmlCall, writeXmlCall } from "./xml-calls.ts";

const parsers = [
  (response: string) => parseXmlCall(response, { tools: r2eTools }),
  (response: string) => parseJsonCall(response, { tools: r2eTools }),
  parseBashBlock,
];

/** Fragments of all call formats, and of similar text. */
const pieces: readonly string[] = (
  "<function=execute_bash>|<function=f>|</function>|<parameter=cmd>|</parameter>|<tool_call>|" +
  '</tool_call>|{"name": "f", "arguments": {|"x": "|"|}}|[|]|```bash\n|\n```\n|````|`|<think>|' +
  '</think>|[THINK]|[/THINK]|<<EOF|\nEOF\n|[TOOL_CALLS]f{|<arg_key>k</arg_key><arg_value>|<invoke name="f">|<function=f>{|ls|<|>|\n| |\\|\\d|{|}|\'|,|:|</thinking>|◁think▷'
).split("|");

describe("parsers of calls", () => {
  it("accept any response", () => {
    const response = fc.array(fc.constantFrom(...pieces), { maxLength: 60 });
    fc.assert(
      fc.property(response, (parts) => {
        for (const parse of parsers) {
          const { call, thought } = parse(parts.join(""));
          expect(typeof thought).toBe("string");
          expect(call === undefined ? call : decodeToolCall(encodeToolCall(call))).toEqual(call);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("run in linear time", () => {
    // A quadratic parser would take many minutes.
    const repeated = [
      ...pieces,
      "<function=f><parameter=x>",
      "<parameter=x><function=f></parameter>",
      '{"a": [',
      '{"name": "f", "arguments": {"x": "',
      '<tool_call>{"name": "f", ',
      "```bash\nls\n",
      "````bash\n```\n",
      "</think><function=f>",
      "<think></thinking>",
      "<|channel|>analysis<|message|>",
      "<parameter=x></parameter>x",
      '[TOOL_CALLS]f{"a": ',
      '<function=f>{"a": ',
      "<tool_call>f\n<arg_key>k</arg_key><arg_value>",
      "```bash\ncat <<EOF\n```\n",
      "```bash\ncat <<A <<B\n",
    ];
    for (const piece of repeated) {
      const text = piece.repeat(Math.ceil(100_000 / piece.length));
      for (const response of [text, `<function=f>${text}</parameter>`, `${text}<parameter=z>`]) {
        for (const parse of parsers) parse(response);
      }
    }
  }, 600_000);

  it("round-trip what the writers write", () => {
    const value = fc
      .array(
        fc.constantFrom("a", "\n", " ", "</function>", "<think>", "</think>", "```", '"', "\\"),
      )
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/u), value), (given) => {
        const call = { tool: "f", arguments: given };
        expect(parseJsonCall(`I look.\n${writeJsonCall(call)}`).call).toEqual(call);
        expect(parseXmlCall(writeXmlCall(call), { exactValues: true }).call).toEqual(call);
      }),
    );
  });
});

describe("readJsonAt", () => {
  it("agrees with JSON.parse on JSON that any text follows", () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 5 }),
        fc.constantFrom("", " }", ", more"),
        (value, rest) => {
          const json = JSON.stringify(value, null, 1);
          const expected = JSON.parse(json) as unknown;
          expect(readJsonAt(json + rest, 0)).toEqual({
            isDone: true,
            value: expected,
            end: json.length,
          });
        },
      ),
    );
  });

  it("reports the offset of the error, and does not overflow the stack", () => {
    expect(readJsonAt('{"a" 1}', 0)).toMatchObject({ isDone: false, end: 5 });
    expect(readJsonAt("[".repeat(100_000), 0)).toMatchObject({
      problem: "values are nested more than 64 deep",
    });
    expect(readJsonAt('{"__proto__": 1}', 0)).toMatchObject({ isDone: true });
  });
});
