import { parseRecord } from "@turnwise/core";
import {
  makeModulator,
  modulatorSchema,
  type ModulatorRecord,
  type ResolvedModulator,
} from "./modulator-record.ts";
import type { Modulator } from "./modulator.ts";

/**
 * Creates a modulator from its record.
 * @throws `TypeError` or `RangeError`, one line: an unknown field, a value out of range, or a setting
 *   that has no effect in this combination (with the reason).
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

/** Throws if a setting differs from its default but has no effect. */
function checkEffect(where: string, record: ResolvedModulator): void {
  const defaults = new Map<string, unknown>(
    Object.entries(modulatorSchema.parse({ kind: record.kind })),
  );
  const refuseIdle = <Settings extends ResolvedModulator>(
    settings: Settings,
    fields: readonly (keyof Settings & string)[],
    why: string,
  ): void => {
    for (const field of fields) {
      const [value, neutral] = [settings[field], defaults.get(field)];
      if (value === neutral) continue;
      throw new RangeError(
        `${where}: modulation.${field} must be ${JSON.stringify(neutral)}, because it has no effect with ${why}, got ${JSON.stringify(value)}`,
      );
    }
  };
  const whyOff = "modulation.strength 0, where every coefficient is 1";
  if (record.kind === "aem" && record.unit === "token") {
    refuseIdle(record, ["reduction"], 'modulation.unit "token"');
  }
  if (record.kind === "aem" && record.strength === 0) {
    refuseIdle(
      record,
      ["minEntropyRange", "scope", "direction", "normalization", "reduction", "unit", "shuffle"],
      whyOff,
    );
  }
  if (record.kind === "random" && record.strength === 0) {
    refuseIdle(record, ["minEntropyRange", "scope"], whyOff);
  }
  if (record.kind === "empg" && record.futureBonus === 0) {
    refuseIdle(record, ["futureStrength"], "modulation.futureBonus 0");
  }
  if (
    record.kind === "act-focus" &&
    record.reasoningWeight === 1 &&
    record.uncertaintyStrength === 0
  ) {
    refuseIdle(record, ["calibration"], "weights that are all 1");
  }
}
