export { creditedBatchArbitrary, type LawOptions } from "./laws/arbitraries.ts";
export {
  entropyModulationClaims,
  modulatorLaws,
  type ModulatorClaim,
  type ModulatorLawOptions,
} from "./laws/modulator-laws.ts";
