import { checkInteger, mean, type RoleSpan } from "@turnwise/core";
import { scaleToMeanOne } from "./modulation-coefficients.ts";
import {
  composeBatch,
  listEntropies,
  mapScopes,
  measureBatch,
  modulatorName,
  readBatch,
  type Modulator,
} from "./modulator.ts";
import { countTokens } from "./uncertainty.ts";

/** Options of {@link actionModulator}. */
export interface ActionOptions {
  /** Weight of tokens outside the action and the end of a response, in [0, 1]. Default 0.1. */
  readonly reasoningWeight?: number;
  /**
   * Strength of the shift of weight toward action tokens with larger entropy, in [0, 1]. Default
   * 0.5.
   */
  readonly uncertaintyStrength?: number;
  /** `"mean-one"`: weights have mean 1 over the tokens of each group. Default `"none"`. */
  readonly calibration?: "none" | "mean-one";
}

/**
 * Token weights in the manner of ActFocus: action tokens count fully, reasoning tokens little;
 * among action tokens the uncertain ones count more, `1 + uncertaintyStrength * (h / mean(h) - 1)`
 * with the mean over the response's action tokens. The end of a response counts like its action,
 * without regard to entropy. A response without an action keeps its advantage.
 *
 * This follows the paper's abstract, because its text was not available: gradients on reasoning
 * tokens are down-weighted, and action tokens with higher uncertainty get larger weights by an
 * energy-based redistribution. Both formulas and both defaults are ours.
 *
 * @throws `RangeError` if an option is out of range. The modulator throws `TypeError` for a
 *   response without spans, and `RangeError` for a span outside its response.
 * @see arXiv:2605.14558
 */
export function actionModulator({
  reasoningWeight = 0.1,
  uncertaintyStrength = 0.5,
  calibration = "none",
}: ActionOptions = {}): Modulator {
  for (const [name, value] of Object.entries({ reasoningWeight, uncertaintyStrength })) {
    if (value >= 0 && value <= 1) continue;
    throw new RangeError(`actionModulator: ${name} must be in [0, 1], got ${value}`);
  }
  return {
    name: modulatorName("act-focus", { reasoningWeight, uncertaintyStrength, calibration }),
    needs: uncertaintyStrength > 0 ? ["spans", "token-entropies"] : ["spans"],
    modulate: (responses) => {
      const batch = readBatch("actionModulator", responses);
      const entropies =
        uncertaintyStrength > 0
          ? listEntropies("actionModulator", measureBatch(batch), "token")
          : undefined;
      const weights = responses.map(({ spans, uncertainty }, index) => {
        const numTokens = countTokens(uncertainty);
        const roles = assignRoles(index, numTokens, spans);
        if (!roles.includes("action")) return roles.map(() => 1);
        const own = entropies?.[index];
        const ofAction = own?.filter((_, token) => roles[token] === "action") ?? [];
        const usual = ofAction.length === 0 ? 0 : mean(ofAction);
        return roles.map((role, token) => {
          if (role === "end") return 1;
          if (role !== "action") return reasoningWeight;
          if (own === undefined || usual === 0) return 1;
          return 1 + uncertaintyStrength * (own[token]! / usual - 1);
        });
      });
      return composeBatch(batch, {
        tokenCoefficients:
          calibration === "mean-one"
            ? mapScopes(responses, "group", weights, (values) => scaleToMeanOne(values))
            : weights,
      });
    },
  };
}

/** Role of each token of a response, `[token]`; `undefined` for tokens without a role. */
function assignRoles(
  index: number,
  numTokens: number,
  spans: readonly RoleSpan[] | undefined,
): (RoleSpan["role"] | undefined)[] {
  const where = "actionModulator";
  if (spans === undefined) {
    throw new TypeError(`${where}: responses[${index}].spans must be given, got undefined`);
  }
  const roles = Array<RoleSpan["role"] | undefined>(numTokens).fill(undefined);
  for (const { role, start, length } of spans) {
    checkInteger(where, { [`responses[${index}].spans.start`]: start }, { min: 0, max: numTokens });
    checkInteger(
      where,
      { [`responses[${index}].spans.length`]: length },
      { min: 0, max: numTokens - start },
    );
    roles.fill(role, start, start + length);
  }
  return roles;
}
