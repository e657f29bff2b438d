import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pythonStrip } from "./python-strip.ts";
import {
  asciiJson,
  comparePythonTexts,
  pythonDict,
  pythonFloat,
  pythonRepr,
  pythonSplit,
} from "./python-text.ts";

describe("Python's texts", () => {
  it("print floats with the shortest digits", () => {
    expect([36, 877.8, 1e16, 1.5e-5, 0.0001, 0, -0].map(pythonFloat)).toEqual([
      "36.0",
      "877.8",
      "1e+16",
      "1.5e-05",
      "0.0001",
      "0.0",
      "-0.0",
    ]);
  });

  it("quote with the quote that is not used, and escape unprintable characters", () => {
    expect(pythonRepr("it's")).toBe(`"it's"`);
    expect(pythonRepr(`it's 5"`)).toBe(`'it\\'s 5"'`);
    expect(pythonRepr("a\u00a0b\n\u200b\\é")).toBe("'a\\xa0b\\n\\u200b\\\\é'");
    expect(pythonDict([["size", "8"]])).toBe("{'size': '8'}");
  });

  it("strip exactly Python's white space", () => {
    expect(pythonStrip("\u001c\u0085 a \u00a0")).toBe("a");
    expect(pythonStrip("\ufeffa")).toBe("\ufeffa");
    expect(pythonSplit(" a \u3000 b ")).toEqual(["a", "b"]);
  });

  it("escape all but ASCII in JSON", () => {
    expect(asciiJson('é"\u{1f600}\u007f')).toBe('"\\u00e9\\"\\ud83d\\ude00\\u007f"');
  });

  it("sort by code point", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
        const order = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(comparePythonTexts(a, b))).toBe(order);
      }),
    );
  });
});
