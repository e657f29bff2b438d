import { parseExpression, listVariables } from "./expression.ts";
import type { GrammarSource } from "./grammar-file.ts";
import { parseQuery } from "./query.ts";
import { type GrammarSymbol, parseSymbols } from "./symbols.ts";

/**
 * Finds the variables in scope on which a text depends.
 * @returns Their names; `undefined` if the text may depend on all of them, because it uses rules,
 *   or because a query searches for other objects.
 */
export function findUsedVariables(
  symbols: readonly GrammarSymbol[],
  scope: readonly { readonly name: string; readonly type: string }[],
  grammar: GrammarSource,
): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  for (const symbol of symbols) {
    if (symbol.kind === "text") continue;
    if (symbol.kind === "rule" || symbol.item.kind === "rule") return undefined;
    const expression = parseExpression(symbol.item.expression);
    if (typeof expression === "string") return undefined;
    for (const name of listVariables(expression)) names.add(name);
    if (symbol.query === undefined) continue;
    const atoms = parseQuery(symbol.query);
    if (typeof atoms === "string") return undefined;
    for (const { name, type } of atoms.flatMap(({ variables }) => variables)) {
      if (!scope.some((known) => known.name === name && known.type === type)) return undefined;
      names.add(name);
    }
    if (symbol.kind === "list" && !hasPlainLists(grammar)) return undefined;
  }
  return names;
}

/** True if the rules for joining lists are plain texts. */
function hasPlainLists({ rules }: GrammarSource): boolean {
  return ["list_empty", "list_separator", "list_last_separator"].every((name) => {
    const [rule] = rules.get(name) ?? [];
    return (
      !rule || (!rule.condition && parseSymbols(rule.rhs).every(({ kind }) => kind === "text"))
    );
  });
}
