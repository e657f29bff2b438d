/** Object with unknown properties. */
export type Plain = Readonly<Record<string, unknown>>;

/** True for objects; false for lists, primitive values and null. */
export function isPlain(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Value at a path inside another value; `undefined` if there is none. */
export function getValueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const key of path) {
    found =
      typeof found === "object" && found !== null
        ? (Reflect.get(found, key) as unknown)
        : undefined;
  }
  return found;
}

/** Definition of a zod schema, without wrappers such as `optional` and `default`. */
export function definition(schema: unknown): Plain | undefined {
  let current = schema;
  for (;;) {
    const def = isPlain(current) ? current["def"] : undefined;
    if (!isPlain(def)) return undefined;
    if (!("innerType" in def)) return def;
    current = def["innerType"];
  }
}

/**
 * Selects the option of a discriminated union, nested or not, that matches a value; returns any
 * other schema unchanged. Reads the definition of a zod schema: `core` itself depends on no schema
 * library.
 */
export function pickOption<S>(schema: S, value: unknown): S {
  const def = definition(schema);
  const discriminator = def?.["discriminator"];
  if (typeof discriminator !== "string" || !Array.isArray(def?.["options"])) return schema;
  const kind = isPlain(value) ? value[discriminator] : undefined;
  const options: readonly S[] = def["options"];
  const option = options.find((one) => listKinds(one, discriminator).includes(kind));
  return option === undefined ? schema : pickOption(option, value);
}

/** Discriminator values that a schema allows, including those of nested unions. */
export function listKinds(schema: unknown, discriminator: string): readonly unknown[] {
  const def = definition(schema);
  const options = def?.["options"];
  if (Array.isArray(options)) return options.flatMap((option) => listKinds(option, discriminator));
  const shape = def?.["shape"];
  const values = isPlain(shape) ? definition(shape[discriminator])?.["values"] : undefined;
  return Array.isArray(values) ? values : [];
}
