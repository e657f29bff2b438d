/** A heredoc operator and its delimiter, quoted or not; excludes the `<<<` of a here-string. */
const operatorPattern = /(?<!<)<<-?[ \t]{0,8}(["']?)([A-Za-z_][\w.-]{0,63})\1(?![\w(])/gu;

/** Maximum number of heredocs that are searched in one command. */
const maxHeredocs = 100;

/**
 * Finds the end of the heredocs that start in a part of a text.
 * @returns Offset after the line that closes the last heredoc; `undefined` if all heredocs close
 *   within the part, or one is never closed.
 */
export function endOfOpenHeredocs(text: string, start: number, end: number): number | undefined {
  let at = start;
  for (let i = 0; i < maxHeredocs; i++) {
    operatorPattern.lastIndex = at;
    const operator = operatorPattern.exec(text);
    if (operator === null || operator.index >= end) break;
    const line = text.indexOf("\n", operator.index);
    if (line === -1) return undefined;
    // The bodies of all heredocs of a line follow the line in order.
    let body = line;
    operatorPattern.lastIndex = 0;
    for (const { 2: delimiter } of text.slice(operator.index, line).matchAll(operatorPattern)) {
      // Without a closing line, the operator may be a bit shift or part of a string.
      body = closingLine(text, body, delimiter!) ?? body;
    }
    at = body;
  }
  return at > end ? at : undefined;
}

/**
 * End offset of the first line that equals the delimiter, searching from the line break at `from`;
 * `undefined` if there is none.
 */
function closingLine(text: string, from: number, delimiter: string): number | undefined {
  for (let at = from; ;) {
    const found = text.indexOf(delimiter, at);
    if (found === -1) return undefined;
    const after = found + delimiter.length;
    const isLine = /\n[\t ]{0,80}$/u.test(text.slice(Math.max(0, found - 81), found));
    if (isLine && /^(?:\r?\n|$)/u.test(text.slice(after, after + 2))) return after;
    at = after;
  }
}
