// The namespace, not the object `z`: bundlers then leave out three quarters of zod.
import * as z from "zod";

/**
 * A component of an algorithm that its user supplies, named in the record and given to
 * `compileAlgorithm` as one of {@link AlgorithmParts}.
 */
export interface CustomChoice {
  readonly kind: "custom";
  readonly name: string;
  /** Options of the component, plain data; read by whoever makes the component. */
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
