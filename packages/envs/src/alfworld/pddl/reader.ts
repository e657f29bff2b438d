import { GameFileError, shown } from "../game-file-error.ts";

/** A PDDL expression: a word in lower case, or a list in parentheses. */
export type Expression = string | ExpressionList;

/** A list in parentheses. */
export interface ExpressionList {
  /** Where it begins in the text, for messages. */
  readonly offset: number;
  readonly items: readonly Expression[];
}

// Deeper than any sensible formula, and far from the depth at which recursion fails.
const maxDepth = 200;

/**
 * Splits PDDL into parentheses and words, all in lower case, `;` comments left out. A `?` begins a
 * new word.
 */
export class PddlReader {
  /** What is being read, for messages: `games/a.tw-pddl: pddl_problem`. */
  readonly source: string;
  readonly #text: string;
  #position = 0;
  #start = 0;

  constructor(text: string, source: string) {
    this.source = source;
    this.#text = text.toLowerCase();
  }

  /** Where the token that was read last begins. */
  get offset(): number {
    return this.#start;
  }

  /** The next parenthesis or word; `undefined` at the end. */
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

  /** Reads the next token and requires that it be this one. */
  expect(token: string, where: string): void {
    const got = this.next();
    if (got !== token) this.fail(`${where} must have ${shown(token)} here`, got);
  }

  /** Reads the rest of a list whose `(` was read, up to and with its `)`. */
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

  /** After the last list: closing parentheses are ignored, as real files have them. */
  finish(): void {
    for (let token = this.next(); token !== undefined; token = this.next()) {
      if (token !== ")") this.fail("the text must end after its definition", token);
    }
  }

  /** Throws `source line 12: <rule>, got <value>`; the line is where the last token begins. */
  fail(rule: string, value: Expression | undefined, offset: number = this.#start): never {
    let line = 1;
    for (let at = this.#text.indexOf("\n"); at >= 0 && at < offset; line++) {
      at = this.#text.indexOf("\n", at + 1);
    }
    const got = value === undefined ? "the end of the text" : shown(written(value));
    throw new GameFileError(`${this.source} line ${line}: ${rule}, got ${got}`);
  }
}

/** Python splits at more kinds of space, but these are all there are in ASCII. */
function isSpace(unit: number): boolean {
  return unit === 32 || (unit >= 9 && unit <= 13) || (unit >= 28 && unit <= 31);
}

/** An expression as it is written, for messages; deep and long parts are left out. */
function written(expression: Expression, depth = 0): string {
  if (typeof expression === "string") return expression;
  if (depth > 3) return "(...)";
  const items = expression.items.slice(0, 9).map((item) => written(item, depth + 1));
  return `(${items.join(" ")})`;
}
