import { comparePythonTexts, pythonFloat, pythonRepr } from "../../python/python-text.ts";

/** A float, which Python prints with a decimal point even if it is integral. */
export interface PythonFloat {
  readonly float: number;
}

/**
 * Values that {@link pythonPretty} prints: strings, integers, floats, booleans, lists and dicts.
 */
export type PythonValue =
  | string
  | number
  | boolean
  | PythonFloat
  | readonly PythonValue[]
  | ReadonlyMap<string, PythonValue>;

const width = 80;

function isList(value: PythonValue): value is readonly PythonValue[] {
  return Array.isArray(value);
}

function isDict(value: PythonValue): value is ReadonlyMap<string, PythonValue> {
  return value instanceof Map;
}

function sortEntries(
  dict: ReadonlyMap<string, PythonValue>,
): readonly (readonly [string, PythonValue])[] {
  return [...dict].sort(([a], [b]) => comparePythonTexts(a, b));
}

/** `repr(value)`, with dict keys in order. */
function oneLine(value: PythonValue): string {
  if (typeof value === "string") return pythonRepr(value);
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "True" : "False";
  if (isList(value)) return `[${value.map(oneLine).join(", ")}]`;
  if (isDict(value)) {
    const entries = sortEntries(value).map(
      ([key, entry]) => `${pythonRepr(key)}: ${oneLine(entry)}`,
    );
    return `{${entries.join(", ")}}`;
  }
  return pythonFloat(value.float);
}

function countCodePoints(text: string): number {
  return Array.from(text).length;
}

/** Splits a string over several lines, at spaces. */
function breakText(text: string, indent: number, allowance: number): string {
  const parts = text.match(/\S+\s*|\s+/gu) ?? [];
  const chunks: string[] = [];
  let current = "";
  parts.forEach((part, i) => {
    const room = width - indent - (i === parts.length - 1 ? allowance : 0);
    if (countCodePoints(pythonRepr(current + part)) > room) {
      if (current !== "") chunks.push(pythonRepr(current));
      current = part;
    } else current += part;
  });
  if (current !== "") chunks.push(pythonRepr(current));
  return chunks.join(`\n${" ".repeat(indent)}`);
}

/**
 * Formats a value like Python's `pprint.pformat`: 80 columns, dicts sorted by key. Strings are
 * split only at spaces, even if they contain line breaks.
 */
export function pythonPretty(value: PythonValue, indent = 0, allowance = 0): string {
  const line = oneLine(value);
  if (countCodePoints(line) <= width - indent - allowance) return line;
  if (typeof value === "string") return breakText(value, indent, allowance);
  const inner = indent + 1;
  const separator = `,\n${" ".repeat(inner)}`;
  if (isList(value)) {
    const last = value.length - 1;
    const items = value.map((item, i) => pythonPretty(item, inner, i === last ? allowance + 1 : 1));
    return `[${items.join(separator)}]`;
  }
  if (!isDict(value)) return line;
  const entries = sortEntries(value);
  const items = entries.map(([key, entry], i) => {
    const name = pythonRepr(key);
    const room = i === entries.length - 1 ? allowance + 1 : 1;
    return `${name}: ${pythonPretty(entry, inner + countCodePoints(name) + 2, room)}`;
  });
  return `{${items.join(separator)}}`;
}
