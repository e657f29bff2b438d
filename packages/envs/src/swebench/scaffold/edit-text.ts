/** A change of a text, or why it cannot be made. */
export type Edit =
  | { readonly isDone: true; readonly text: string; readonly snippet: string }
  | { readonly isDone: false; readonly problem: string };

/** Lines around a change that an answer shows. */
const contextLines = 4;

/** Lines with their numbers, in the form of `cat -n`. */
export function numbered(lines: readonly string[], first = 1, separator = "\t"): string {
  return lines.map((line, i) => `${String(first + i).padStart(6)}${separator}${line}`).join("\n");
}

/** Replaces a text that must stand exactly once. An empty `oldText` is refused. */
export function replaceOnce(text: string, oldText: string, newText: string): Edit {
  if (oldText === "") return { isDone: false, problem: "old_str must not be empty." };
  const at = text.indexOf(oldText);
  if (at === -1) {
    return { isDone: false, problem: "No occurrences of old_str were found to replace." };
  }
  const lines: number[] = [];
  for (let i = at; i !== -1; i = text.indexOf(oldText, i + oldText.length)) {
    lines.push(lineOf(text, i));
  }
  if (lines.length > 1) {
    return {
      isDone: false,
      problem: `Multiple occurrences of old_str were found, in lines ${lines.join(", ")}. It must be unique.`,
    };
  }
  const changed = text.slice(0, at) + newText + text.slice(at + oldText.length);
  return { isDone: true, text: changed, snippet: around(changed, lines[0]!, count(newText)) };
}

/** Puts lines in after a line; 0 puts them first. */
export function insertAfter(text: string, line: number, newText: string): Edit {
  const lines = text.split("\n");
  if (!Number.isSafeInteger(line) || line < 0 || line > lines.length) {
    return {
      isDone: false,
      problem: `insert_line must be a whole number in [0, ${lines.length}], got ${line}.`,
    };
  }
  const added = newText.split("\n");
  const changed = [...lines.slice(0, line), ...added, ...lines.slice(line)].join("\n");
  return { isDone: true, text: changed, snippet: around(changed, line + 1, added.length - 1) };
}

const count = (text: string): number => text.split("\n").length - 1;
const lineOf = (text: string, index: number): number => count(text.slice(0, index)) + 1;

/** The changed lines and those around them, numbered. */
function around(text: string, line: number, numMore: number): string {
  const first = Math.max(1, line - contextLines);
  const lines = text.split("\n").slice(first - 1, line + numMore + contextLines);
  return numbered(lines, first);
}

/**
 * A Python file without the bodies of its functions: bodies of four lines and more give way to a
 * line that tells their numbers. Lines keep the numbers that they have in the file.
 */
export function outline(text: string): string {
  const lines = text.split("\n");
  const result: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    result.push(numbered([line], i + 1, " "));
    const head = /^(\s*)(?:async\s+)?def\s/u.exec(line);
    if (!head) continue;
    // A signature may take several lines; it ends with a colon.
    let end = i;
    while (end + 1 < lines.length && !/:\s*(?:#.*)?$/u.test(lines[end]!)) end += 1;
    let last = end;
    for (let k = end + 1; k < lines.length; k++) {
      const body = lines[k]!;
      if (body.trim() === "") continue;
      if (/^\s*/u.exec(body)![0].length <= head[1]!.length) break;
      last = k;
    }
    if (last - end < 4) continue;
    for (let k = i + 1; k <= end; k++) result.push(numbered([lines[k]!], k + 1, " "));
    result.push(`... eliding lines ${end + 2}-${last + 1} ...`);
    i = last;
  }
  return result.join("\n");
}
