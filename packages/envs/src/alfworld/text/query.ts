/** Conjunct of a query: a predicate whose arguments are variables. */
export interface QueryAtom {
  readonly predicate: string;
  readonly variables: readonly { readonly name: string; readonly type: string }[];
}

const atomText = /([\w/-]+)\s*\(([^()]*)\)/y;
const variableText = /^([\w']+)(?:\s*:\s*([\w'/-]+))?$/;

/**
 * Parses `p(x: type, y: type) & q(x: type)`. A variable without a type has its name as type.
 * @returns The conjuncts; if the query is invalid, the violated rule as a text.
 */
export function parseQuery(text: string): readonly QueryAtom[] | string {
  const atoms: QueryAtom[] = [];
  let at = 0;
  const skipSpace = (): void => {
    while (/\s/.test(text[at] ?? "")) at++;
  };
  for (;;) {
    skipSpace();
    atomText.lastIndex = at;
    const match = atomText.exec(text);
    if (!match) return "must be facts joined by &";
    at = atomText.lastIndex;
    const inside = match[2]!.trim();
    const variables: { name: string; type: string }[] = [];
    for (const part of inside === "" ? [] : inside.split(",")) {
      const variable = variableText.exec(part.trim());
      if (!variable) return "must have variables as in x: type";
      variables.push({ name: variable[1]!, type: variable[2] ?? variable[1]! });
    }
    atoms.push({ predicate: match[1]!, variables });
    skipSpace();
    if (at >= text.length) return atoms;
    if (text[at] !== "&") return "must be facts joined by &";
    at++;
  }
}
