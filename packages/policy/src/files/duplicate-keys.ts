/** Strings and punctuation of JSON; numbers and words between them do not matter here. */
const parts = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:]/g;

/**
 * Finds a name that one object of a JSON text has twice. Parsers keep the last of them in silence.
 * @param text - Valid JSON.
 * @returns The name, or `undefined` if there is none.
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
