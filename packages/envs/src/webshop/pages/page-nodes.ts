import { jsonDict, pythonFloat } from "../../python/python-text.ts";
import { comparePythonTexts } from "../../python/python-text.ts";
import type { Page, PageNode } from "./page.ts";

const button = (text: string): PageNode => ({ kind: "button", text });
const text = (content: string): PageNode => ({ kind: "text", text: content });

/** JSON of an options map in the format of Flask's `tojson`: keys sorted, markup escaped. */
export function optionsJson(options: Iterable<readonly [string, string]>): string {
  const sorted = [...options].sort(([a], [b]) => comparePythonTexts(a, b));
  return escapeMarkup(jsonDict(sorted));
}

/** Escapes characters that could end a script or an attribute, like Flask's `tojson`. */
export function escapeMarkup(json: string): string {
  return json.replaceAll(
    /[<>&']/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Fields next to the reward on WebShop's final page, all of them empty. */
const unsetOnDone = ["category", "query", "product category"];
const goalOnDone = [
  "asin",
  "options",
  "attrs",
  "price upper",
  "instuction text",
  "category",
  "product category",
  "query",
];

function allNodes(page: Page): PageNode[] {
  if (page.name === "search") {
    return [text("WebShop"), text("Instruction: "), text(page.instruction), button("Search")];
  }
  if (page.name === "done") {
    return [
      "Thank you for shopping with us!",
      "Your code: ",
      "None",
      " (Paste it in your MTurk interface.)",
      "Purchased",
      "asin",
      page.product.asin,
      "options",
      optionsJson(page.options),
      "attrs",
      "None",
      ...unsetOnDone.flatMap((name) => [name, "None"]),
      "Target",
      ...goalOnDone,
      "Goal ",
      "None",
      "Reward",
      "Your score (min 0.0, max 1.0)",
      pythonFloat(page.reward),
      "Reward Details ",
      "None",
    ].map(text);
  }
  const nodes = [text("Instruction:"), text(page.instruction), button("Back to Search")];
  if (page.name === "results") {
    nodes.push(text(`Page ${page.pageNumber} (Total results: ${page.numResults})`));
    if (page.pageNumber > 1) nodes.push(button("< Prev"));
    nodes.push(button("Next >"));
    for (const product of page.products) {
      nodes.push(
        { kind: "product", text: product.asin },
        text(product.title),
        text(product.priceText),
      );
    }
    return nodes;
  }
  nodes.push(button("< Prev"));
  const { product } = page;
  if (page.name === "item") {
    for (const { name, values } of product.options) {
      nodes.push(text(name));
      for (const value of values) nodes.push({ kind: "option", text: value, option: name });
    }
    nodes.push(text(product.title), text(`Price: ${product.priceText}`), text("Rating: N.A."));
    nodes.push(button("Description"), button("Features"), button("Reviews"));
    if (page.showsAttributes) nodes.push(button("Attributes"));
    nodes.push(button("Buy Now"));
    return nodes;
  }
  if (page.subPage === "Description") nodes.push(text(product.description));
  if (page.subPage === "Features") {
    for (const bullet of product.bulletPoints) nodes.push(text(` ${bullet}`));
  }
  if (page.subPage === "Attributes") {
    for (const attribute of product.attributes) nodes.push(text(` ${attribute}`));
    nodes.push(text(product.category), text(product.query), text(product.productCategory));
  }
  return nodes;
}

/**
 * Visible texts of a page, in order. As in WebShop's parser, a text of white space only is
 * dropped if it is empty or contains a line break, and becomes one space otherwise.
 */
export function pageNodes(page: Page): PageNode[] {
  return allNodes(page).flatMap((node) => {
    if (!/^[\t\n\f\r ]*$/u.test(node.text)) return [node];
    return node.text === "" || node.text.includes("\n") ? [] : [{ ...node, text: " " }];
  });
}
