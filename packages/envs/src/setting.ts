import type * as z from "zod";

/**
 * Describes a setting: one sentence on its effect, without a full stop, and its unit. `config explain`,
 * the JSON Schema and error messages read it from here.
 */
export function setting<T extends z.ZodType>(schema: T, effect: string, unit?: string): T {
  return schema.meta({ description: effect, ...(unit !== undefined && { unit }) });
}
