import type * as z from "zod";

/**
 * Describes a setting by its effect (a phrase without a full stop) and unit, for `config explain`,
 * the JSON Schema and error messages.
 */
export function setting<T extends z.ZodType>(schema: T, effect: string, unit?: string): T {
  return schema.meta({ description: effect, ...(unit !== undefined && { unit }) });
}
