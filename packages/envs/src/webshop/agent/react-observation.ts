import type { Page, PageNode } from "../pages/page.ts";
import { pythonFloat } from "../../python/python-text.ts";

/** Number of products per page that ReAct shows. */
const shownProducts = 3;

/**
 * Formats a page as in ReAct: buttons and products in brackets, one per line; the values of an
 * option after its name; the instruction on the first page only; three products per page.
 */
export function reactObservation(page: Page, nodes: readonly PageNode[]): string {
  if (page.name === "search") return `\nWebshop \nInstruction:  \n${page.instruction} \n[Search]  `;
  if (page.name === "done") return `Your score (min 0.0, max 1.0): ${pythonFloat(page.reward)}`;
  let text = "";
  let numProducts = 0;
  // The first two texts are the instruction.
  for (const node of nodes.slice(2)) {
    if (node.text.trim() === "") continue;
    if (node.kind === "product") numProducts += 1;
    if (numProducts > shownProducts) break;
    if (node.kind === "option") {
      const isChosen = page.name === "item" && page.options.get(node.option!) === node.text;
      text += isChosen ? `[[${node.text}]]` : `[${node.text}]`;
    } else text += node.kind === "text" ? `\n${node.text} ` : `\n[${node.text}] `;
  }
  return text;
}
