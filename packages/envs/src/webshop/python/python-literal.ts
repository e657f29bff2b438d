/** Value of a Python literal, limited to the types in URLs. */
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
  #offset = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readWhole(): Literal | undefined {
    const value = this.#value();
    this.#blanks();
    return this.#offset === this.#text.length ? value : undefined;
  }

  #blanks(): void {
    while (/\s/u.test(this.#text[this.#offset] ?? "")) this.#offset += 1;
  }

  #take(character: string): boolean {
    this.#blanks();
    if (this.#text[this.#offset] !== character) return false;
    this.#offset += 1;
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
    const quote = this.#text[this.#offset];
    if (quote !== "'" && quote !== '"') return undefined;
    this.#offset += 1;
    let value = "";
    for (;;) {
      const character = this.#text[this.#offset++];
      if (character === undefined) return undefined;
      if (character === quote) return value;
      if (character !== "\\") value += character;
      else {
        const escape = this.#text[this.#offset++] ?? "";
        const length = { x: 2, u: 4, U: 8 }[escape];
        if (length === undefined) value += escapes[escape] ?? `\\${escape}`;
        else {
          const digits = this.#text.slice(this.#offset, this.#offset + length);
          const code = /^[0-9a-f]+$/iu.test(digits) ? Number.parseInt(digits, 16) : Number.NaN;
          if (digits.length < length || !(code <= 0x10ffff)) return undefined;
          value += String.fromCodePoint(code);
          this.#offset += length;
        }
      }
    }
  }
}

/** Parses the `repr` of a list of strings; `undefined` for other text. */
export function readPythonList(text: string): string[] | undefined {
  const value = new LiteralReader(text).readWhole();
  if (!Array.isArray(value)) return undefined;
  return value.filter((entry) => typeof entry === "string");
}

/** Parses the `repr` of a dict of strings, or its JSON; `undefined` for other text. */
export function readPythonDict(text: string): Map<string, string> | undefined {
  const value = new LiteralReader(text).readWhole();
  if (!(value instanceof Map)) return undefined;
  const entries = new Map<string, string>();
  for (const [key, entry] of value) if (typeof entry === "string") entries.set(key, entry);
  return entries;
}
