import type { Resolved } from "@turnwise/core";
// Import the namespace, not the object `z`: bundlers then drop three quarters of zod.
import * as z from "zod";
import { actionModulator, type ActionOptions } from "./action-modulator.ts";
import { criticalModulator, type CriticalOptions } from "./critical-modulator.ts";
import { empgModulator, type EmpgOptions } from "./empg-modulator.ts";
import { entropyModulator, type EntropyModulatorOptions } from "./entropy-modulator.ts";
import { identityModulator, type Modulator } from "./modulator.ts";
import { randomModulator, type RandomModulatorOptions } from "./random-modulator.ts";
import { shapingModulator, type ShapingOptions } from "./shaping-modulator.ts";

/**
 * Modulator as plain data, which `compileModulator` turns into a {@link Modulator}. Every field is
 * described in {@link modulatorSchema}.
 */
export type ModulatorRecord =
  /** Leaves advantages unchanged. */
  | { readonly kind: "none" }
  /** See `entropyModulator`. */
  | ({ readonly kind: "aem" } & EntropyModulatorOptions)
  /** See `empgModulator`. */
  | ({ readonly kind: "empg" } & EmpgOptions)
  /** See `shapingModulator`. */
  | ({ readonly kind: "gtpo" } & ShapingOptions)
  /** See `criticalModulator`. */
  | ({ readonly kind: "carl" } & CriticalOptions)
  /** See `actionModulator`. */
  | ({ readonly kind: "act-focus" } & ActionOptions)
  /** See `randomModulator`. */
  | ({ readonly kind: "random" } & RandomModulatorOptions);

/** {@link ModulatorRecord} with every default filled in. */
export type ResolvedModulator = Resolved<ModulatorRecord>;

const nonNegative = z.number().min(0);
const share = z.number().min(0).max(1);

const strength = nonNegative.default(1).meta({
  description: "Strength of the modulation (lambda); at 0 every coefficient is 1",
});
const minEntropyRange = nonNegative.default(0.1).meta({
  description: "Dead zone: scopes with a smaller range of entropies are not modulated",
  unit: "nats per token",
});
const scope = z.enum(["group", "trajectory", "turn", "batch"]).default("group").meta({
  description:
    "Responses that a response is compared with: its prompt group, its trajectory, the same turn of its group, or all",
});
const calibration = z.enum(["none", "mean-one"]).default("none").meta({
  description: "Scale weights to mean 1 over the group",
});

const schema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({
    kind: z.literal("aem"),
    strength,
    minEntropyRange,
    scope,
    direction: z.enum(["certain", "uncertain"]).default("certain").meta({
      description: "Responses that count more; uncertain is the reversed ablation",
    }),
    normalization: z.enum(["min-max", "none"]).default("min-max").meta({
      description: "Scale entropies to [0, 1] over their scope, or leave them in nats",
    }),
    reduction: z.enum(["mean", "sum"]).default("mean").meta({
      description: "Entropy of a response: the mean over its tokens, or their sum",
    }),
    unit: z.enum(["response", "token"]).default("response").meta({
      description: "One coefficient per response, or per token",
    }),
    shuffle: z.boolean().default(false).meta({
      description:
        "Permute the coefficients of each scope at random, differently in each iteration",
    }),
  }),
  z.strictObject({
    kind: z.literal("empg"),
    strength: nonNegative.default(1).meta({
      description: "Strength of a response's own entropy (k)",
    }),
    futureStrength: nonNegative.default(1).meta({
      description: "Strength of the next turn's entropy (k')",
    }),
    futureBonus: nonNegative.default(0.05).meta({
      description: "Bonus for leading to a turn with low entropy (zeta)",
    }),
    mean: z.enum(["remove", "keep"]).default("remove").meta({
      description: "Remove the batch mean of the modulated advantages, or keep it",
    }),
  }),
  z.strictObject({
    kind: z.literal("gtpo"),
    unit: z.enum(["token", "response"]).default("token").meta({
      description: "One coefficient per token (GTPO), or per response (GRPO-S)",
    }),
    strength: z.number().positive().default(1).meta({
      description: "Weight of the entropy relative to the plain advantage",
    }),
    scope,
    failures: z.enum(["same", "mirrored"]).default("same").meta({
      description:
        "Responses with a negative advantage that count more: uncertain or confident ones",
    }),
  }),
  z.strictObject({
    kind: z.literal("carl"),
    criticalShare: z.number().gt(0).lt(1).default(0.5).meta({
      description: "Share of the responses of a scope to train on, the most uncertain",
    }),
    scope,
    calibration,
  }),
  z.strictObject({
    kind: z.literal("act-focus"),
    reasoningWeight: share.default(0.1).meta({
      description: "Weight of tokens outside the action and the end of a response",
    }),
    uncertaintyStrength: share.default(0.5).meta({
      description: "Strength of the shift of weight to action tokens of larger entropy",
    }),
    calibration,
  }),
  z.strictObject({ kind: z.literal("random"), strength, minEntropyRange, scope }),
]);

/**
 * Machine-readable description of {@link ModulatorRecord}: types, ranges, defaults, and for each
 * field a description and a unit (`schema.meta()`). Parsing checks the fields one by one and fills
 * in defaults.
 */
export const modulatorSchema: z.ZodType<ResolvedModulator> = schema;

/** Compile-time check in both directions: this function, and the type annotation above. */
const checkType = (record: ResolvedModulator): z.output<typeof schema> => record;
void checkType;

/** All kinds of modulators. */
export const modulatorKinds: readonly ModulatorRecord["kind"][] = schema.options.map(
  ({ shape }) => shape.kind.value,
);

/** Creates the modulator of a checked record. */
export function makeModulator(resolved: ResolvedModulator): Modulator {
  switch (resolved.kind) {
    case "none":
      return identityModulator;
    case "aem":
      return entropyModulator(resolved);
    case "empg":
      return empgModulator(resolved);
    case "gtpo":
      return shapingModulator(resolved);
    case "carl":
      return criticalModulator(resolved);
    case "act-focus":
      return actionModulator(resolved);
    case "random":
  }
  return randomModulator(resolved);
}
