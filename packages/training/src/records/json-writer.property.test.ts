import fc from "fast-check";
import { expect, it } from "vitest";
import { JsonWriter } from "./json-writer.ts";

/** Writes into a small buffer that has to grow, and returns the text. */
function textOf(write: (writer: JsonWriter) => void): string {
  const writer = new JsonWriter(1);
  write(writer);
  return new TextDecoder("utf-8", { fatal: true }).decode(writer.take());
}

/** Any UTF-16 text, including lone surrogates. */
const anyText = fc.string({
  unit: fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code)),
});
const anyNumber = fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger(), fc.float());

it("writes numbers and strings as JSON.stringify does", () => {
  fc.assert(
    fc.property(anyNumber, anyText, (number, text) => {
      expect(textOf((writer) => writer.number(number))).toBe(JSON.stringify(number));
      expect(textOf((writer) => writer.string(text))).toBe(JSON.stringify(text));
      expect(textOf((writer) => writer.json({ text }))).toBe(JSON.stringify({ text }));
    }),
    {
      examples: [
        [-0, '"\\\n'],
        [-(10 ** 9), "\ud800"],
      ],
    },
  );
});

it("keeps the float32 value of every number, in at most 9 significant digits", () => {
  const small = fc.double({ min: -10, max: 10, noNaN: true });
  fc.assert(
    fc.property(fc.oneof(fc.float({ noNaN: true, noDefaultInfinity: true }), small), (value) => {
      const single = Math.fround(value);
      const text = textOf((writer) => writer.float32(value));
      expect(Math.fround(JSON.parse(text) as number) === single).toBe(true);
      const digits = text.replace(/e.*$/u, "").replaceAll(/\D/gu, "").replace(/^0+/u, "");
      expect(Number.isInteger(single) || digits.length <= 9).toBe(true);
    }),
    // The largest float32 values below powers of ten: their digits must not be rounded up to the
    // power.
    { numRuns: 1000, examples: [[9.999999046325684], [0.09999999403953552], [9.999999e-8]] },
  );
});

it("writes lists", () => {
  const values = [0.1, -2.5, 1 / 3, 0, 12345.678, 1e-7, Number.NaN].map(Math.fround);
  expect(textOf((writer) => writer.float32s(values))).toBe(
    "[0.1,-2.5,0.33333334,0,12345.678,1e-7,null]",
  );
  expect(textOf((writer) => writer.numbers([0, -17, 0.1, 2 ** 40]))).toBe(
    "[0,-17,0.1,1099511627776]",
  );
  expect(textOf((writer) => writer.numbers([]))).toBe("[]");
  expect(textOf((writer) => writer.float32s([]))).toBe("[]");
});

it("returns its bytes, and starts over", () => {
  const writer = new JsonWriter(4);
  writer.string("first");
  const first = writer.take();
  writer.string("second");
  expect(new TextDecoder().decode(first)).toBe('"first"');
  expect(new TextDecoder().decode(writer.take())).toBe('"second"');
});
