import { definition, isPlain, listKinds, pickOption, getValueAt } from "./schema-parts.ts";

/** One violation of a schema, as zod and other Standard-Schema libraries report it. */
export interface SchemaIssue {
  readonly code?: string | undefined;
  readonly path?: readonly PropertyKey[] | undefined;
  readonly message: string;
}

/** Wrong word in a record: an unknown key, or a value that is not one of the choices. */
export interface Mistake {
  /** Path of the field, or of the unknown key. */
  readonly path: readonly string[];
  readonly got: string;
  /** Known keys, or allowed values. */
  readonly choices: readonly string[];
  readonly isKey: boolean;
}

/**
 * Formats a violation of a schema as one line: field, rule, value, and the known keys or choices.
 * @param name - Name of the record, prefixed to the field's path; may be empty.
 * @param hint - Returns text to append to the violated rule, such as ` (did you mean clipLow?)`.
 *   Default: none.
 */
export function describeIssue(
  issue: SchemaIssue,
  name: string,
  schema: unknown,
  value: unknown,
  hint: (mistake: Mistake) => string = () => "",
): string {
  const path = issue.path ?? [];
  const names = path.map(String);
  const fieldOf = (parts: readonly string[]): string =>
    [name, ...parts].filter((part) => part !== "").join(".");
  const found = getValueAt(value, path);
  const unknownKeys = detail(issue, "keys");
  if (issue.code === "unrecognized_keys" && Array.isArray(unknownKeys)) {
    const choices = listKnownKeys(schema, path, value);
    const key = String(unknownKeys[0]);
    const wrong = { path: [...names, key], got: key, choices, isKey: true };
    const kind =
      isPlain(found) && typeof found["kind"] === "string" ? ` of kind ${found["kind"]}` : "";
    const known = choices.length === 0 ? "there are none" : `known keys: ${choices.join(", ")}`;
    return `${fieldOf(wrong.path)} must be a known key${kind}${hint(wrong)}; ${known}`;
  }
  const { text, choices = [] } = rule(issue, schema, path, value);
  const got = found === undefined ? "none" : JSON.stringify(found);
  const remedy =
    typeof found === "string" ? hint({ path: names, got: found, choices, isKey: false }) : "";
  return `${fieldOf(names)} must ${text}, got ${got}${remedy}`;
}

/** Violated rule as the end of a sentence "must ...", including the allowed values. */
function rule(
  issue: SchemaIssue,
  schema: unknown,
  path: readonly PropertyKey[],
  value: unknown,
): { readonly text: string; readonly choices?: readonly string[] } {
  const { code, message } = issue;
  if (code === "too_small" || code === "too_big") {
    const isLength = ["string", "array"].includes(String(detail(issue, "origin")));
    const sign = code === "too_small" ? ">" : "<";
    const bound = detail(issue, code === "too_small" ? "minimum" : "maximum");
    const equal = detail(issue, "inclusive") === false ? "" : "=";
    return { text: `${isLength ? "have a length" : "be"} ${sign}${equal} ${String(bound)}` };
  }
  if (code === "invalid_type") return { text: `be of type ${String(detail(issue, "expected"))}` };
  const discriminator = detail(issue, "discriminator");
  const values = detail(issue, "values");
  const choices: readonly unknown[] =
    code === "invalid_value" && Array.isArray(values)
      ? values
      : code === "invalid_union" && typeof discriminator === "string"
        ? listKinds(findSchema(schema, path.slice(0, -1), value), discriminator)
        : [];
  if (choices.length === 0) return { text: `be valid: ${message}` };
  return {
    text: `be ${choices.map((choice) => JSON.stringify(choice)).join(" or ")}`,
    choices: choices.map(String),
  };
}

/** Value of an optional property of an issue. */
function detail(issue: SchemaIssue, key: string): unknown {
  return Reflect.get(issue, key) as unknown;
}

/** Schema of the field at a path. In a union, the option that the value's discriminator selects. */
function findSchema(schema: unknown, path: readonly PropertyKey[], value: unknown): unknown {
  let current = pickOption(schema, value);
  for (const [depth, key] of path.entries()) {
    const def = definition(current);
    if (def === undefined) return undefined;
    const shape = def["shape"];
    const next = isPlain(shape) ? shape[String(key)] : def["element"];
    current = pickOption(next, getValueAt(value, path.slice(0, depth + 1)));
  }
  return current;
}

/** Lists the keys that a record may have at a path, except `kind`. */
function listKnownKeys(schema: unknown, path: readonly PropertyKey[], value: unknown): string[] {
  const shape = definition(findSchema(schema, path, value))?.["shape"];
  return isPlain(shape) ? Object.keys(shape).filter((key) => key !== "kind") : [];
}
