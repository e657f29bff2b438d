import { isJsonObject, type JsonObject } from "../../files/json-file.ts";
import { warnOnce } from "./warn-once.ts";

/**
 * Scaling of the rotary frequencies `theta ** (-2i / headSize)`, for sequences longer than in
 * pretraining.
 *
 * - `linear` divides all frequencies by `factor`.
 * - `llama3` divides slow frequencies (fewer than `lowFrequencyFactor` turns within
 *   `originalMaxTokens`) by `factor`, keeps fast frequencies (more than `highFrequencyFactor` turns),
 *   and interpolates in between.
 * - `yarn` interpolates between `betaSlow` and `betaFast` turns, linearly in the index of the
 *   frequency, and multiplies queries and keys by `attentionFactor` (arXiv:2309.00071).
 */
export type RopeScaling =
  | { readonly kind: "none" }
  | { readonly kind: "linear"; readonly factor: number }
  | {
      readonly kind: "llama3";
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      /** Maximum sequence length of pretraining. */
      readonly originalMaxTokens: number;
    }
  | {
      readonly kind: "yarn";
      readonly factor: number;
      readonly betaFast: number;
      readonly betaSlow: number;
      readonly attentionFactor: number;
      /** Rounds the ends of the ramp outward to whole indices. */
      readonly truncate: boolean;
      /** Maximum sequence length of pretraining. */
      readonly originalMaxTokens: number;
    };

/** Fields that determine a model's rotary tables. */
export interface RopeShape {
  readonly headSize: number;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling;
}

/** Rotary fields of a `config.json`. */
export interface ReadRope {
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling;
}

const fieldsOfKind: Readonly<Record<RopeScaling["kind"], readonly string[]>> = {
  none: ["original_max_position_embeddings", "factor"],
  linear: ["factor", "original_max_position_embeddings"],
  llama3: ["factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"],
  yarn: [
    "factor",
    "attention_factor",
    "beta_fast",
    "beta_slow",
    "mscale",
    "mscale_all_dim",
    "truncate",
    "original_max_position_embeddings",
  ],
};

/** Fields of rotary kinds that transformers supports but this package does not. */
const computedElsewhere = new Set([
  "partial_rotary_factor",
  "mrope_section",
  "mrope_interleaved",
  "short_factor",
  "long_factor",
]);

/**
 * Reads the rotary fields of a `config.json`: `rope_theta` and `rope_scaling` (older files), or
 * `rope_parameters` with both (newer ones).
 *
 * Fields of other kinds are ignored with a warning, as in transformers.
 *
 * @param maxSequenceTokens - `max_position_embeddings`, the default of
 *   `original_max_position_embeddings`.
 * @throws `RangeError` naming source, field and value for kinds other than default, linear, llama3
 *   and yarn, for unsupported variants, and for numbers out of range.
 */
export function readRope(json: JsonObject, source: string, maxSequenceTokens: number): ReadRope {
  const place = isJsonObject(json["rope_parameters"]) ? "rope_parameters" : "rope_scaling";
  const given = json[place] ?? {};
  const fail = (field: string, rule: string, value: unknown): never => {
    throw new RangeError(`${source}: ${field} must ${rule}, got ${JSON.stringify(value)}`);
  };
  if (!isJsonObject(given)) return fail(place, "be an object", given);
  if (place === "rope_parameters" && isJsonObject(json["rope_scaling"])) {
    const [newer, older] = [kindName(given), kindName(json["rope_scaling"])];
    if (newer !== older) fail("rope_scaling", "agree with rope_parameters", json["rope_scaling"]);
  }
  const optional = (field: string): number | undefined => {
    const value = given[field] ?? undefined;
    if (value === undefined) return undefined;
    return typeof value === "number" && Number.isFinite(value) && value > 0
      ? value
      : fail(`${place}.${field}`, "be a number > 0", value);
  };
  const required = (field: string): number =>
    optional(field) ?? fail(`${place}.${field}`, "be a number > 0", given[field]);

  const name = kindName(given);
  const kind = name === "default" ? "none" : name;
  if (kind !== "none" && kind !== "linear" && kind !== "llama3" && kind !== "yarn") {
    return fail(`${place}.rope_type`, 'be "default", "linear", "llama3" or "yarn"', name);
  }
  const known = new Set(["rope_type", "type", "rope_theta", ...fieldsOfKind[kind]]);
  for (const [field, value] of Object.entries(given)) {
    if (known.has(field) || value === null || value === false) continue;
    if (computedElsewhere.has(field)) {
      if (field === "partial_rotary_factor" && value === 1) continue;
      fail(`${place}.${field}`, `be absent for rope_type ${JSON.stringify(name)}`, value);
    }
    warnOnce(
      `${source}: ignored ${place}.${field} ${JSON.stringify(value)}, which is not a field of rope_type ${JSON.stringify(name)} (transformers ignores it too)`,
    );
  }
  const theta = given["rope_theta"] ?? json["rope_theta"] ?? 10000;
  // With a base of 1 all pairs would rotate alike, and yarn divides by the logarithm of the base.
  const ropeTheta =
    typeof theta === "number" && Number.isFinite(theta) && theta > 1
      ? theta
      : fail("rope_theta", "be a number > 1", theta);
  const originalMaxTokens = optional("original_max_position_embeddings") ?? maxSequenceTokens;
  switch (kind) {
    case "none":
      return { ropeTheta, ropeScaling: { kind } };
    case "linear":
      return { ropeTheta, ropeScaling: { kind, factor: required("factor") } };
    case "llama3": {
      const lowFrequencyFactor = required("low_freq_factor");
      const highFrequencyFactor = required("high_freq_factor");
      if (highFrequencyFactor <= lowFrequencyFactor) {
        const rule = `be above low_freq_factor ${lowFrequencyFactor}`;
        fail(`${place}.high_freq_factor`, rule, highFrequencyFactor);
      }
      required("original_max_position_embeddings");
      const factor = required("factor");
      return {
        ropeTheta,
        ropeScaling: { kind, factor, lowFrequencyFactor, highFrequencyFactor, originalMaxTokens },
      };
    }
    default: {
      const factor = optional("factor") ?? maxSequenceTokens / originalMaxTokens;
      const [mscale, mscaleAllDim] = [given["mscale"], given["mscale_all_dim"]];
      const ratio =
        mscale && mscaleAllDim
          ? computeMagnitude(factor, required("mscale")) /
            computeMagnitude(factor, required("mscale_all_dim"))
          : computeMagnitude(factor, 1);
      const truncate = given["truncate"] ?? true;
      if (typeof truncate !== "boolean") fail(`${place}.truncate`, "be true or false", truncate);
      return {
        ropeTheta,
        ropeScaling: {
          kind,
          factor,
          betaFast: optional("beta_fast") ?? 32,
          betaSlow: optional("beta_slow") ?? 1,
          attentionFactor: optional("attention_factor") ?? ratio,
          truncate: truncate === true,
          originalMaxTokens,
        },
      };
    }
  }
}

/** Older files use the name `type`. */
const kindName = (parameters: JsonObject): unknown =>
  parameters["rope_type"] ?? parameters["type"] ?? "default";

/** Factor by which yarn scales queries and keys. */
const computeMagnitude = (factor: number, scale: number): number =>
  factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1;

/** Converts scaling to `rope_parameters` without the base; the inverse of {@link readRope}. */
export function ropeScalingJson(scaling: RopeScaling): Record<string, unknown> {
  switch (scaling.kind) {
    case "none":
      return { rope_type: "default" };
    case "linear":
      return { rope_type: "linear", factor: scaling.factor };
    case "llama3":
      return {
        rope_type: "llama3",
        factor: scaling.factor,
        low_freq_factor: scaling.lowFrequencyFactor,
        high_freq_factor: scaling.highFrequencyFactor,
        original_max_position_embeddings: scaling.originalMaxTokens,
      };
    default:
      return {
        rope_type: "yarn",
        factor: scaling.factor,
        attention_factor: scaling.attentionFactor,
        beta_fast: scaling.betaFast,
        beta_slow: scaling.betaSlow,
        truncate: scaling.truncate,
        original_max_position_embeddings: scaling.originalMaxTokens,
      };
  }
}

/**
 * Angles by which each position rotates the pairs of entries of a head, radians per position,
 * `[headSize / 2]`, fastest first, rounded to float32 as in PyTorch.
 */
export function rotaryFrequencies({ headSize, ropeTheta, ropeScaling }: RopeShape): Float32Array {
  const half = headSize / 2;
  const plain = Float32Array.from(
    { length: half },
    (_, i) => 1 / Math.fround(ropeTheta ** Math.fround((2 * i) / headSize)),
  );
  switch (ropeScaling.kind) {
    case "none":
      return plain;
    case "linear":
      return plain.map((frequency) => frequency / ropeScaling.factor);
    case "llama3": {
      const { factor, lowFrequencyFactor, highFrequencyFactor, originalMaxTokens } = ropeScaling;
      return plain.map((frequency) => {
        const turns = (originalMaxTokens * frequency) / (2 * Math.PI);
        if (turns < lowFrequencyFactor) return frequency / factor;
        if (turns > highFrequencyFactor) return frequency;
        const share = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
        return ((1 - share) * frequency) / factor + share * frequency;
      });
    }
    default: {
      const { factor, betaFast, betaSlow, truncate, originalMaxTokens } = ropeScaling;
      // Real-valued index of the frequency that makes a given number of turns within the
      // pretraining length.
      const findIndex = (turns: number): number =>
        (headSize * Math.log(originalMaxTokens / (turns * 2 * Math.PI))) /
        (2 * Math.log(ropeTheta));
      const [first, last] = [findIndex(betaFast), findIndex(betaSlow)];
      const low = Math.max(truncate ? Math.floor(first) : first, 0);
      const high = Math.min(truncate ? Math.ceil(last) : last, headSize - 1);
      const width = high === low ? 0.001 : high - low;
      return plain.map((frequency, i) => {
        const slow = Math.min(Math.max((i - low) / width, 0), 1);
        return (frequency / factor) * slow + frequency * (1 - slow);
      });
    }
  }
}

/** Factor of both rotary tables: yarn's attention factor, or 1. */
export function rotaryMagnitude({ ropeScaling }: Pick<RopeShape, "ropeScaling">): number {
  return ropeScaling.kind === "yarn" ? ropeScaling.attentionFactor : 1;
}
