/** Matches Python's white space, which neither contains nor is contained in JavaScript's `\s`. */
const pythonSpace =
  "\\t\\n\\v\\f\\r\\x1c-\\x1f \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const innerSpace = new RegExp(`[${pythonSpace}]+`, "u");

/** `text.split()`: the words separated by white space. */
export function pythonSplit(text: string): string[] {
  return text.split(innerSpace).filter((word) => word !== "");
}

/** `repr(value)` of a float: the shortest decimal that parses to the same number. */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    const text = value.toExponential();
    const digits = text.slice(0, text.indexOf("e"));
    const power = Number(text.slice(text.indexOf("e") + 1));
    return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  }
  // Between these bounds, JavaScript does not use an exponent either.
  const text = String(value);
  return /[.e]/u.test(text) ? text : `${Object.is(value, -0) ? "-0" : text}.0`;
}

/** Matches the characters that `repr` does not escape: by general category, and the space. */
const printable = /^[^\p{C}\p{Z}]$/u;

/**
 * `repr(text)`: in single quotes, or in double quotes if the text contains only single ones;
 * unprintable characters are escaped.
 */
export function pythonRepr(text: string): string {
  if (/^[ -&(-[\]-~]*$/u.test(text)) return `'${text}'`;
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let shown = "";
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (character === quote || character === "\\") shown += `\\${character}`;
    else if (character === "\n") shown += "\\n";
    else if (character === "\r") shown += "\\r";
    else if (character === "\t") shown += "\\t";
    else if (character === " " || printable.test(character)) shown += character;
    else if (code <= 0xff) shown += `\\x${code.toString(16).padStart(2, "0")}`;
    else if (code <= 0xffff) shown += `\\u${code.toString(16).padStart(4, "0")}`;
    else shown += `\\U${code.toString(16).padStart(8, "0")}`;
  }
  return `${quote}${shown}${quote}`;
}

/** `repr` of a dict of strings, in insertion order. */
export function pythonDict(entries: Iterable<readonly [string, string]>): string {
  const pairs = Array.from(entries, ([key, value]) => `${pythonRepr(key)}: ${pythonRepr(value)}`);
  return `{${pairs.join(", ")}}`;
}

/** `repr` of a list of strings. */
export function pythonList(values: readonly string[]): string {
  return `[${values.map(pythonRepr).join(", ")}]`;
}

/** Formats a string as `json.dumps` does: everything except printable ASCII is escaped. */
export function asciiJson(text: string): string {
  if (/^[ !#-[\]-~]*$/u.test(text)) return `"${text}"`;
  return JSON.stringify(text).replaceAll(/[^\0-~]/gu, (character) => {
    let escaped = "";
    for (let i = 0; i < character.length; i++) {
      escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`;
    }
    return escaped;
  });
}

/** `json.dumps` of a dict of strings, in insertion order. */
export function jsonDict(entries: Iterable<readonly [string, string]>): string {
  const pairs = Array.from(entries, ([key, value]) => `${asciiJson(key)}: ${asciiJson(value)}`);
  return `{${pairs.join(", ")}}`;
}

/** Compares strings by code points, as Python does. */
export function comparePythonTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left === right) continue;
    // Surrogates are part of the highest code points, although they are below U+E000.
    const isLeftHigh = left >= 0xd800 && left < 0xe000;
    const isRightHigh = right >= 0xd800 && right < 0xe000;
    if (isLeftHigh !== isRightHigh) return isLeftHigh ? 1 : -1;
    return left - right;
  }
  return a.length - b.length;
}
