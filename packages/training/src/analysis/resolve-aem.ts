import { modulatorSchema, type ModulatorRecord, type Modulator } from "@turnwise/aem";
import type { ExperimentSettings } from "../experiment/experiment-schema.ts";
import { compileModulatorSettings } from "../settings/config.ts";

/** AEM modulator that an analysis uses. */
export interface AnalyzedAem {
  readonly modulator: Modulator;
  readonly record: Extract<ModulatorRecord, { kind: "aem" }>;
}

/**
 * Returns AEM with the options of the run, or with the paper's options if the run does not use AEM.
 */
export function resolveAem({ modulation }: Pick<ExperimentSettings, "modulation">): AnalyzedAem {
  const record = modulation.kind === "aem" ? modulation : modulatorSchema.parse({ kind: "aem" });
  if (record.kind !== "aem") throw new TypeError("resolveAem: modulator must be AEM");
  return { record, modulator: compileModulatorSettings(record, "config") };
}
