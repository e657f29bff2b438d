import type { ResolvedAlgorithm } from "./algorithm.ts";
import { dropsTokens } from "./correct-rows.ts";

/**
 * Checks that the settings of an algorithm are consistent, and that every setting has an effect. A
 * setting without effect is allowed if it has its default value, so that resolved records pass.
 *
 * @param where - Name of the calling function, for messages.
 * @param hasCritic - True if the advantages come from a critic.
 * @throws `RangeError` naming the first setting that contradicts another or has no effect, and why.
 */
export function checkCombination(
  where: string,
  algorithm: ResolvedAlgorithm,
  hasCritic: boolean,
): void {
  const refuse = (field: string, rule: string, got: unknown): never => {
    throw new RangeError(`${where}: algorithm.${field} must ${rule}, got ${JSON.stringify(got)}`);
  };
  /** Throws if a setting differs from its neutral value but has no effect. */
  const refuseIdle = (field: string, value: unknown, neutral: unknown, why: string): void => {
    if (value === neutral) return;
    refuse(field, `be ${JSON.stringify(neutral)}, because it has no effect ${why}`, value);
  };
  checkAdvantages(algorithm, refuse, refuseIdle);
  checkLoss(algorithm, hasCritic, refuse, refuseIdle);
  checkBatch(algorithm, refuse, refuseIdle);
}

type Refuse = (field: string, rule: string, got: unknown) => void;
type RefuseIdle = (field: string, value: unknown, neutral: unknown, why: string) => void;

function checkAdvantages(
  { advantages }: ResolvedAlgorithm,
  refuse: Refuse,
  refuseIdle: RefuseIdle,
): void {
  const { kind } = advantages;
  if (kind === "group" || kind === "turn") {
    const { baseline, scale, scaleOver, epsilon, minScale, singleton } = advantages;
    if (scale === "none") {
      const why = 'with advantages.scale "none"';
      refuseIdle("advantages.scaleOver", scaleOver, "group", why);
      refuseIdle("advantages.epsilon", epsilon, 1e-6, why);
      refuseIdle("advantages.minScale", minScale, 0, why);
    }
    const isAloneEverywhere =
      (baseline === "batch" || baseline === "none") && (scale === "none" || scaleOver === "batch");
    if (isAloneEverywhere) {
      refuseIdle(
        "advantages.singleton",
        singleton,
        "zero",
        `with advantages.baseline "${baseline}" and no scale over the group`,
      );
    }
  }
  if (
    kind === "group" &&
    advantages.credit === "response" &&
    advantages.statisticsOver !== "responses"
  ) {
    refuse(
      "advantages.statisticsOver",
      'be "responses" with advantages.credit "response", where each response is a member',
      advantages.statisticsOver,
    );
  }
  if ((kind === "best-of-group" || kind === "gigpo") && advantages.scale === "none") {
    refuseIdle("advantages.epsilon", advantages.epsilon, 1e-6, 'with advantages.scale "none"');
  }
  if (kind === "gigpo" && advantages.turnWeight === 0) {
    refuseIdle("advantages.discount", advantages.discount, 0.95, "with advantages.turnWeight 0");
  }
  if (
    (kind === "discounted-returns" || kind === "generalized") &&
    advantages.whitening === "none"
  ) {
    refuseIdle("advantages.epsilon", advantages.epsilon, 1e-8, 'with advantages.whitening "none"');
  }
}

function checkLoss(
  { advantages, surrogate, valueLoss, kl }: ResolvedAlgorithm,
  hasCritic: boolean,
  refuse: Refuse,
  refuseIdle: RefuseIdle,
): void {
  if (hasCritic && valueLoss.kind === "none") {
    refuse(
      "valueLoss.kind",
      `be "squared" with advantages.kind "${advantages.kind}", because without a loss the critic never learns`,
      valueLoss.kind,
    );
  }
  if (!hasCritic) {
    refuseIdle(
      "valueLoss.kind",
      valueLoss.kind,
      "none",
      `with advantages.kind "${advantages.kind}", which trains no critic`,
    );
  }
  if (surrogate.kind === "cispo" && surrogate.maxRatio < surrogate.minRatio) {
    refuse(
      "surrogate.maxRatio",
      `be >= surrogate.minRatio (${surrogate.minRatio})`,
      surrogate.maxRatio,
    );
  }
  if (surrogate.kind === "clipped") {
    const { dualClip, ratioCap } = surrogate;
    if (dualClip !== null && ratioCap !== null && ratioCap <= dualClip) {
      refuseIdle(
        "surrogate.dualClip",
        dualClip,
        null,
        `with surrogate.ratioCap ${ratioCap}, which already limits negative advantages`,
      );
    }
  }
  if (kl.kind === "loss" && kl.gradient === "k2" && kl.estimator === "k2") {
    refuseIdle(
      "kl.gradient",
      kl.gradient,
      "own",
      'with kl.estimator "k2", which has the same gradient',
    );
  }
}

function checkBatch(
  { advantages, kl, aggregation, truncation, rolloutCorrection }: ResolvedAlgorithm,
  refuse: Refuse,
  refuseIdle: RefuseIdle,
): void {
  const { truncated, failed, overlong } = truncation;
  for (const [field, rule] of Object.entries({ truncated, failed })) {
    if (kl.kind !== "reward" || rule !== "mask") continue;
    refuse(
      `truncation.${field}`,
      'be "train" or "leave-out" with kl.kind "reward", because trajectories outside the loss are not scored and have no divergence',
      rule,
    );
  }
  if (overlong.kind === "soft") {
    if (overlong.buffer > overlong.maxLength) {
      refuse(
        "truncation.overlong.buffer",
        `be at most truncation.overlong.maxLength (${overlong.maxLength})`,
        overlong.buffer,
      );
    }
    const isByResponse = advantages.kind === "group" && advantages.credit === "response";
    if (overlong.of === "trajectory" && isByResponse) {
      refuse(
        "truncation.overlong.of",
        'be "response" with advantages.credit "response", because the last response alone would pay for the whole trajectory',
        overlong.of,
      );
    }
  }
  if (rolloutCorrection.kind === "ratio") {
    const { low, high, outside } = rolloutCorrection;
    if (high < low) {
      refuse("rolloutCorrection.high", `be >= rolloutCorrection.low (${low})`, high);
    }
    if (outside === "limit") {
      refuseIdle(
        "rolloutCorrection.dropped",
        rolloutCorrection.dropped,
        "leave-out",
        'with rolloutCorrection.outside "limit", which drops no token',
      );
    }
  }
  if (aggregation.kind !== "token-mean" && !dropsTokens(rolloutCorrection)) {
    refuseIdle(
      "aggregation.emptySequences",
      aggregation.emptySequences,
      "leave-out",
      "if rolloutCorrection removes no token from the aggregation",
    );
  }
}
