import type { Page } from "../pages/page.ts";
import { pythonFloat } from "../python/python-text.ts";

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

/**
 * A page in few words, for small models: products are numbered instead of named, options listed by
 * name, prices in whole dollars (rounded up), buttons left out. The instruction stands on the first
 * page only. See `shopEnvironment` for the actions that go with it.
 */
export function compactObservation(
  page: Page,
  { maxProducts = 10, maxWords = 8 }: CompactOptions = {},
): string {
  if (page.name === "search") return `goal ${firstWords(page.instruction, Infinity)}`;
  if (page.name === "done") return `bought score ${pythonFloat(page.reward)}`;
  if (page.name === "results") {
    const shown = page.products
      .slice(0, maxProducts)
      .map(
        ({ title, pricing }, i) =>
          `${i + 1} ${firstWords(title, maxWords)} $${Math.ceil(pricing[0])}`,
      );
    return shown.length > 0 ? `results ${shown.join(" ; ")}` : "no results";
  }
  const { product } = page;
  if (page.name === "item") {
    const options = product.options.map(({ name, values }) => {
      const chosen = page.options.get(name);
      return ` ; ${name} ${values.join(" , ")}${chosen === undefined ? "" : ` chosen ${chosen}`}`;
    });
    const title = firstWords(product.title, maxWords);
    return `item ${title} $${Math.ceil(product.pricing[0])}${options.join("")}`;
  }
  const texts = {
    Description: product.description,
    Features: product.bulletPoints.join(" "),
    Reviews: "",
    Attributes: product.attributes.join(" "),
  };
  return `${page.subPage.toLowerCase()} ${firstWords(texts[page.subPage], maxWords)}`.trim();
}
