import type { RecordedTurn } from "@turnwise/training/reader";

/** Token values that can be shown as a tint. */
export const tints = ["none", "entropy", "log-prob", "ratio", "advantage"] as const;
export type Tint = (typeof tints)[number];

/** Values of the tokens of a response; absent if not recorded. */
export function tokenValues(turn: RecordedTurn, tint: Tint): readonly number[] | undefined {
  const { credit, samplerEntropies, samplerLogProbs, responseTokens } = turn;
  switch (tint) {
    case "none":
      return undefined;
    case "entropy":
      return credit?.entropies ?? samplerEntropies;
    case "log-prob":
      return samplerLogProbs.length === responseTokens.length
        ? samplerLogProbs
        : credit?.oldLogProbs;
    case "ratio":
      if (credit === undefined || samplerLogProbs.length !== responseTokens.length)
        return undefined;
      return credit.oldLogProbs.map((value, i) => Math.exp(value - samplerLogProbs[i]!));
    default:
      if (credit === undefined) return undefined;
      return typeof credit.advantage === "number"
        ? responseTokens.map(() => credit.advantage as number)
        : credit.advantage;
  }
}

/** Strength of a tint in [0, 1], and its side on a two-sided scale. */
export interface TintStrength {
  readonly strength: number;
  readonly isNegative: boolean;
}

/** Values with the strongest tint; constant, so that responses can be compared by eye. */
const full: Readonly<Record<Exclude<Tint, "none">, number>> = {
  entropy: 1.5,
  "log-prob": 4,
  ratio: 0.2,
  advantage: 2,
};

/**
 * Tint of a value. A log-prob is tinted by its surprisal, a ratio by the absolute value of its
 * logarithm.
 */
export function tintStrength(tint: Exclude<Tint, "none">, value: number): TintStrength {
  const size = tint === "ratio" ? Math.log(value) : value;
  const isNegative = tint === "log-prob" ? false : size < 0;
  return { strength: Math.min(1, Math.abs(size) / full[tint]), isNegative };
}

/** Describes the scale of a tint. */
export const tintScale: Readonly<Record<Exclude<Tint, "none">, string>> = {
  entropy: `0 to ${full.entropy} nats`,
  "log-prob": `0 to \u2212${full["log-prob"]} nats`,
  ratio: `learner to sampler, 1 \u00b1 ${full.ratio}`,
  advantage: `\u2212${full.advantage} to +${full.advantage}`,
};

/** Mean of an advantage, which is one number or one number per token. */
export function meanAdvantage(advantage: number | readonly number[]): number {
  return typeof advantage === "number"
    ? advantage
    : advantage.reduce((sum, value) => sum + value, 0) / advantage.length;
}
