import { GameFileError, formatValue } from "../game-file-error.ts";

/** PDDL expression: a word in lower case, or a list in parentheses. */
export type Expression = string | ExpressionList;

/** A list in parentheses. */
export interface ExpressionList {
  /** Start offset in the text, for messages. */
  readonly offset: number;
  readonly items: readonly Expression[];
}

// Maximum depth of an expression: deeper than any sensible formula, but safe for recursion.
const maxDepth = 200;

/**
 * Splits PDDL into parentheses and words in lower case, without `;` comments. A `?` starts a new
 * word.
 */
export class PddlReader {
  /** Name of the text, for messages: `games/a.tw-pddl: pddl_problem`. */
  readonly source: string;
  readonly #text: string;
  #position = 0;
  #start = 0;

  constructor(text: string, source: string) {
    this.source = source;
    this.#text = text.toLowerCase();
  }

  /** Start offset of the last token. */
  get offset(): number {
    return this.#start;
  }

  /** Returns the next parenthesis or word; `undefined` at the end. */
  next(): string | undefined {
    const text = this.#text;
    const length = text.length;
    let position = this.#position;
    for (; position < length; position++) {
      const unit = text.charCodeAt(position);
      if (unit === 59 /* ; */) {
        position = text.indexOf("\n", position);
        if (position < 0) position = length;
      } else if (!isSpace(unit)) {
        break;
      }
    }
    this.#start = position;
    if (position >= length) {
      this.#position = length;
      return undefined;
    }
    const first = text.charCodeAt(position);
    if (first === 40 || first === 41) {
      this.#position = position + 1;
      return first === 40 ? "(" : ")";
    }
    let end = position + 1;
    for (; end < length; end++) {
      const unit = text.charCodeAt(end);
      if (isSpace(unit) || unit === 40 || unit === 41 || unit === 59 || unit === 63) break;
    }
    this.#position = end;
    return text.slice(position, end);
  }

  /** Reads the next token. @throws If it is not the given token. */
  expect(token: string, where: string): void {
    const got = this.next();
    if (got !== token) this.fail(`${where} must have ${formatValue(token)} here`, got);
  }

  /** Reads the rest of a list whose `(` was read, including its `)`. */
  list(): ExpressionList {
    const root: { offset: number; items: Expression[] } = { offset: this.#start, items: [] };
    const open = [root];
    for (;;) {
      const current = open[open.length - 1]!;
      const token = this.next();
      if (token === undefined) {
        return this.fail("this list must be closed", token, current.offset);
      } else if (token === "(") {
        if (open.length >= maxDepth) {
          this.fail(`lists must be nested at most ${maxDepth} deep`, token);
        }
        const inner = { offset: this.#start, items: [] };
        current.items.push(inner);
        open.push(inner);
      } else if (token === ")") {
        open.pop();
        if (open.length === 0) return root;
      } else {
        current.items.push(token);
      }
    }
  }

  /**
   * Checks the text after the last list. Closing parentheses are ignored, because real files
   * contain extra ones.
   */
  finish(): void {
    for (let token = this.next(); token !== undefined; token = this.next()) {
      if (token !== ")") this.fail("the text must end after its definition", token);
    }
  }

  /**
   * Throws an error of the form `source line 12: <rule>, got <value>`, with the line of the last
   * token.
   */
  fail(rule: string, value: Expression | undefined, offset: number = this.#start): never {
    let line = 1;
    for (let at = this.#text.indexOf("\n"); at >= 0 && at < offset; line++) {
      at = this.#text.indexOf("\n", at + 1);
    }
    const got = value === undefined ? "the end of the text" : formatValue(formatExpression(value));
    throw new GameFileError(`${this.source} line ${line}: ${rule}, got ${got}`);
  }
}

/** Python splits at further kinds of white space; these are the ASCII ones. */
function isSpace(unit: number): boolean {
  return unit === 32 || (unit >= 9 && unit <= 13) || (unit >= 28 && unit <= 31);
}

/** Formats an expression for messages; omits deep and long parts. */
function formatExpression(expression: Expression, depth = 0): string {
  if (typeof expression === "string") return expression;
  if (depth > 3) return "(...)";
  const items = expression.items.slice(0, 9).map((item) => formatExpression(item, depth + 1));
  return `(${items.join(" ")})`;
}
