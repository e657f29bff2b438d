import { describeIssue, type SchemaIssue } from "./describe-issue.ts";

/**
 * Part of a zod schema that {@link parseRecord} uses; `core` itself depends on no schema library.
 */
export interface RecordSchema<T> {
  readonly safeParse: (
    value: unknown,
  ) =>
    | { readonly success: true; readonly data: T }
    | { readonly success: false; readonly error: { readonly issues: readonly SchemaIssue[] } };
}

/**
 * Checks a record against a schema and fills in its defaults.
 *
 * @param where - Name of the calling function, for messages.
 * @param name - Name of the record, for messages.
 * @throws `TypeError` for an unknown key or a value of another type, `RangeError` for a value out
 *   of range. One line: `compileAlgorithm: algorithm.surrogate.clipLow must be <= 1, got 3`.
 */
export function parseRecord<T>(
  where: string,
  name: string,
  schema: RecordSchema<T>,
  value: unknown,
): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const message = `${where}: ${describeIssue(issue ?? { message: "be valid" }, name, schema, value)}`;
  const isOfKind = issue?.code === "unrecognized_keys" || issue?.code === "invalid_type";
  throw isOfKind ? new TypeError(message) : new RangeError(message);
}
