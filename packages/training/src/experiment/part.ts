/** Options of a part as plain data, for configuration files. */
export type PartOptions = Readonly<Record<string, unknown>>;

/** Schema that checks options and fills in defaults; every zod schema can be used. */
export interface OptionsSchema {
  safeParse(value: unknown):
    | { readonly success: true; readonly data: unknown }
    | {
        readonly success: false;
        readonly error: {
          readonly issues: readonly {
            readonly path: readonly PropertyKey[];
            readonly message: string;
          }[];
        };
      };
}

/**
 * A custom component that replaces a built-in one in an experiment: a task source, a policy, an
 * advantage estimator, an objective, a rollout correction or a modulator.
 *
 * A run folder stores the component's name and options; `--set` and configuration files can change
 * the options.
 *
 * @example
 * definePart({
 *   name: "my-modulator",
 *   options: { strength: 1 },
 *   create: ({ strength }) => ({ name: "my-modulator", modulate: (batch) => ... }),
 * });
 */
export interface Part<T, Context = unknown> {
  /** Name of the component in run folders and messages. */
  readonly name: string;
  /** All options with their defaults. */
  readonly options: PartOptions;
  /** Checks options. Default: an option must have the type of its default. */
  readonly schema?: OptionsSchema;
  /**
   * Creates the component.
   * @param context - Values of the run that are available to components of this kind.
   */
  create(options: PartOptions, context: Context): T | Promise<T>;
}

/** A component, or a {@link Part} that creates it. */
export type PartLike<T, Context = unknown> = Part<T, Context> | (T & { readonly name: string });

/**
 * Defines a part; infers its type from the options.
 * @throws `TypeError` if the name is empty or the options are not plain data.
 */
export function definePart<T, Options extends PartOptions, Context = unknown>(part: {
  readonly name: string;
  readonly options: Options;
  readonly schema?: OptionsSchema;
  readonly create: (options: Options, context: Context) => T | Promise<T>;
}): Part<T, Context> {
  if (part.name === "") throw new TypeError("definePart: name must not be empty");
  try {
    structuredClone(part.options);
  } catch (cause) {
    throw new TypeError(`definePart: options of ${part.name} must be plain data`, { cause });
  }
  return {
    name: part.name,
    options: part.options,
    ...(part.schema && { schema: part.schema }),
    create: (options, context) => part.create(options as Options, context),
  };
}

/** Converts a part or a bare component to a part; `undefined` for plain data. */
export function toPart<T, Context>(value: unknown): Part<T, Context> | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { name, create, options } = value as Record<string, unknown>;
  if (typeof create === "function" && typeof options === "object") {
    return value as Part<T, Context>;
  }
  if (!hasFunction(value)) return undefined;
  if (typeof name !== "string" || name === "") {
    throw new TypeError("experiment: a component must have a name, got none");
  }
  return { name, options: {}, create: () => value as T };
}

/** True if an own or inherited property is a function. */
function hasFunction(value: object): boolean {
  for (let level: object | null = value; level && level !== Object.prototype;) {
    for (const key of Object.getOwnPropertyNames(level)) {
      if (key === "constructor") continue;
      const property = Object.getOwnPropertyDescriptor(level, key)!;
      if ("value" in property && typeof property.value === "function") return true;
    }
    level = Object.getPrototypeOf(level) as object | null;
  }
  return false;
}

/**
 * Merges options into the defaults of a part, and checks the result.
 * @param source - Path of the options, for messages: `config.json: modulation.options`.
 * @throws `RangeError` naming the first option that is unknown or has the wrong type.
 */
export function checkOptions(part: Part<unknown>, given: PartOptions, source: string): PartOptions {
  const options = { ...part.options, ...given };
  if (part.schema !== undefined) {
    const result = part.schema.safeParse(options);
    if (result.success) return result.data as PartOptions;
    const { path, message } = result.error.issues[0]!;
    throw new RangeError(`${[source, ...path.map(String)].join(".")} must be valid: ${message}`);
  }
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(part.options, name)) {
      const known = Object.keys(part.options).join(", ") || "none";
      throw new RangeError(
        `${source}.${name} must be an option of ${part.name} (${known}), got ${JSON.stringify(value)}`,
      );
    }
    const wanted = describeKind(part.options[name]);
    if (wanted !== "null" && describeKind(value) !== wanted) {
      throw new RangeError(
        `${source}.${name} must be a ${wanted} as in ${part.name}, got ${JSON.stringify(value)}`,
      );
    }
  }
  return options;
}

function describeKind(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "list" : typeof value;
}
