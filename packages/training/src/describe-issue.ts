import { z } from "zod";
import { isSettings } from "./merge-settings.ts";
import { didYouMean, findSimilar } from "./suggest.ts";

/**
 * Describes an issue that a schema found in a value, in one line.
 * @param source - Where the value comes from: a file's name, an option.
 */
export function describeIssue(
  schema: z.ZodType,
  source: string,
  issue: z.core.$ZodIssue,
  value: unknown,
): string {
  const field = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0]!;
    const known = knownKeys(schema, issue.path, value);
    const names = known === undefined ? "" : `; known keys: ${known.join(", ")}`;
    const path = [field, key].filter(Boolean).join(".");
    return `${source}: ${path} must be a known key${suggestKey(schema, field, key, known ?? [])}${names}`;
  }
  const rule = issue.message
    .replace(/^Invalid input: /u, "")
    .replace(/^Invalid [a-z ]+[:.] (.)/u, (_, first: string) => first.toLowerCase())
    .replace(/, received .*$/u, "");
  const got = valueAt(value, issue.path);
  const quoted = [...rule.matchAll(/["']([^"']+)["']/gu)].map(([, choice]) => choice!);
  const hint = typeof got === "string" ? didYouMean(got, quoted) : "";
  return `${source}: ${field || "config"} must be valid: ${rule}, got ${JSON.stringify(got)}${hint}`;
}

/** A key of the same object that is similar, or the same key or a similar one elsewhere. */
function suggestKey(
  schema: z.ZodType,
  field: string,
  key: string,
  known: readonly string[],
): string {
  const near = findSimilar(key, known);
  if (near !== undefined) return ` (did you mean ${[field, near].filter(Boolean).join(".")}?)`;
  const paths = [...listPaths(schema)];
  const lastName = (path: string): string => path.slice(path.lastIndexOf(".") + 1);
  const names = paths.map(lastName);
  const wanted = names.includes(key) ? key : findSimilar(key, names);
  const places = paths.filter((path) => lastName(path) === wanted).slice(0, 3);
  return places.length === 0 ? "" : ` (did you mean ${places.join(" or ")}?)`;
}

/** Paths of all settings that a schema knows, those of lists aside. */
function* listPaths(schema: unknown, prefix = ""): Generator<string> {
  const seen = new Set<string>();
  const inner = unwrap(schema);
  const objects = inner instanceof z.ZodDiscriminatedUnion ? inner.options : [inner];
  for (const object of objects) {
    if (!(object instanceof z.ZodObject)) continue;
    for (const [key, part] of Object.entries(object.shape)) {
      for (const path of [`${prefix}${key}`, ...listPaths(part, `${prefix}${key}.`)]) {
        if (!seen.has(path)) yield path;
        seen.add(path);
      }
    }
  }
}

/** A schema without its default, and without null. */
function unwrap(schema: unknown): unknown {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodNullable
    ? unwrap(schema.unwrap())
    : schema;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let inner = value;
  for (const key of path) {
    inner = Array.isArray(inner)
      ? (inner[Number(key)] as unknown)
      : isSettings(inner)
        ? inner[String(key)]
        : undefined;
  }
  return inner;
}

/** The keys that are allowed at a path of a value. */
function knownKeys(
  root: z.ZodType,
  path: readonly PropertyKey[],
  value: unknown,
): string[] | undefined {
  let schema: unknown = root;
  for (const [depth, key] of path.entries()) {
    if (schema instanceof z.ZodArray) schema = unwrap(schema.element);
    else if (schema instanceof z.ZodObject) schema = unwrap(schema.shape[String(key)]);
    if (schema instanceof z.ZodDiscriminatedUnion) {
      const { discriminator } = schema.def;
      const kind = valueAt(value, [...path.slice(0, depth + 1), discriminator]);
      schema = schema.options.find(
        (option) =>
          option instanceof z.ZodObject &&
          z.object({ kind: option.shape[discriminator] as z.ZodType }).safeParse({ kind }).success,
      );
    }
  }
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : undefined;
}
