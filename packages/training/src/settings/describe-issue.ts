import { describeIssue as describeViolation, type Mistake } from "@turnwise/core";
import { z } from "zod";
import { unwrapSchema } from "./schema-parts.ts";
import { didYouMean, findSimilar } from "./suggest.ts";

/**
 * Describes an issue that a schema found in a value, in one line.
 * @param source - Source of the value: a file name or an option.
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

/**
 * Suggests a similar key of the same object, the kinds of object that have the key, or similar
 * settings elsewhere.
 */
function suggestKey(schema: z.ZodType, { path, got: key, choices }: Mistake): string {
  const near = findSimilar(key, choices);
  if (near !== undefined) return ` (did you mean ${[...path.slice(0, -1), near].join(".")}?)`;
  const known = [...listSettings(schema)];
  const owners = known.filter((one) => one.path === path.join(".")).map(({ owner }) => owner);
  if (owners.length > 0) return ` (a setting of ${owners.join(", ")})`;
  const lastName = ({ path: whole }: KnownSetting): string =>
    whole.slice(whole.lastIndexOf(".") + 1);
  const names = known.map(lastName);
  const wanted = names.includes(key) ? key : findSimilar(key, names);
  const paths = known.filter((one) => lastName(one) === wanted).map((one) => one.path);
  const candidates = [...new Set(paths)].slice(0, 3);
  return candidates.length === 0 ? "" : ` (did you mean ${candidates.join(" or ")}?)`;
}

/** A setting of a schema. */
interface KnownSetting {
  readonly path: string;
  /** Kind of the object that has the setting, such as `kind aem`, if there are several kinds. */
  readonly owner?: string;
}

/** Lists all settings of a schema, except those inside lists. */
function* listSettings(schema: z.core.$ZodType, prefix = ""): Generator<KnownSetting> {
  const inner = unwrapSchema(schema).schema;
  const isUnion = inner instanceof z.ZodDiscriminatedUnion;
  for (const object of isUnion ? inner.options : [inner]) {
    if (!(object instanceof z.ZodObject)) continue;
    const discriminator = isUnion ? inner.def.discriminator : "";
    const literal = object.shape[discriminator];
    const owner =
      literal instanceof z.ZodLiteral ? { owner: `${discriminator} ${String(literal.value)}` } : {};
    for (const [key, part] of Object.entries(object.shape)) {
      yield { path: `${prefix}${key}`, ...owner };
      yield* listSettings(part, `${prefix}${key}.`);
    }
  }
}
