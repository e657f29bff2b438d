import { z } from "zod";

type Schema = z.core.$ZodType;

/** Schema without wrappers, and the metadata of the wrappers. */
export interface Unwrapped {
  readonly schema: Schema;
  readonly description?: string;
  readonly unit?: string;
  readonly default?: unknown;
  readonly isNullable: boolean;
}

/**
 * Removes default, nullable, optional and read-only wrappers. The outermost metadata takes
 * precedence.
 */
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
