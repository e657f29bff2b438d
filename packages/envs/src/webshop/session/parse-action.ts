/** An action in its parts. */
export interface ParsedAction {
  /** What stands before the bracket. */
  readonly name: string;
  /** What stands in the brackets, in lower case. */
  readonly argument: string;
}

/**
 * Reads `search[...]` or `click[...]` as the reference does: in the first line, what stands between
 * the last `[` that has something to hold and the last `]`. What follows is ignored.
 * @returns `undefined` where there is no name, no bracket or nothing inside.
 */
export function parseAction(action: string): ParsedAction | undefined {
  const end = action.indexOf("\n");
  const line = end === -1 ? action : action.slice(0, end);
  const close = line.lastIndexOf("]");
  if (close < 3) return undefined;
  const open = line.lastIndexOf("[", close - 2);
  if (open < 1) return undefined;
  return { name: line.slice(0, open), argument: line.slice(open + 1, close).toLowerCase() };
}

/**
 * Reads an action literally: from the first `[` to the last `]` of the line, or, if `isWhole`, of
 * the whole text. Unlike in the reference, what is in the brackets may hold brackets.
 */
export function readAction(action: string, isWhole = false): ParsedAction | undefined {
  const end = isWhole ? -1 : action.indexOf("\n");
  const line = end === -1 ? action : action.slice(0, end);
  const open = line.indexOf("[");
  const close = line.lastIndexOf("]");
  if (open < 1 || close < open + 2) return undefined;
  return { name: line.slice(0, open), argument: line.slice(open + 1, close).toLowerCase() };
}
