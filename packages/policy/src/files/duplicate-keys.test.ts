import fc from "fast-check";
import { expect, test } from "vitest";
import { findDuplicateKey } from "./duplicate-keys.ts";

test("finds a name that occurs twice in one object", () => {
  expect(findDuplicateKey('{"a": 1, "b": {"a": 2}, "c": [{"a": 1}, {"a": 1}]}')).toBeUndefined();
  expect(findDuplicateKey('{"a": 1, "b": {"c": 2, "c": 3}}')).toBe("c");
  // The same key written in two ways, and punctuation inside strings.
  expect(findDuplicateKey('{"a\\u0062{": "ab{", "x": [":", "}"], "ab{": 1}')).toBe("ab{");
});

test("finds none in output of JSON.stringify", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(findDuplicateKey(JSON.stringify(value))).toBeUndefined();
    }),
  );
});
