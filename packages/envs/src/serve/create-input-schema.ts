import * as z from "zod";

/** JSON Schema, without its dialect, of the values that a schema accepts. */
export function createInputSchema(schema: z.ZodType): Readonly<Record<string, unknown>> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "input" });
  return rest;
}
