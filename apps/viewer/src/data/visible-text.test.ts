import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { visibleLine, visibleRecord, visibleText } from "./visible-text.ts";

describe("visibleText", () => {
  it("leaves texts in any script alone", () => {
    const text = "größer\n\tעברית 日本語 👍🏽";
    expect(visibleText(text)).toBe(text);
  });

  it.each([
    ["\u001b[31mred\u0000", "⟨1B⟩[31mred⟨00⟩"],
    ["a\u202Eb\u2066c\u200Bd", "a⟨202E⟩b⟨2066⟩c⟨200B⟩d"],
    ["one\r\ntwo\rthree", "one\ntwo⟨0D⟩three"],
    ["\u007F\u009B", "⟨7F⟩⟨9B⟩"],
  ])("shows what %j hides", (text, expected) => {
    expect(visibleText(text)).toBe(expected);
  });

  it("leaves nothing that a second look would change", () =>
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const once = visibleText(text);
        expect(visibleText(once)).toBe(once);
      }),
    ));
});

it("visibleRecord reaches the texts of lists and records", () => {
  const state = { kind: "text", lines: ["\u0000", 1, null], inner: { text: "\u202E" } };
  const shown = { kind: "text", lines: ["⟨00⟩", 1, null], inner: { text: "⟨202E⟩" } };
  expect(visibleRecord(state)).toEqual(shown);
});

it("visibleLine cuts long texts", () => {
  expect(visibleLine("abcdef", 3)).toBe("abc …");
  expect(visibleLine("abc", 3)).toBe("abc");
});
