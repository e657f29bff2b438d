import { describeIssue as describeViolation } from "@turnwise/core";
import { z } from "zod";
import { isSettings } from "./merge-settings.ts";
import { pickOption, unwrapSchema } from "./schema-parts.ts";
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
  const violation = describeViolation(issue, field === "" ? "config" : "", schema, value);
  const got = valueAt(value, issue.path);
  const choices = [...violation.matchAll(/"([^"]+)"/gu)].map(([, choice]) => choice!);
  const hint = typeof got === "string" ? didYouMean(got, choices) : "";
  return `${source}: ${violation}${hint}`;
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
function* listPaths(schema: z.core.$ZodType, prefix = ""): Generator<string> {
  const seen = new Set<string>();
  const inner = unwrapSchema(schema).schema;
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
  let schema: z.core.$ZodType = root;
  for (const [depth, key] of path.entries()) {
    if (schema instanceof z.ZodArray) schema = schema.element;
    else if (schema instanceof z.ZodObject) schema = schema.shape[String(key)];
    schema = pickOption(unwrapSchema(schema).schema, valueAt(value, path.slice(0, depth + 1)));
  }
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : undefined;
}
