/** Matches the strings and punctuation of JSON; numbers and literals are irrelevant here. */
const parts = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:]/g;

/**
 * Finds a name that occurs twice in one object of a JSON text. JSON parsers silently keep only the
 * last value.
 * @param text - Valid JSON.
 * @returns The duplicate name, or `undefined` if there is none.
 */
export function findDuplicateKey(text: string): string | undefined {
  const open: Set<string>[] = [];
  let last = "";
  for (const [part] of text.matchAll(parts)) {
    if (part === "{" || part === "[") open.push(new Set());
    else if (part === "}" || part === "]") open.pop();
    else if (part === ":") {
      const name = String(JSON.parse(last));
      const names = open.at(-1);
      if (names?.has(name)) return name;
      names?.add(name);
    } else last = part;
  }
  return undefined;
}
