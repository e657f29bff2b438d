import { toKebabKeys } from "@turnwise/core";
import { modulatorKinds, type ModulatorRecord } from "./modulator-record.ts";

/** No modulation. */
const none: ModulatorRecord = { kind: "none" };

/** Adaptive entropy modulation with the paper's settings: strength 1, dead zone 0.1 nats per token. */
const aem: ModulatorRecord = { kind: "aem", strength: 1, minEntropyRange: 0.1, scope: "group" };

/** Ablation: uncertain responses count more. */
const aemReversed: ModulatorRecord = { ...aem, direction: "uncertain" };

/** Ablation: coefficients of each prompt group permuted at random. */
const aemShuffled: ModulatorRecord = { ...aem, shuffle: true };

/** Ablation: a response is compared with the responses of its trajectory only. */
const aemTrajectory: ModulatorRecord = { ...aem, scope: "trajectory" };

/**
 * Ablation: a response is compared with the responses of its group that have the same turn index.
 */
const aemTurn: ModulatorRecord = { ...aem, scope: "turn" };

/** Ablation: a response is compared with all responses of the batch. */
const aemBatch: ModulatorRecord = { ...aem, scope: "batch" };

/** Ablation: one coefficient per token. */
const aemToken: ModulatorRecord = { ...aem, unit: "token" };

/** EMPG with the settings of its code: k and k' 1, zeta 0.05. */
const empg: ModulatorRecord = { kind: "empg" };

/** Control: entropy shaping per token, in the manner of GTPO. */
const gtpo: ModulatorRecord = { kind: "gtpo", unit: "token" };

/** Control: entropy shaping per response, in the manner of GRPO-S. */
const grpoS: ModulatorRecord = { kind: "gtpo", unit: "response" };

/** Control: only uncertain responses are trained on, in the manner of CARL. */
const carl: ModulatorRecord = { kind: "carl" };

/** Control: action tokens count more than reasoning, in the manner of ActFocus. */
const actFocus: ModulatorRecord = { kind: "act-focus" };

/** Control: random coefficients with AEM's distribution. */
const random: ModulatorRecord = { kind: "random", strength: 1, minEntropyRange: 0.1 };

const named: Readonly<Record<string, ModulatorRecord>> = toKebabKeys({
  none,
  aem,
  aemReversed,
  aemShuffled,
  aemTrajectory,
  aemTurn,
  aemBatch,
  aemToken,
  empg,
  gtpo,
  grpoS,
  carl,
  actFocus,
  random,
});

/** Kinds without a preset above get a preset of the same name, with defaults. */
const unnamed = modulatorKinds.filter((kind) => !Object.hasOwn(named, kind));

/** All presets, by their command-line names. */
export const modulators: Readonly<Record<string, ModulatorRecord>> = {
  ...named,
  ...Object.fromEntries(unnamed.map((kind): [string, ModulatorRecord] => [kind, { kind }])),
};
