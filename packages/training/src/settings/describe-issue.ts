import { describeIssue as describeViolation, type Mistake } from "@turnwise/core";
import { z } from "zod";
import { unwrapSchema } from "./schema-parts.ts";
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
  const isWhole = issue.path.length === 0 && issue.code !== "unrecognized_keys";
  const suggest = (mistake: Mistake): string =>
    mistake.isKey ? suggestKey(schema, mistake) : didYouMean(mistake.got, mistake.choices);
  return `${source}: ${describeViolation(issue, isWhole ? "config" : "", schema, value, suggest)}`;
}

/** A key of the same object that is similar, or the same key or a similar one elsewhere. */
function suggestKey(schema: z.ZodType, { path, got: key, choices }: Mistake): string {
  const near = findSimilar(key, choices);
  if (near !== undefined) return ` (did you mean ${[...path.slice(0, -1), near].join(".")}?)`;
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
