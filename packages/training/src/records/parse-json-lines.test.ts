import { expect, it } from "vitest";
import { parseJsonLines } from "./parse-json-lines.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

it("leaves out an incomplete last line, truncated at any byte", () => {
  const whole = bytes('{"a":1}\n{"b":"größer"}\n');
  const firstEnd = 8;
  const secondEnd = whole.length - 1;
  for (let length = 0; length <= whole.length; length++) {
    const expected = [
      ...(length >= firstEnd - 1 ? [{ a: 1 }] : []),
      ...(length >= secondEnd ? [{ b: "größer" }] : []),
    ];
    expect(parseJsonLines(whole.subarray(0, length), "m")).toEqual(expected);
  }
});

it.each([
  ['{"a":1}\n{"b":\n{"c":3}\n', 2],
  ['{"a":1}\n{"b":\n', 2],
  ["\n\n7\n", 3],
  ["[1]\n", 1],
])("names the line of damage in %j", (text, line) => {
  expect(() => parseJsonLines(bytes(text), "metrics.jsonl")).toThrow(
    new RegExp(`^metrics\\.jsonl line ${line} is not a valid JSON object: `, "u"),
  );
});

it("reports bytes that are not UTF-8", () => {
  const damaged = Uint8Array.of(...bytes('{"a":"'), 0xff, ...bytes('"}\n'));
  expect(() => parseJsonLines(damaged, "m")).toThrow(/^m line 1 is not a valid JSON object/u);
});
