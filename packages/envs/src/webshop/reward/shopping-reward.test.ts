import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Product } from "../catalogue/product.ts";
import type { Goal } from "../goals/goal.ts";
import { normalizeColor } from "./normalize-color.ts";
import { sequenceRatio } from "./sequence-ratio.ts";
import { shoppingReward } from "./shopping-reward.ts";
import { guessTitleNouns } from "./title-nouns.ts";
import { tokenSetRatio } from "./token-set-ratio.ts";

const product: Product = {
  asin: "B1",
  title: "Red Wool Scarf",
  description: "Warm.",
  bulletPoints: [],
  pricing: [20],
  priceText: "$20.0",
  options: [{ name: "size", values: ["small", "x small"] }],
  optionImages: [],
  attributes: ["machine washable"],
  category: "fashion",
  query: "scarves",
  productCategory: "Clothing › Scarves",
  mainImage: "",
};
const goal: Goal = {
  asin: "B1",
  category: "fashion",
  query: "scarves",
  name: "Red Wool Scarf",
  productCategory: "Clothing › Scarves",
  instructionText: "",
  attributes: ["machine washable", "warm"],
  priceUpper: 30,
  options: { kind: "named", entries: [["size", "small"]] },
  weight: 1,
};

function buy(options: Record<string, string>, price = 20, bought = product): number {
  const purchase = { product: bought, price, options: new Map(Object.entries(options)) };
  return shoppingReward(goal, purchase, guessTitleNouns, "exact").reward;
}

describe("shoppingReward", () => {
  it("counts attributes, options and the price equally", () => {
    // Two attributes, one option and the price make four parts.
    expect(buy({ size: "small" })).toBe(1);
    expect(buy({})).toBe(3 / 4);
    expect(buy({ size: "small" }, 31)).toBe(3 / 4);
  });

  it("accepts a similar value only if the requested one is not offered", () => {
    expect(buy({ size: "x small" })).toBe(3 / 4);
    const other = { ...product, options: [{ name: "size", values: ["x small"] }] };
    expect(buy({ size: "x small" }, 20, other)).toBe(1);
  });

  it("gives little or no reward for another type of product", () => {
    // None of the goal's three nouns is shared.
    const bottle = { ...product, title: "Steel Bottle" };
    expect(buy({ size: "small" }, 20, bottle)).toBe(0);
  });

  it("stays in [0, 1]", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), fc.string(), (options, title) => {
        const reward = buy(options, 20, { ...product, title });
        expect(reward).toBeGreaterThanOrEqual(0);
        expect(reward).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("likeness", () => {
  it("of sequences is twice the matches over the total length", () => {
    // "abxcd" and "abcd" share "ab" and "cd": 2 * 4 / 9.
    expect(sequenceRatio("abxcd", "abcd")).toBe(8 / 9);
    expect(sequenceRatio("", "")).toBe(1);
  });

  it("of word sets ignores order, case, and words of only one text", () => {
    expect(tokenSetRatio("Long sleeve", "SLEEVE, long")).toBe(100);
    expect(tokenSetRatio("x small", "small")).toBe(100);
    expect(tokenSetRatio("…", "small")).toBe(0);
  });

  it("of a text with itself is 100, and always in [0, 100]", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string(), (a, b) => {
        expect(tokenSetRatio(a, a)).toSatisfy((score: number) => score === 100 || score === 0);
        expect(tokenSetRatio(a, b)).toBeGreaterThanOrEqual(0);
        expect(tokenSetRatio(a, b)).toBeLessThanOrEqual(100);
      }),
    );
  });

  it("of colours uses the first name that occurs", () => {
    expect(normalizeColor("1877black")).toBe("black");
    expect(normalizeColor("rectangular")).toBe("tan");
    expect(normalizeColor("10.5")).toBe("10.5");
  });
});

describe("guessTitleNouns", () => {
  it("keeps words with letters, split at hyphens and units, without function words", () => {
    expect(
      guessTitleNouns("Women's T-Shirt with 38mm Band for the Sofa-Table, 260ml (2 Pack)"),
    ).toEqual(["women", "t", "shirt", "mm", "band", "sofa", "table", "260ml", "pack"]);
  });
});
