export type { LawOptions } from "@turnwise/core";
export { creditedBatchArbitrary } from "./laws/arbitraries.ts";
export {
  entropyModulationClaims,
  modulatorLaws,
  type ModulatorClaim,
  type ModulatorLawOptions,
} from "./laws/modulator-laws.ts";
