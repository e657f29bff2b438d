import { comparePythonTexts, pythonFloat, pythonRepr } from "../../python/python-text.ts";

/** A float, which Python prints with a point even where it is whole. */
export interface PythonFloat {
  readonly float: number;
}

/** What {@link pythonPretty} prints: texts, integers, floats, truth values, lists and dicts. */
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

function sorted(
  dict: ReadonlyMap<string, PythonValue>,
): readonly (readonly [string, PythonValue])[] {
  return [...dict].sort(([a], [b]) => comparePythonTexts(a, b));
}

/** `repr(value)`, dicts in the order of their keys. */
function oneLine(value: PythonValue): string {
  if (typeof value === "string") return pythonRepr(value);
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "True" : "False";
  if (isList(value)) return `[${value.map(oneLine).join(", ")}]`;
  if (isDict(value)) {
    const entries = sorted(value).map(([key, entry]) => `${pythonRepr(key)}: ${oneLine(entry)}`);
    return `{${entries.join(", ")}}`;
  }
  return pythonFloat(value.float);
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}

/** A text over several lines, broken at blanks. */
function brokenText(text: string, indent: number, allowance: number): string {
  const parts = text.match(/\S+\s*|\s+/gu) ?? [];
  const chunks: string[] = [];
  let current = "";
  parts.forEach((part, i) => {
    const room = width - indent - (i === parts.length - 1 ? allowance : 0);
    if (lengthOf(pythonRepr(current + part)) > room) {
      if (current !== "") chunks.push(pythonRepr(current));
      current = part;
    } else current += part;
  });
  if (current !== "") chunks.push(pythonRepr(current));
  return chunks.join(`\n${" ".repeat(indent)}`);
}

/**
 * A value as Python's `pprint.pformat` writes it: 80 columns, dicts in the order of their keys.
 * Texts with line breaks are broken at blanks only.
 */
export function pythonPretty(value: PythonValue, indent = 0, allowance = 0): string {
  const line = oneLine(value);
  if (lengthOf(line) <= width - indent - allowance) return line;
  if (typeof value === "string") return brokenText(value, indent, allowance);
  const inner = indent + 1;
  const separator = `,\n${" ".repeat(inner)}`;
  if (isList(value)) {
    const last = value.length - 1;
    const items = value.map((item, i) => pythonPretty(item, inner, i === last ? allowance + 1 : 1));
    return `[${items.join(separator)}]`;
  }
  if (!isDict(value)) return line;
  const entries = sorted(value);
  const items = entries.map(([key, entry], i) => {
    const name = pythonRepr(key);
    const room = i === entries.length - 1 ? allowance + 1 : 1;
    return `${name}: ${pythonPretty(entry, inner + lengthOf(name) + 2, room)}`;
  });
  return `{${items.join(separator)}}`;
}
