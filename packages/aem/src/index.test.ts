import { expect, it } from "vitest";
import * as aem from "./index.ts";
import * as laws from "./laws.ts";
import * as theory from "./theory.ts";

it("exports these names", () => {
  expect(Object.keys(aem).sort()).toMatchInlineSnapshot(`
    [
      "actionModulator",
      "compareDrift",
      "compileModulator",
      "criticalModulator",
      "diagnoseModulation",
      "empgModulator",
      "entropyModulator",
      "identityModulator",
      "measureUncertainty",
      "modulate",
      "modulatedTokens",
      "modulationCoefficients",
      "modulatorSchema",
      "modulators",
      "predictedDrift",
      "randomModulator",
      "shapingModulator",
      "topKEntropyBounds",
      "unmetNeeds",
    ]
  `);
  expect(Object.keys(laws).sort()).toMatchInlineSnapshot(`
    [
      "creditedBatchArbitrary",
      "entropyModulationClaims",
      "modulatorLaws",
    ]
  `);
  expect(Object.keys(theory).sort()).toMatchInlineSnapshot(`
    [
      "calibrationCost",
      "covariance",
      "crossEntropyOf",
      "entropyAlong",
      "expectation",
      "expectedDrift",
      "featureDrift",
      "modulationPressure",
      "naturalDirection",
      "naturalDrift",
      "plainDirection",
      "plainDrift",
      "policyEntropyDrift",
      "probabilityDirection",
      "regularizationDrift",
      "softmaxPolicy",
      "treeEntropy",
      "treeResponses",
    ]
  `);
});
