import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { analyze } from "./analyze.ts";
import { porterStem } from "./porter-stem.ts";
import { tokenize } from "./tokenize.ts";

describe("tokenize", () => {
  it("joins letters across dots and apostrophes, and digits across dots and commas", () => {
    expect(tokenize("women's size 7.5, 1,000 pcs x/y u.s.a.")).toEqual([
      "women's",
      "size",
      "7.5",
      "1,000",
      "pcs",
      "x",
      "y",
      "u.s.a",
    ]);
  });

  it("splits ideographs one by one, and keeps emoji as words", () => {
    expect(tokenize("木材 ★ 👩‍👧 a_b")).toEqual(["木", "材", "★", "👩‍👧", "a_b"]);
  });

  it("cuts tokens longer than 255 units", () => {
    expect(tokenize("a".repeat(600)).map(({ length }) => length)).toEqual([255, 255, 90]);
  });

  it("returns pieces of the text in order, for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        let offset = 0;
        for (const token of tokenize(text)) {
          const found = text.indexOf(token, offset);
          expect(found).toBeGreaterThanOrEqual(offset);
          offset = found + token.length;
        }
      }),
    );
  });
});

describe("porterStem", () => {
  it("follows the published examples", () => {
    const stems = {
      caresses: "caress",
      ponies: "poni",
      agreed: "agre",
      plastered: "plaster",
      hopping: "hop",
      filing: "file",
      happy: "happi",
      relational: "relat",
      digitizer: "digit",
      triplicate: "triplic",
      adjustment: "adjust",
      adoption: "adopt",
      controll: "control",
      is: "is",
    };
    for (const [word, stem] of Object.entries(stems)) expect(porterStem(word)).toBe(stem);
  });
});

describe("analyze", () => {
  it("drops stop words and possessives", () => {
    expect(analyze("The Women’s shoes and THE men's")).toEqual(["women", "shoe", "men"]);
  });
});
