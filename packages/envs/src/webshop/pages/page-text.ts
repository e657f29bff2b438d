import { pythonStrip } from "../../python/python-strip.ts";
import type { PageNode } from "./page.ts";

/** Joins the texts of a page into one line, separated by ` [SEP] `: WebShop's mode `text`. */
export function plainText(nodes: readonly PageNode[]): string {
  return nodes.map((node) => pythonStrip(node.text)).join(" [SEP] ");
}

/** Conditions for marking text as clicked in {@link richText}. */
export interface ClickedMarks {
  isOptionChosen(node: PageNode): boolean;
  isProductVisited(asin: string): boolean;
}

/**
 * Joins the texts of a page line by line and marks clickable ones: WebShop's mode
 * `text_rich`.
 */
export function richText(nodes: readonly PageNode[], clicked: ClickedMarks): string {
  let lines = "";
  for (const node of nodes) {
    const { kind, text } = node;
    const mark = (name: string): string => `[${name}] ${text} [${name}_]`;
    if (kind === "text") lines += `${text}\n`;
    else if (kind === "button") lines += `${mark("button")}\n`;
    else if (kind === "product") {
      lines += `\n${mark(clicked.isProductVisited(text) ? "clicked button" : "button")}\n`;
    } else if (clicked.isOptionChosen(node)) {
      // If several options are chosen, the last one on the page comes first.
      lines = `You have clicked ${text}.\n${lines}  ${mark("clicked button")}\n`;
    } else lines += `  ${mark("button")}\n`;
  }
  return lines;
}
