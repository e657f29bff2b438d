/** A value of a Python literal, as far as addresses hold them. */
type Literal = string | Literal[] | Map<string, Literal>;

const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

class LiteralReader {
  readonly #text: string;
  #place = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Literal | undefined {
    const value = this.#value();
    this.#blanks();
    return this.#place === this.#text.length ? value : undefined;
  }

  #blanks(): void {
    while (/\s/u.test(this.#text[this.#place] ?? "")) this.#place += 1;
  }

  #take(character: string): boolean {
    this.#blanks();
    if (this.#text[this.#place] !== character) return false;
    this.#place += 1;
    return true;
  }

  #value(): Literal | undefined {
    if (this.#take("[")) return this.#list();
    if (this.#take("{")) return this.#dict();
    return this.#string();
  }

  #list(): Literal | undefined {
    const values: Literal[] = [];
    while (!this.#take("]")) {
      if (values.length > 0 && !this.#take(",")) return undefined;
      if (values.length > 0 && this.#take("]")) return values;
      const value = this.#string();
      if (value === undefined) return undefined;
      values.push(value);
    }
    return values;
  }

  #dict(): Literal | undefined {
    const entries = new Map<string, Literal>();
    let isFirst = true;
    while (!this.#take("}")) {
      if (!isFirst && !this.#take(",")) return undefined;
      if (!isFirst && this.#take("}")) return entries;
      isFirst = false;
      const key = this.#string();
      if (key === undefined || !this.#take(":")) return undefined;
      const value = this.#string();
      if (value === undefined) return undefined;
      entries.set(key, value);
    }
    return entries;
  }

  #string(): string | undefined {
    this.#blanks();
    const quote = this.#text[this.#place];
    if (quote !== "'" && quote !== '"') return undefined;
    this.#place += 1;
    let value = "";
    for (;;) {
      const character = this.#text[this.#place++];
      if (character === undefined) return undefined;
      if (character === quote) return value;
      if (character !== "\\") value += character;
      else {
        const escape = this.#text[this.#place++] ?? "";
        const length = { x: 2, u: 4, U: 8 }[escape];
        if (length === undefined) value += escapes[escape] ?? `\\${escape}`;
        else {
          const digits = this.#text.slice(this.#place, this.#place + length);
          const code = /^[0-9a-f]+$/iu.test(digits) ? Number.parseInt(digits, 16) : Number.NaN;
          if (digits.length < length || !(code <= 0x10ffff)) return undefined;
          value += String.fromCodePoint(code);
          this.#place += length;
        }
      }
    }
  }
}

/** Reads `repr` of a list of texts; `undefined` if it is none. */
export function readPythonList(text: string): string[] | undefined {
  const value = new LiteralReader(text).whole();
  if (!Array.isArray(value)) return undefined;
  return value.filter((entry) => typeof entry === "string");
}

/** Reads `repr` of a dict of texts, or its JSON; `undefined` if it is none. */
export function readPythonDict(text: string): Map<string, string> | undefined {
  const value = new LiteralReader(text).whole();
  if (!(value instanceof Map)) return undefined;
  const entries = new Map<string, string>();
  for (const [key, entry] of value) if (typeof entry === "string") entries.set(key, entry);
  return entries;
}
