// Import the namespace, not the object `z`: bundlers then drop three quarters of zod.
import * as z from "zod";

/**
 * Custom component of an algorithm, named in the algorithm record; the component itself is passed
 * to `compileAlgorithm` in {@link AlgorithmParts}.
 */
export interface CustomChoice {
  readonly kind: "custom";
  readonly name: string;
  /** Options of the component as plain data; interpreted by the code that creates the component. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** Schema of {@link CustomChoice}. */
export const customChoiceSchema: z.ZodObject<
  {
    kind: z.ZodLiteral<"custom">;
    name: z.ZodString;
    options: z.ZodDefault<z.ZodRecord<z.ZodString, z.ZodUnknown>>;
  },
  z.core.$strict
> = z.strictObject({
  kind: z.literal("custom"),
  name: z.string().min(1).meta({ description: "Name of a component that the caller supplies" }),
  options: z
    .record(z.string(), z.unknown())
    .default({})
    .meta({ description: "Options that the component declares" }),
});
