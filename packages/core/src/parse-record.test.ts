import { describe, expect, it } from "vitest";
import * as z from "zod";
import { parseRecord } from "./parse-record.ts";

const schema = z.strictObject({
  shape: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("circle"), radius: z.number().positive().default(1) }),
      z.strictObject({ kind: z.literal("line"), ends: z.array(z.strictObject({ x: z.number() })) }),
    ])
    .default({ kind: "circle", radius: 1 }),
  color: z.enum(["red", "blue"]).nullable().default(null),
  share: z.number().min(0).max(1),
  size: z.number().lt(10).optional(),
  names: z.array(z.string().min(1)).max(2).optional(),
});

const parse = (value: unknown): unknown => parseRecord("draw", "picture", schema, value);

describe("parseRecord", () => {
  it("fills in defaults", () => {
    expect(parse({ share: 1, shape: { kind: "circle" } })).toEqual({
      shape: { kind: "circle", radius: 1 },
      color: null,
      share: 1,
    });
  });

  it.each([
    [{ share: 2 }, RangeError, "draw: picture.share must be <= 1, got 2"],
    [{ share: -1 }, RangeError, "draw: picture.share must be >= 0, got -1"],
    [{ share: 1, size: 10 }, RangeError, "draw: picture.size must be < 10, got 10"],
    [
      { share: 1, shape: { kind: "circle", radius: 0 } },
      RangeError,
      "draw: picture.shape.radius must be > 0, got 0",
    ],
    [
      { share: 1, names: [""] },
      RangeError,
      'draw: picture.names.0 must have a length >= 1, got ""',
    ],
    [
      { share: 1, names: ["a", "b", "c"] },
      RangeError,
      'draw: picture.names must have a length <= 2, got ["a","b","c"]',
    ],
    [{}, TypeError, "draw: picture.share must be of type number, got none"],
    [{ share: "1" }, TypeError, 'draw: picture.share must be of type number, got "1"'],
    [
      { share: 1, color: "green" },
      RangeError,
      'draw: picture.color must be "red" or "blue", got "green"',
    ],
    [
      { share: 1, shape: { kind: "square" } },
      RangeError,
      'draw: picture.shape.kind must be "circle" or "line", got "square"',
    ],
    [
      { share: 1, shape: {} },
      RangeError,
      'draw: picture.shape.kind must be "circle" or "line", got none',
    ],
    [
      { share: 1, shape: { kind: "circle", ends: [] } },
      TypeError,
      "draw: picture.shape.ends must be a known key of kind circle; known keys: radius",
    ],
    [
      { share: 1, shape: { kind: "line", ends: [{ x: 1 }, { x: 1, y: 2 }] } },
      TypeError,
      "draw: picture.shape.ends.1.y must be a known key; known keys: x",
    ],
    [
      { shares: 1, share: 1 },
      TypeError,
      "draw: picture.shares must be a known key; known keys: shape, color, share, size, names",
    ],
    [7, TypeError, "draw: picture must be of type object, got 7"],
  ])("refuses %j in one line", (value, kind, message) => {
    let thrown: unknown;
    try {
      parse(value);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(kind);
    expect(thrown).toHaveProperty("message", message);
  });
});
