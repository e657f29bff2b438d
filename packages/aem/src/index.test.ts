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
      "computeTokenAdvantages",
      "criticalModulator",
      "diagnoseModulation",
      "empgModulator",
      "entropyModulator",
      "findUnmetNeeds",
      "identityModulator",
      "measureUncertainty",
      "modulate",
      "modulationCoefficients",
      "modulatorSchema",
      "modulators",
      "predictDrift",
      "randomModulator",
      "shapingModulator",
      "topKEntropyBounds",
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
      "computeCrossEntropy",
      "covariance",
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
