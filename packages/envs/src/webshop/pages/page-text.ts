import { pythonStrip } from "../../python/python-strip.ts";
import type { PageNode } from "./page.ts";

/** The texts of a page in one line, separated by ` [SEP] `: the reference's mode `text`. */
export function plainText(nodes: readonly PageNode[]): string {
  return nodes.map((node) => pythonStrip(node.text)).join(" [SEP] ");
}

/** What {@link richText} marks as clicked. */
export interface ClickedMarks {
  isOptionChosen(node: PageNode): boolean;
  isProductVisited(asin: string): boolean;
}

/** The texts of a page line by line, what can be clicked marked as such: the mode `text_rich`. */
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
      // Of several choices the last of the page is told first.
      lines = `You have clicked ${text}.\n${lines}  ${mark("clicked button")}\n`;
    } else lines += `  ${mark("button")}\n`;
  }
  return lines;
}
