import type { Product } from "../catalogue/product.ts";
import type { Page } from "../pages/page.ts";
import { pythonFloat } from "../../python/python-text.ts";

/** Limits of a compact observation. */
export interface CompactOptions {
  /** Maximum number of products per result page, `>= 1`. Default 10: all. */
  readonly maxProducts?: number;
  /** Maximum number of words of a title, a description or a feature list, `>= 1`. Default 8. */
  readonly maxWords?: number;
}

/** First words of a text, in lower case, without punctuation at their ends. */
function firstWords(text: string, count: number): string {
  return text
    .toLowerCase()
    .split(/\s+/u)
    .map((word) =>
      word.replace(/^[^\p{L}\p{N}$]+/u, "").replace(/(?<![^\p{L}\p{N}])[^\p{L}\p{N}]+$/u, ""),
    )
    .filter((word) => word !== "")
    .slice(0, count)
    .join(" ");
}

/** Highest price of a product, rounded up to tens of dollars. */
function roundPrice({ pricing }: Product): number {
  return 10 * Math.ceil(Math.max(...pricing) / 10);
}

/** Shortens an instruction; its price limit, a multiple of ten, becomes `under $40`. */
function shortInstruction(instruction: string): string {
  const text = instruction.replace(
    /,? and price lower than (\d+)\.00 dollars$/u,
    (_, dollars: string) => ` under $${dollars}`,
  );
  return firstWords(text, Infinity);
}

/**
 * Shortens a page for small models: products are numbered instead of named, options are listed by
 * name, buttons are omitted. Prices are rounded up to tens of dollars, because limits are multiples
 * of ten: a product is within `under $40` if it shows `$40` or less. Only the first page shows the
 * instruction. See `shopEnvironment` for the matching actions.
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
