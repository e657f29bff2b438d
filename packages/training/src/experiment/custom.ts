import { setting } from "@turnwise/envs";
import { z } from "zod";

/**
 * Settings of a component that the experiment's module provides: its name and options. See {@link
 * Part}.
 */
export interface CustomSettings {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * Creates the schema of a custom component, as an option of a union with the given discriminator.
 */
export function createCustomSchema<K extends string>(
  discriminator: K,
): z.ZodObject<
  Record<K, z.ZodLiteral<"custom">> & {
    readonly name: z.ZodString;
    readonly options: z.ZodDefault<z.ZodRecord<z.ZodString, z.ZodUnknown>>;
  }
> {
  return z.strictObject({
    [discriminator]: z.literal("custom"),
    name: setting(z.string().min(1), "Name of a component of the experiment's module"),
    options: setting(
      z.record(z.string(), z.unknown()),
      "Options that the component declares",
    ).default({}),
  }) as never;
}

/** Lists the options of a union; nested unions are flattened. */
function listOptions(schema: z.core.$ZodType): z.core.$ZodTypeDiscriminable[] {
  const inner = schema instanceof z.ZodReadonly ? schema.def.innerType : schema;
  if (inner instanceof z.ZodDiscriminatedUnion) return inner.options.flatMap(listOptions);
  return [inner as z.core.$ZodTypeDiscriminable];
}

/** Adds a custom component to a union of records. */
export function allowCustom<T>(
  schema: z.ZodType<T>,
): z.ZodType<T | ({ readonly kind: "custom" } & CustomSettings)> {
  const options = [...listOptions(schema), createCustomSchema("kind")];
  const union = z.discriminatedUnion("kind", options as never) as unknown as z.ZodType<
    T | ({ readonly kind: "custom" } & CustomSettings)
  >;
  const meta = schema.meta();
  return meta === undefined ? union : union.meta(meta);
}
