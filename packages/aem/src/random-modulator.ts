import { entropyModulator } from "./entropy-modulator.ts";
import type { ModulationOptions } from "./modulation-coefficients.ts";
import {
  composeBatch,
  modulatorName,
  readBatch,
  requireRandom,
  type ModulationScope,
  type Modulator,
} from "./modulator.ts";

/**
 * Options of {@link randomModulator}: those of the AEM modulator whose coefficients are permuted.
 */
export interface RandomModulatorOptions extends ModulationOptions {
  /** Default `"group"`. */
  readonly scope?: ModulationScope;
}

/**
 * Random coefficients with exactly AEM's distribution: the coefficients of `entropyModulator`,
 * permuted over all responses of the batch, differently in each iteration. (`entropyModulator({
 * shuffle: true })` permutes within each scope, so coefficients in dead zones stay 1.)
 *
 * @throws Errors of `entropyModulator`.
 */
export function randomModulator(options: RandomModulatorOptions = {}): Modulator {
  const { strength = 1, minEntropyRange = 0.1, scope = "group" } = options;
  const source = entropyModulator({ strength, minEntropyRange, scope });
  return {
    name: modulatorName("random", { strength, minEntropyRange, scope }),
    needs: source.needs,
    modulate: (responses, random) => {
      const batch = readBatch("randomModulator", responses);
      const { coefficients } = source.modulate(responses);
      const dealt = requireRandom("randomModulator", random)
        .fork("coefficients")
        .shuffle(coefficients);
      return composeBatch(batch, { coefficients: dealt });
    },
  };
}
