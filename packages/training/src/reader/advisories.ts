import type { GroupCounts } from "./count-groups.ts";
import type { JsonObject, RecordedMetrics } from "./read-run.ts";

/** Sign of a problem in a run, with the rule that fired. */
export interface Advisory {
  readonly name: AdvisoryName;
  /** Finding with numbers, one sentence. */
  readonly message: string;
  /** Condition of the rule, with its limit. */
  readonly rule: string;
  /** Advice: files or metrics to check, or settings to change. */
  readonly remedy: string;
}

/** Name of a rule. */
export type AdvisoryName =
  | "entropy-collapse"
  | "flat-groups"
  | "truncation"
  | "invalid-actions"
  | "failures"
  | "sampler-mismatch"
  | "off-policy"
  | "clipping"
  | "dead-zone"
  | "slow-phase";

/** Number of iterations at the start and at the end of a run over which rules average. */
export const advisoryWindow = 3;

/** Limits at which rules fire. */
export const advisoryLimits = {
  /**
   * Limits of the entropy, in nats per token and as a share of the initial entropy. The rule fires
   * if the entropy is below both.
   */
  entropy: 0.05,
  entropyShare: 0.2,
  /** Share of groups whose returns are all equal. */
  flatGroups: 0.5,
  truncated: 0.25,
  invalidActions: 0.2,
  /** Largest difference of a log-prob between sampler and learner, nats. */
  samplerDifference: 0.1,
  /** Effective sample size of the learner-to-sampler ratios, as a share of the tokens. */
  effectiveShare: 0.8,
  /** KL divergence of an update (k3 estimate), nats per token. */
  oldNewKl: 0.05,
  clipFraction: 0.3,
  deadZone: 0.9,
  /**
   * A phase counts as slow if it takes at least this many times its median time, and at least this
   * many seconds.
   */
  slowness: 6,
  slowSeconds: 60,
} as const;

/** Records to which the rules are applied. */
export interface RunRecords {
  /** Lines of `metrics.jsonl` and `timings.jsonl` so far. */
  readonly metrics: readonly RecordedMetrics[];
  readonly timings: readonly RecordedMetrics[];
  readonly config: JsonObject;
  /** Counts of the latest groups, see {@link countGroups}; empty if unknown. */
  readonly groups: readonly GroupCounts[];
}

/**
 * Checks the metrics and times of a run against rules that hold for every algorithm. Most rules use
 * the mean over the last iterations, so that a single unusual batch does not fire them.
 *
 * @returns Advisories of the rules that fired; empty for a healthy run, and for a run without
 *   iterations.
 */
export function listAdvisories({ metrics, timings, config, groups }: RunRecords): Advisory[] {
  const iterations = metrics.filter(({ stage }) => stage === "iteration");
  if (iterations.length === 0) return [];
  const last = (name: string): number | undefined =>
    computeMean(iterations.slice(-advisoryWindow), name);
  const limits = advisoryLimits;
  const fired: Advisory[] = [];
  const check = (isFired: boolean | undefined, advisory: Advisory): void => {
    if (isFired === true) fired.push(advisory);
  };

  const entropy = last("entropy");
  const firstEntropy = computeMean(iterations.slice(0, advisoryWindow), "entropy");
  check(
    isBelow(entropy, limits.entropy) &&
      iterations.length > advisoryWindow &&
      isBelow(entropy, limits.entropyShare * (firstEntropy ?? 0)),
    {
      name: "entropy-collapse",
      message: `The entropy has fallen from ${show(firstEntropy)} to ${show(entropy)} nats per token.`,
      rule: `entropy < ${limits.entropy} and < ${limits.entropyShare} x that of the first ${advisoryWindow} iterations`,
      remedy:
        "Lower the learning rate, or use a modulator: a policy without entropy no longer explores.",
    },
  );
  const flat = computeFlatShare(groups.slice(-advisoryWindow));
  check(isAbove(flat, limits.flatGroups), {
    name: "flat-groups",
    message: `${showShare(flat)} of the groups have equal returns and carry no learning signal.`,
    rule: `share of flat groups > ${limits.flatGroups}`,
    remedy: "Draw tasks of medium difficulty, raise training.groupSize, or filter groups.",
  });
  const truncated = last("truncated");
  check(isAbove(truncated, limits.truncated), {
    name: "truncation",
    message: `${showShare(truncated)} of the episodes were truncated by a limit.`,
    rule: `truncated > ${limits.truncated}`,
    remedy:
      "Raise the limit that truncates them (episode.maxTurns, episode.maxResponseTokens, model.maxTokens).",
  });
  const invalid = last("invalidActions");
  check(isAbove(invalid, limits.invalidActions), {
    name: "invalid-actions",
    message: `${showShare(invalid)} of the turns had a malformed response.`,
    rule: `invalidActions > ${limits.invalidActions}`,
    remedy:
      "Read some of these turns: the prompt may not explain the format clearly. A warm start or a penalty helps.",
  });
  const failed = last("failed");
  check(isAbove(failed, 0), {
    name: "failures",
    message: `On average ${show(failed)} episodes per iteration failed.`,
    rule: "failed > 0",
    remedy: "Read the failure messages of the trajectories with outcome:failed.",
  });
  const difference = computeMax(iterations.slice(-advisoryWindow), "samplerDifferenceMax");
  check(isTemperatureOne(config) && isAbove(difference, limits.samplerDifference), {
    name: "sampler-mismatch",
    message: `Log-probs of sampler and learner differ by up to ${show(difference)} nats for the same weights.`,
    rule: `samplerDifferenceMax > ${limits.samplerDifference}`,
    remedy: "Use the same precision in both engines, or set algorithm.rolloutCorrection.",
  });
  const effective = last("samplerEffectiveShare");
  check(isTemperatureOne(config) && isBelow(effective, limits.effectiveShare), {
    name: "off-policy",
    message: `The effective sample size is ${showShare(effective)} of the tokens.`,
    rule: `samplerEffectiveShare < ${limits.effectiveShare}`,
    remedy:
      "The samples are stale, or the engines differ: use fewer minibatches, or the same precision.",
  });
  const kl = last("oldNewKlK3");
  const clipped = last("clipFraction");
  check(isAbove(kl, limits.oldNewKl) || isAbove(clipped, limits.clipFraction), {
    name: "clipping",
    message: `The updates are large: KL ${show(kl)} nats per token, ${showShare(clipped)} of the tokens clipped.`,
    rule: `oldNewKlK3 > ${limits.oldNewKl} or clipFraction > ${limits.clipFraction}`,
    remedy: "Lower training.learningRate, training.epochs or training.minibatches.",
  });
  const deadZone = last("deadZoneShare");
  check(isAbove(deadZone, limits.deadZone) && isModulated(iterations), {
    name: "dead-zone",
    message: `${showShare(deadZone)} of the groups are in the dead zone, where the modulator has no effect.`,
    rule: `deadZoneShare > ${limits.deadZone}`,
    remedy: "The entropies within a group hardly differ. You can lower modulation.minEntropyRange.",
  });
  fired.push(...findSlowPhases(timings));
  return fired;
}

/**
 * True if an iteration had a coefficient other than 1. Without a modulator all groups would seem to
 * be in the dead zone.
 */
function isModulated(iterations: readonly RecordedMetrics[]): boolean {
  return iterations.some((line) => line["coefficientMax"] !== 1 || line["coefficientMin"] !== 1);
}

/** Computes the share of groups whose returns are all equal. */
function computeFlatShare(groups: readonly GroupCounts[]): number | undefined {
  const total = groups.reduce((sum, { numGroups }) => sum + numGroups, 0);
  return total === 0 ? undefined : groups.reduce((sum, { flat }) => sum + flat, 0) / total;
}

/**
 * True if the training temperature is 1. The learner scores at temperature 1, so only then are its
 * log-probs comparable with the sampler's.
 */
function isTemperatureOne({ training }: JsonObject): boolean {
  return (training as JsonObject | undefined)?.["temperature"] === 1;
}

function findSlowPhases(timings: readonly RecordedMetrics[]): Advisory[] {
  const iterations = timings.filter(({ stage }) => stage === "iteration");
  const last = iterations.at(-1)?.["seconds"];
  if (typeof last !== "object" || last === null || iterations.length <= advisoryWindow) return [];
  const { slowness, slowSeconds } = advisoryLimits;
  return Object.entries(last as Readonly<Record<string, number>>).flatMap(([phase, seconds]) => {
    const before = iterations
      .slice(0, -1)
      .map((line) => (line["seconds"] as Readonly<Record<string, number>>)[phase] ?? 0)
      .sort((a, b) => a - b);
    const median = before[before.length >> 1] ?? 0;
    if (seconds < slowSeconds || seconds <= slowness * median) return [];
    return [
      {
        name: "slow-phase" as const,
        message: `The phase ${phase} took ${Math.round(seconds)} s; its median is ${Math.round(median)} s.`,
        rule: `seconds > ${slowness} x median and > ${slowSeconds}`,
        remedy: "Check for other load on the machine, a slow server, or a container that hangs.",
      },
    ];
  });
}

const isAbove = (value: number | undefined, limit: number): boolean =>
  value !== undefined && value > limit;
const isBelow = (value: number | undefined, limit: number): boolean =>
  value !== undefined && value < limit;

function listValues(lines: readonly RecordedMetrics[], name: string): number[] {
  return lines.map((line) => line[name]).filter((value) => typeof value === "number");
}

function computeMean(lines: readonly RecordedMetrics[], name: string): number | undefined {
  const values = listValues(lines, name);
  return values.length === 0
    ? undefined
    : values.reduce((total, value) => total + value, 0) / values.length;
}

function computeMax(lines: readonly RecordedMetrics[], name: string): number | undefined {
  const values = listValues(lines, name);
  return values.length === 0 ? undefined : Math.max(...values);
}

const show = (value: number | undefined): string =>
  value === undefined ? "no value" : String(Number(value.toPrecision(2)));
const showShare = (value: number | undefined): string =>
  value === undefined ? "no share" : `${Math.round(100 * value)} %`;
