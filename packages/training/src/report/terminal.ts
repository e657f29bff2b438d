import { inspect } from "node:util";

/** Environment variables, as in `process.env`. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Style of a text. */
export type TextStyle = "bold" | "dim" | "yellow" | "green" | "cyan" | "red";

/** Properties of an output stream, such as `process.stdout`, that affect formatting. */
export interface OutputStream {
  readonly isTTY?: boolean;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  on?(event: "resize", listener: () => void): unknown;
  off?(event: "resize", listener: () => void): unknown;
  write(text: string): unknown;
}

/** Reads the line width: the variable `COLUMNS`, else the terminal's width, else 80. */
export function readTerminalWidth(
  stream: { readonly columns?: number | undefined },
  environment: Environment = process.env,
): number {
  const columns = Number(environment["COLUMNS"]);
  return Number.isSafeInteger(columns) && columns > 0 ? columns : (stream.columns ?? 80);
}

/** True for terminals, unless `NO_COLOR` (no-color.org) or `TERM=dumb` is set. */
export function usesColor(
  stream: { readonly isTTY?: boolean },
  environment: Environment = process.env,
): boolean {
  if (environment["NO_COLOR"]) return false;
  return stream.isTTY === true && environment["TERM"] !== "dumb";
}

/** Applies a style to a text if the stream shows colors. */
export function applyStyle(
  style: TextStyle,
  text: string,
  stream: { readonly isTTY?: boolean },
): string {
  // Do not use `styleText`: before Node 22.13 it either ignores the stream or checks only standard
  // output.
  const codes = inspect.colors[style];
  if (codes === undefined || !usesColor(stream)) return text;
  return `\u001b[${codes[0]}m${text}\u001b[${codes[1]}m`;
}
