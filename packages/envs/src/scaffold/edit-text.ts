/** An edited text, or the reason the edit failed. */
export type Edit =
  | { readonly isDone: true; readonly text: string; readonly snippet: string }
  | { readonly isDone: false; readonly problem: string };

/** Lines of context shown before and after an edit. */
const contextLines = 4;

/** Numbers lines in the format of `cat -n`. */
export function numberLines(lines: readonly string[], first = 1, separator = "\t"): string {
  return lines.map((line, i) => `${String(first + i).padStart(6)}${separator}${line}`).join("\n");
}

/** Maximum number of line numbers that a message lists. */
const maxListed = 20;

/** Replaces the only occurrence of `oldText`. */
export function replaceOnce(text: string, oldText: string, newText: string): Edit {
  if (oldText === "") return { isDone: false, problem: "old_str must not be empty." };
  const at = text.indexOf(oldText);
  if (at === -1) {
    return {
      isDone: false,
      problem:
        "No occurrences of old_str were found to replace. It must match exactly, including whitespace.",
    };
  }
  const lines: number[] = [];
  let line = 1;
  let counted = 0;
  for (let i = at; i !== -1 && lines.length <= maxListed;) {
    line += countBreaks(text, counted, i);
    counted = i;
    lines.push(line);
    i = text.indexOf(oldText, i + oldText.length);
  }
  if (lines.length > 1) {
    const listed = lines.slice(0, maxListed).join(", ") + (lines.length > maxListed ? ", ..." : "");
    return {
      isDone: false,
      problem: `Multiple occurrences of old_str were found, in lines ${listed}. It must be unique.`,
    };
  }
  const changed = text.slice(0, at) + newText + text.slice(at + oldText.length);
  const numAdded = countBreaks(newText, 0, newText.length);
  return { isDone: true, text: changed, snippet: showContext(changed, lines[0]!, numAdded) };
}

/** Inserts lines after a line; 0 inserts at the start of the file. */
export function insertAfter(text: string, line: number, newText: string): Edit {
  const lines = text.split("\n");
  if (!Number.isSafeInteger(line) || line < 0 || line > lines.length) {
    return {
      isDone: false,
      problem: `insert_line must be an integer in [0, ${lines.length}], got ${line}.`,
    };
  }
  const added = newText.split("\n");
  const changed = [...lines.slice(0, line), ...added, ...lines.slice(line)].join("\n");
  return { isDone: true, text: changed, snippet: showContext(changed, line + 1, added.length - 1) };
}

/** Counts the line breaks in `text.slice(start, end)`. */
function countBreaks(text: string, start: number, end: number): number {
  let count = 0;
  for (let i = text.indexOf("\n", start); i !== -1 && i < end; i = text.indexOf("\n", i + 1)) {
    count += 1;
  }
  return count;
}

/** Shows the edited lines with context and line numbers. */
function showContext(text: string, line: number, numMore: number): string {
  const first = Math.max(1, line - contextLines);
  const lines = text.split("\n").slice(first - 1, line + numMore + contextLines);
  return numberLines(lines, first);
}

/**
 * Outlines a Python file: replaces function bodies of four or more lines by a note with their line
 * numbers. Other lines keep their numbers.
 */
export function outline(text: string): string {
  const lines = text.split("\n");
  const result: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    result.push(numberLines([line], i + 1, " "));
    const head = /^(\s*)(?:async\s+)?def\s/u.exec(line);
    if (!head) continue;
    // A signature may span several lines; it ends with a colon.
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
    for (let k = i + 1; k <= end; k++) result.push(numberLines([lines[k]!], k + 1, " "));
    result.push(`... eliding lines ${end + 2}-${last + 1} ...`);
    i = last;
  }
  return result.join("\n");
}
