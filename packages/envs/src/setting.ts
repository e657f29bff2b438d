import type * as z from "zod";

/**
 * Describes a setting: a phrase without a full stop, and its unit. `config explain`, the JSON
 * Schema and error messages use it.
 */
export function setting<T extends z.ZodType>(schema: T, effect: string, unit?: string): T {
  return schema.meta({ description: effect, ...(unit !== undefined && { unit }) });
}
