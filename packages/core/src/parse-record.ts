/** One violation of a schema, as zod and other Standard-Schema libraries report it. */
interface SchemaIssue {
  readonly code?: string | undefined;
  readonly path?: readonly PropertyKey[] | undefined;
  readonly message: string;
}

/** The part of a zod schema that {@link parseRecord} uses; `core` itself depends on no schema library. */
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
 * @param where - Name of the function that was called, for the message.
 * @param name - Name of the record, for the message.
 * @throws `TypeError` for an unknown key or a value of another type, `RangeError` for a value out of
 *   range. One line: `compileAlgorithm: algorithm.surrogate.clipLow must be <= 1, got 3`.
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

/**
 * A violation of a schema as one line: field, rule, value, and the known keys or choices.
 * @param name - Name of the whole record, the beginning of the field's path.
 */
export function describeIssue(
  issue: SchemaIssue,
  name: string,
  schema: unknown,
  value: unknown,
): string {
  const path = issue.path ?? [];
  const field = [name, ...path.map(String)].filter((part) => part !== "").join(".");
  const found = valueAt(value, path);
  const unknownKeys = detail(issue, "keys");
  if (issue.code === "unrecognized_keys" && Array.isArray(unknownKeys)) {
    const known = knownKeys(schema, path, value);
    const kind =
      isPlain(found) && typeof found["kind"] === "string" ? ` of kind ${found["kind"]}` : "";
    const names = known.length === 0 ? "it has no settings" : `known keys: ${known.join(", ")}`;
    return `${field}.${String(unknownKeys[0])} must be a setting${kind}, got an unknown key; ${names}`;
  }
  const got = found === undefined ? "none" : JSON.stringify(found);
  return `${field} must ${rule(issue, schema, path, value)}, got ${got}`;
}

/** The rule that an issue broke, as the end of "must ...". */
function rule(
  issue: SchemaIssue,
  schema: unknown,
  path: readonly PropertyKey[],
  value: unknown,
): string {
  const { code, message } = issue;
  if (code === "too_small") {
    return `be ${detail(issue, "inclusive") === false ? ">" : ">="} ${String(detail(issue, "minimum"))}`;
  }
  if (code === "too_big") {
    return `be ${detail(issue, "inclusive") === false ? "<" : "<="} ${String(detail(issue, "maximum"))}`;
  }
  if (code === "invalid_type") return `be of type ${String(detail(issue, "expected"))}`;
  const choices = detail(issue, "values");
  if (code === "invalid_value" && Array.isArray(choices)) {
    return `be ${choices.map((choice) => JSON.stringify(choice)).join(" or ")}`;
  }
  const discriminator = detail(issue, "discriminator");
  if (code === "invalid_union" && typeof discriminator === "string") {
    const kinds = unionChoices(schemaAt(schema, path.slice(0, -1), value), discriminator);
    if (kinds.length > 0) return `be ${kinds.join(" or ")}`;
  }
  return `be valid: ${message}`;
}

/** A property of an issue that only some codes have. */
function detail(issue: SchemaIssue, key: string): unknown {
  return Reflect.get(issue, key) as unknown;
}

type Plain = Readonly<Record<string, unknown>>;

function isPlain(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const key of path) {
    found =
      typeof found === "object" && found !== null
        ? (Reflect.get(found, key) as unknown)
        : undefined;
  }
  return found;
}

/** The definition of a zod schema, without the wrappers that only change optional values. */
function definition(schema: unknown): Plain | undefined {
  let current = schema;
  for (;;) {
    const def = isPlain(current) ? current["def"] : undefined;
    if (!isPlain(def)) return undefined;
    if (!("innerType" in def)) return def;
    current = def["innerType"];
  }
}

/** The schema of a field; of the options of a union, the one that the value's discriminator picks. */
function schemaAt(schema: unknown, path: readonly PropertyKey[], value: unknown): unknown {
  let current = pickOption(schema, value);
  for (const [depth, key] of path.entries()) {
    const def = definition(current);
    if (def === undefined) return undefined;
    const shape = def["shape"];
    const next = isPlain(shape) ? shape[String(key)] : def["element"];
    current = pickOption(next, valueAt(value, path.slice(0, depth + 1)));
  }
  return current;
}

function pickOption(schema: unknown, value: unknown): unknown {
  const def = definition(schema);
  const discriminator = def?.["discriminator"];
  if (typeof discriminator !== "string" || !Array.isArray(def?.["options"])) return schema;
  const wanted = isPlain(value) ? value[discriminator] : undefined;
  const options: readonly unknown[] = def["options"];
  return options.find((option) => literals(option, discriminator).includes(wanted)) ?? schema;
}

/** The values of a discriminator that an option of a union takes. */
function literals(option: unknown, discriminator: string): readonly unknown[] {
  const shape = definition(option)?.["shape"];
  const values = isPlain(shape) ? definition(shape[discriminator])?.["values"] : undefined;
  return Array.isArray(values) ? values : [];
}

function unionChoices(schema: unknown, discriminator: string): string[] {
  const options = definition(schema)?.["options"];
  if (!Array.isArray(options)) return [];
  return options.flatMap((option) =>
    literals(option, discriminator).map((choice) => JSON.stringify(choice)),
  );
}

/** The keys, apart from `kind`, that a record may have at a path. */
function knownKeys(schema: unknown, path: readonly PropertyKey[], value: unknown): string[] {
  const shape = definition(schemaAt(schema, path, value))?.["shape"];
  return isPlain(shape) ? Object.keys(shape).filter((key) => key !== "kind") : [];
}
