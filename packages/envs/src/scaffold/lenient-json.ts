/** A JSON value read at an offset of a text, or the error; `end` is the offset after the value. */
export type ReadJson =
  | { readonly isDone: true; readonly value: unknown; readonly end: number }
  | { readonly isDone: false; readonly problem: string; readonly end: number };

const maxDepth = 64;
const words: readonly (readonly [string, unknown])[] = [
  ["true", true],
  ["false", false],
  ["null", null],
  ["True", true],
  ["False", false],
  ["None", null],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
];
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

class JsonProblem extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/**
 * Reads the JSON value that starts at `start` and ignores the text after it, in linear time. Also
 * accepts common output of language models: raw line breaks and tabs in strings, single-quoted
 * strings, trailing commas, and Python's `True`, `False`, `None`, `NaN` and `Infinity`. An unknown
 * escape such as `\d` is an error, because both keeping and dropping the backslash would be a
 * guess.
 */
export function readJsonAt(text: string, start: number): ReadJson {
  let at = start;
  const fail = (rule: string): never => {
    throw new JsonProblem(rule, at);
  };
  const skipBlanks = (): void => {
    while (at < text.length && " \t\n\r".includes(text[at]!)) at += 1;
  };
  const readString = (): string => {
    const quote = text[at]!;
    const parts: string[] = [];
    let from = ++at;
    for (; ; at++) {
      const character = text[at];
      if (character === undefined) return fail("a string is not closed");
      if (character === quote) {
        parts.push(text.slice(from, at));
        at += 1;
        return parts.join("");
      }
      if (character !== "\\") continue;
      parts.push(text.slice(from, at));
      at += 1;
      const escape = text[at] ?? "";
      if (escape === "u") {
        const digits = text.slice(at + 1, at + 5);
        if (!/^[0-9a-f]{4}$/iu.test(digits)) fail("\\u must be followed by 4 hexadecimal digits");
        parts.push(String.fromCharCode(Number.parseInt(digits, 16)));
        at += 4;
      } else {
        const meant = Object.hasOwn(escapes, escape) ? escapes[escape]! : undefined;
        if (meant === undefined) {
          return fail(`\\${escape} is not an escape of JSON; write \\\\ for a backslash`);
        }
        parts.push(meant);
      }
      from = at + 1;
    }
  };
  const readList = (depth: number): unknown[] => {
    const list: unknown[] = [];
    at += 1;
    for (;;) {
      skipBlanks();
      if (text[at] === "]") break;
      list.push(readValue(depth + 1));
      skipBlanks();
      if (text[at] === ",") at += 1;
      else if (text[at] !== "]") fail("a list must go on with , or ]");
    }
    at += 1;
    return list;
  };
  const readObject = (depth: number): Record<string, unknown> => {
    const entries: [string, unknown][] = [];
    at += 1;
    for (;;) {
      skipBlanks();
      if (text[at] === "}") break;
      if (text[at] !== '"' && text[at] !== "'") fail("a key must be a string in quotes");
      const key = readString();
      skipBlanks();
      if (text[at] !== ":") fail("a key must be followed by :");
      at += 1;
      entries.push([key, readValue(depth + 1)]);
      skipBlanks();
      if (text[at] === ",") at += 1;
      else if (text[at] !== "}") fail("an object must go on with , or }");
    }
    at += 1;
    return Object.fromEntries(entries);
  };
  const readValue = (depth: number): unknown => {
    if (depth > maxDepth) fail(`values are nested more than ${maxDepth} deep`);
    skipBlanks();
    const character = text[at];
    if (character === "{") return readObject(depth);
    if (character === "[") return readList(depth);
    if (character === '"' || character === "'") return readString();
    for (const [word, value] of words) {
      if (text.startsWith(word, at)) {
        at += word.length;
        return value;
      }
    }
    const number = /^-?(?:0|[1-9]\d{0,30})(?:\.\d{1,40})?(?:e[+-]?\d{1,4})?/iu.exec(
      text.slice(at, at + 80),
    );
    if (number === null) return fail("a value is missing");
    at += number[0].length;
    return Number(number[0]);
  };
  try {
    const value = readValue(0);
    return { isDone: true, value, end: at };
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error;
    return { isDone: false, problem: error.message, end: error.at };
  }
}
