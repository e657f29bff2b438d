import { z } from "zod";
import { isSettings } from "./merge-settings.ts";

type Schema = z.core.$ZodType;

/** A schema without the wrappers around it, and what they said. */
export interface Unwrapped {
  readonly schema: Schema;
  readonly description?: string;
  readonly unit?: string;
  readonly default?: unknown;
  readonly isNullable: boolean;
}

/** Takes defaults, null, optional and read-only off a schema, outermost first. */
export function unwrapSchema(schema: Schema): Unwrapped {
  let inner = schema;
  let isNullable = false;
  let description: string | undefined;
  let unit: string | undefined;
  let defaultValue: unknown;
  for (;;) {
    const meta = z.globalRegistry.get(inner) as
      | { readonly description?: string; readonly unit?: string }
      | undefined;
    description ??= meta?.description;
    unit ??= meta?.unit;
    if (inner instanceof z.ZodNullable) isNullable = true;
    else if (inner instanceof z.ZodDefault) defaultValue = inner.def.defaultValue;
    else if (!(inner instanceof z.ZodOptional || inner instanceof z.ZodReadonly)) break;
    inner = inner.def.innerType;
  }
  return {
    schema: inner,
    isNullable,
    ...(description !== undefined && { description }),
    ...(unit !== undefined && { unit }),
    ...(defaultValue !== undefined && { default: defaultValue }),
  };
}

/** The option of a union, nested or not, that a value belongs to; any other schema as it is. */
export function pickOption(schema: Schema, value: unknown): Schema {
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return schema;
  const option = findOption(schema, value);
  return option === undefined ? schema : pickOption(unwrapSchema(option).schema, value);
}

function findOption(schema: z.ZodDiscriminatedUnion, value: unknown): Schema | undefined {
  const { discriminator } = schema.def;
  const kind = isSettings(value) ? value[discriminator] : undefined;
  return schema.options.find((inner) => {
    if (inner instanceof z.ZodDiscriminatedUnion) return findOption(inner, value) !== undefined;
    const field = inner instanceof z.ZodObject ? inner.shape[discriminator] : undefined;
    return field instanceof z.ZodType && field.safeParse(kind).success;
  });
}
