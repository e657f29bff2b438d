import type { Product } from "../catalogue/product.ts";
import type { Page } from "../pages/page.ts";
import { pythonFloat } from "../../python/python-text.ts";

/** How much a compact observation shows. */
export interface CompactOptions {
  /** Products of a page of results, `>= 1`. Default 10: all. */
  readonly maxProducts?: number;
  /** Words of a title, a description or a list of features, `>= 1`. Default 8. */
  readonly maxWords?: number;
}

/** The first words of a text, in lower case, without punctuation at their ends. */
function firstWords(text: string, count: number): string {
  return text
    .toLowerCase()
    .split(/\s+/u)
    .map((word) => word.replaceAll(/^[^\p{L}\p{N}$]+|[^\p{L}\p{N}]+$/gu, ""))
    .filter((word) => word !== "")
    .slice(0, count)
    .join(" ");
}

/** The highest price of a product, in whole tens of dollars. */
function roundPrice({ pricing }: Product): number {
  return 10 * Math.ceil(Math.max(...pricing) / 10);
}

/** An instruction in few words; its price limit, a number of whole tens, as `under $40`. */
function shortInstruction(instruction: string): string {
  const text = instruction.replace(
    /,? and price lower than (\d+)\.00 dollars$/u,
    (_, dollars: string) => ` under $${dollars}`,
  );
  return firstWords(text, Infinity);
}

/**
 * A page in few words, for small models: products are numbered instead of named, options listed by
 * name, buttons left out. Prices are rounded up to tens of dollars, which is what limits are given
 * in: a product is within `under $40` if it shows `$40` or less. The instruction stands on the first
 * page only. See `shopEnvironment` for the actions that go with it.
 */
export function compactObservation(
  page: Page,
  { maxProducts = 10, maxWords = 8 }: CompactOptions = {},
): string {
  if (page.name === "search") return `goal ${shortInstruction(page.instruction)}`;
  if (page.name === "done") return `bought score ${pythonFloat(page.reward)}`;
  if (page.name === "results") {
    const shown = page.products
      .slice(0, maxProducts)
      .map(
        (product, i) => `${i + 1} ${firstWords(product.title, maxWords)} $${roundPrice(product)}`,
      );
    return shown.length > 0 ? `results ${shown.join(" ; ")}` : "no results";
  }
  const { product } = page;
  if (page.name === "item") {
    const options = product.options.map(({ name, values }) => {
      const chosen = page.options.get(name);
      return ` ; ${name} ${values.join(" , ")}${chosen === undefined ? "" : ` chosen ${chosen}`}`;
    });
    return `item ${firstWords(product.title, maxWords)} $${roundPrice(product)}${options.join("")}`;
  }
  const texts = {
    Description: product.description,
    Features: product.bulletPoints.join(" "),
    Reviews: "",
    Attributes: product.attributes.join(" "),
  };
  return `${page.subPage.toLowerCase()} ${firstWords(texts[page.subPage], maxWords)}`.trim();
}
