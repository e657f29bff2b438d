export {
  diagnoseModulation,
  type ModulatedResponses,
  type ModulationDiagnostics,
} from "./diagnose-modulation.ts";
export { modulate, type Modulation } from "./modulate.ts";
export { modulationCoefficients, type ModulationOptions } from "./modulation-coefficients.ts";
