/** Attribute of an object in an expression. */
export type Attribute = "name" | "id" | "type" | "indefinite" | "definite";

/**
 * Expression in braces: an attribute of a variable (default: its name), a quoted text, a
 * concatenation, or alternatives; the first alternative that is not empty is used.
 */
export type TextExpression =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "attribute"; readonly variable: string; readonly attribute: Attribute }
  | { readonly kind: "sum" | "or"; readonly parts: readonly TextExpression[] };

const attributes: readonly string[] = ["name", "id", "type", "indefinite", "definite"];
const tokenText = /\s*(?:('[^'\\]*'|"[^"\\]*")|([A-Za-z_]\w*)(?:\s*\.\s*([A-Za-z_]\w*))?|(\+))/y;

/** Parses an expression. @returns The expression; if it is invalid, the violated rule as a text. */
export function parseExpression(text: string): TextExpression | string {
  const alternatives: TextExpression[] = [];
  let sum: TextExpression[] = [];
  let isOperandDue = true;
  let at = 0;
  while (at < text.trimEnd().length) {
    tokenText.lastIndex = at;
    const match = tokenText.exec(text);
    if (!match) return "must consist of variables, texts, + and or";
    at = tokenText.lastIndex;
    const [, quoted, word, attribute, plus] = match;
    if (plus !== undefined || (word === "or" && attribute === undefined)) {
      if (isOperandDue) return `must have a value before ${plus ?? word}`;
      isOperandDue = true;
      if (plus === undefined) {
        alternatives.push(group("sum", sum));
        sum = [];
      }
      continue;
    }
    if (!isOperandDue) return 'must have "+" or "or" between values';
    isOperandDue = false;
    if (quoted !== undefined) {
      sum.push({ kind: "text", text: quoted.slice(1, -1) });
    } else {
      const asked = attribute ?? "name";
      if (!isAttribute(asked)) return `must use one of the attributes ${attributes.join(", ")}`;
      sum.push({ kind: "attribute", variable: word!, attribute: asked });
    }
  }
  if (isOperandDue) return "must end in a value";
  return group("or", [...alternatives, group("sum", sum)]);
}

/** Lists the names of the variables in an expression. */
export function listVariables(expression: TextExpression): string[] {
  switch (expression.kind) {
    case "text":
      return [];
    case "attribute":
      return [expression.variable];
    default:
      return expression.parts.flatMap((part) => listVariables(part));
  }
}

function isAttribute(name: string): name is Attribute {
  return attributes.includes(name);
}

function group(kind: "sum" | "or", parts: readonly TextExpression[]): TextExpression {
  return parts.length === 1 ? parts[0]! : { kind, parts };
}
