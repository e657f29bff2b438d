/** Parts of an action. */
export interface ParsedAction {
  /** Text before the bracket. */
  readonly name: string;
  /** Text in the brackets, in lower case. */
  readonly argument: string;
}

/**
 * Parses `search[...]` or `click[...]` as WebShop's code does: in the first line, the argument is
 * the text between the last `[` with a non-empty argument and the last `]`. Text after that is
 * ignored.
 * @returns `undefined` if name, brackets or argument are missing.
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
 * Parses an action literally: from the first `[` to the last `]` of the line or, if `isWhole`, of
 * the whole text. Unlike in WebShop's code, the argument may contain brackets.
 */
export function readAction(action: string, isWhole = false): ParsedAction | undefined {
  const end = isWhole ? -1 : action.indexOf("\n");
  const line = end === -1 ? action : action.slice(0, end);
  const open = line.indexOf("[");
  const close = line.lastIndexOf("]");
  if (open < 1 || close < open + 2) return undefined;
  return { name: line.slice(0, open), argument: line.slice(open + 1, close).toLowerCase() };
}
