import type { PageNode } from "../pages/page.ts";

/**
 * Names for clicking the parts of a page, in lower case: buttons, then products, then option
 * values. Each part has a unique name, so that all listed parts can be clicked. If a name is taken,
 * the option's group or the word `product` is prepended: `size: buy now`. An equal value of the
 * same group is the same choice and has no separate name.
 */
export function clickNames(nodes: readonly PageNode[]): ReadonlyMap<string, PageNode> {
  const names = new Map<string, PageNode>();
  for (const kind of ["button", "product", "option"] as const) {
    for (const node of nodes) {
      if (node.kind !== kind) continue;
      const name = node.text.toLowerCase();
      const group = kind === "option" ? node.option!.toLowerCase() : kind;
      const other = names.get(name);
      if (other === undefined) names.set(name, node);
      else if (!isSame(other, node)) addQualified(names, `${group}: ${name}`, node);
    }
  }
  return names;
}

function addQualified(names: Map<string, PageNode>, name: string, node: PageNode): void {
  let numbered = name;
  for (let i = 2; ; i++) {
    const other = names.get(numbered);
    if (other === undefined) {
      names.set(numbered, node);
      return;
    }
    if (isSame(other, node)) return;
    numbered = `${name} (${i})`;
  }
}

const isSame = (a: PageNode, b: PageNode): boolean =>
  a.kind === b.kind && a.text === b.text && a.option === b.option;
