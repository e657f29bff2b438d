import { parseRecord } from "@turnwise/core";
import {
  makeModulator,
  modulatorSchema,
  type ModulatorRecord,
  type ResolvedModulator,
} from "./modulator-record.ts";
import type { Modulator } from "./modulator.ts";

/**
 * Makes a modulator from its record.
 * @throws `TypeError` or `RangeError`, one line: a field that is unknown or out of range, or a setting
 *   without effect in this combination, and why.
 *
 * @example
 * compileModulator({ kind: "aem", scope: "turn" }).modulate(responses, random);
 */
export function compileModulator(record: ModulatorRecord): Modulator {
  const where = "compileModulator";
  const resolved = parseRecord(where, "modulation", modulatorSchema, record);
  checkEffect(where, resolved);
  return makeModulator(resolved);
}

/** Refuses settings that differ from their defaults and have no effect. */
function checkEffect(where: string, record: ResolvedModulator): void {
  const refuseIdle = (field: string, value: unknown, neutral: unknown, why: string): void => {
    if (value === neutral) return;
    throw new RangeError(
      `${where}: modulation.${field} must be ${JSON.stringify(neutral)}: it has no effect with ${why}, got ${JSON.stringify(value)}`,
    );
  };
  if (record.kind === "aem") {
    if (record.unit === "token") {
      refuseIdle("reduction", record.reduction, "mean", 'modulation.unit "token"');
    }
    if (record.strength === 0) {
      const why = "modulation.strength 0, where every coefficient is 1";
      refuseIdle("minEntropyRange", record.minEntropyRange, 0.1, why);
      refuseIdle("scope", record.scope, "group", why);
      refuseIdle("direction", record.direction, "certain", why);
      refuseIdle("normalization", record.normalization, "min-max", why);
      refuseIdle("reduction", record.reduction, "mean", why);
      refuseIdle("unit", record.unit, "response", why);
      refuseIdle("shuffle", record.shuffle, false, why);
    }
  }
  if (record.kind === "random" && record.strength === 0) {
    const why = "modulation.strength 0, where every coefficient is 1";
    refuseIdle("minEntropyRange", record.minEntropyRange, 0.1, why);
    refuseIdle("scope", record.scope, "group", why);
  }
  if (record.kind === "empg" && record.futureBonus === 0) {
    refuseIdle("futureStrength", record.futureStrength, 1, "modulation.futureBonus 0");
  }
  if (record.kind === "act-focus") {
    if (record.reasoningWeight === 1 && record.uncertaintyStrength === 0) {
      refuseIdle("calibration", record.calibration, "none", "weights that are all 1");
    }
  }
}
