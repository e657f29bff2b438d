import { expect, it } from "vitest";
import * as core from "./index.ts";

it("exports what it means to", () => {
  expect(Object.keys(core).sort()).toEqual([
    "FailureError",
    "NonFiniteError",
    "SequenceLimitError",
    "checkFinite",
    "checkInteger",
    "checkNonNegative",
    "checkPositive",
    "checkSameLength",
    "createRandom",
    "crossEntropy",
    "defineLaw",
    "entropyOfLogits",
    "failureKindOf",
    "failureKinds",
    "findNonFinite",
    "findNonFiniteHalf",
    "isGraded",
    "isInfrastructure",
    "isSuccess",
    "logSoftmax",
    "logSumExp",
    "mean",
    "narrowToHalves",
    "plainOperations",
    "recordVersion",
    "sum",
    "trajectoryReturn",
    "trajectoryRows",
    "variance",
    "widenHalves",
  ]);
});
