/** One conjunct of a query: a fact with variables for arguments. */
export interface QueryAtom {
  readonly predicate: string;
  readonly variables: readonly { readonly name: string; readonly type: string }[];
}

const atomText = /([\w/-]+)\s*\(([^()]*)\)/y;
const variableText = /^([\w']+)(?:\s*:\s*([\w'/-]+))?$/;

/**
 * Reads `p(x: type, y: type) & q(x: type)`. A variable without a type has its own name as type.
 * @returns What is wrong, as a text, if it is no query.
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
