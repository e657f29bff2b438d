export {
  diagnoseModulation,
  type ModulatedResponses,
  type ModulationDiagnostics,
} from "./diagnose-modulation.ts";
export { empgModulator, type EmpgOptions } from "./empg-modulator.ts";
export {
  compareDrift,
  predictedDrift,
  type DriftAgreement,
  type DriftResponses,
} from "./entropy-drift.ts";
export {
  entropyModulator,
  type EntropyModulatorOptions,
  type ModulationScope,
} from "./entropy-modulator.ts";
export { modulate, type Modulation } from "./modulate.ts";
export { modulationCoefficients, type ModulationOptions } from "./modulation-coefficients.ts";
export {
  identityModulator,
  type CreditedResponse,
  type ModulatedBatch,
  type Modulator,
} from "./modulator.ts";
export { packedMeanEntropies, packedModulation, type PackedModulation } from "./packed.ts";
export {
  measureUncertainty,
  topKEntropyBounds,
  type MeasuredUncertainty,
  type Uncertainty,
} from "./uncertainty.ts";
