export { actionModulator, type ActionOptions } from "./action-modulator.ts";
export { compileModulator } from "./compile-modulator.ts";
export { criticalModulator, type CriticalOptions } from "./critical-modulator.ts";
export {
  diagnoseModulation,
  type ModulatedResponses,
  type ModulationDiagnostics,
} from "./diagnose-modulation.ts";
export { empgModulator, type EmpgOptions } from "./empg-modulator.ts";
export {
  compareDrift,
  predictDrift,
  type DriftAgreement,
  type DriftResponses,
} from "./entropy-drift.ts";
export { entropyModulator, type EntropyModulatorOptions } from "./entropy-modulator.ts";
export { modulate, type Modulation } from "./modulate.ts";
export { modulationCoefficients, type ModulationOptions } from "./modulation-coefficients.ts";
export {
  modulatorSchema,
  type ModulatorRecord,
  type ResolvedModulator,
} from "./modulator-record.ts";
export {
  identityModulator,
  computeTokenAdvantages,
  findUnmetNeeds,
  type CreditedResponse,
  type KnownOfResponses,
  type ModulatedBatch,
  type ModulationScope,
  type Modulator,
  type ModulatorNeed,
} from "./modulator.ts";
export { modulators } from "./modulators.ts";
export { randomModulator, type RandomModulatorOptions } from "./random-modulator.ts";
export { shapingModulator, type ShapingOptions } from "./shaping-modulator.ts";
export {
  measureUncertainty,
  topKEntropyBounds,
  type MeasuredUncertainty,
  type Uncertainty,
} from "./uncertainty.ts";
