import { splitPatch } from "../evaluation/split-patch.ts";

/**
 * Reverses a text patch as `git diff -R` does: swaps signs, ranges, modes and names. Binary parts
 * cannot be reversed and are kept unchanged.
 */
export function reversePatch(patch: string): string {
  return splitPatch(patch)
    .map((file) => (file.isBinary ? file.text : reverseFile(file.text)))
    .join("");
}

function reverseFile(text: string): string {
  const lines = text.split("\n");
  const result: string[] = [];
  let isInHunk = false;
  let removed: string[] = [];
  let added: string[] = [];
  // Keeps the usual order within a group of changed lines: removed lines first.
  const flush = (): void => {
    result.push(...removed, ...added);
    removed = [];
    added = [];
  };
  let last: string[] = result;
  for (const line of lines) {
    const hunk = /^@@ -(\S+) \+(\S+) @@(.*)$/u.exec(line);
    if (hunk) {
      flush();
      isInHunk = true;
      result.push(`@@ -${hunk[2]} +${hunk[1]} @@${hunk[3]}`);
      last = result;
    } else if (!isInHunk) result.push(headerLine(line));
    else if (line.startsWith("+")) {
      removed.push(`-${line.slice(1)}`);
      last = removed;
    } else if (line.startsWith("-")) {
      added.push(`+${line.slice(1)}`);
      last = added;
    } else if (line.startsWith("\\")) last.push(line);
    else {
      flush();
      result.push(line);
      last = result;
    }
  }
  flush();
  return swapFileLines(result).join("\n");
}

const swaps: readonly (readonly [RegExp, string])[] = [
  [/^new file mode /u, "deleted file mode "],
  [/^deleted file mode /u, "new file mode "],
  [/^old mode /u, "new mode "],
  [/^new mode /u, "old mode "],
  [/^rename from /u, "rename to "],
  [/^rename to /u, "rename from "],
];

function headerLine(line: string): string {
  const index = /^index ([0-9a-f]+)\.\.([0-9a-f]+)(.*)$/u.exec(line);
  if (index) return `index ${index[2]}..${index[1]}${index[3]}`;
  for (const [from, to] of swaps) if (from.test(line)) return line.replace(from, to);
  return line;
}

/** Swaps `--- a/x` and `+++ b/y`, `/dev/null` included. */
function swapFileLines(lines: string[]): string[] {
  const from = lines.findIndex((line) => line.startsWith("--- "));
  const next = lines[from + 1];
  if (from === -1 || next === undefined || !next.startsWith("+++ ")) return sortPairs(lines);
  const setPrefix = (path: string, prefix: string): string => path.replace(/^[ab]\//u, prefix);
  const [old, renewed] = [lines[from]!.slice(4), next.slice(4)];
  lines[from] = `--- ${setPrefix(renewed, "a/")}`;
  lines[from + 1] = `+++ ${setPrefix(old, "b/")}`;
  return sortPairs(lines);
}

/** git expects `old mode` before `new mode` and `rename from` before `rename to`. */
function sortPairs(lines: string[]): string[] {
  for (const [first, second] of [
    ["old mode ", "new mode "],
    ["rename from ", "rename to "],
  ] as const) {
    const i = lines.findIndex((line) => line.startsWith(first));
    if (i > 0 && lines[i - 1]!.startsWith(second)) {
      [lines[i - 1], lines[i]] = [lines[i]!, lines[i - 1]!];
    }
  }
  const header = lines[0];
  const names = header === undefined ? null : /^diff --git a\/(\S+) b\/(\S+)$/u.exec(header);
  if (names) lines[0] = `diff --git a/${names[2]} b/${names[1]}`;
  return lines;
}
