import { expect, it } from "vitest";
import * as graph from "./index.ts";
import * as laws from "./laws.ts";
import * as onnx from "./onnx/index.ts";
import * as tensorflow from "./tensorflow/index.ts";

it("exports these names", () => {
  expect(Object.keys(graph).toSorted()).toEqual([
    "Tracer",
    "accumulate",
    "adamW",
    "adamWFeed",
    "addDimensions",
    "attention",
    "bindFeeds",
    "canonicalDimension",
    "causalBias",
    "clipScale",
    "computeAdamWCoefficients",
    "createReferenceExecutor",
    "createTrainer",
    "evaluateDimension",
    "evaluateShape",
    "finiteDifferences",
    "floorDivideDimension",
    "forestAttention",
    "forestDepths",
    "forestTokens",
    "globalNorm",
    "gradients",
    "graphOperations",
    "interpret",
    "layoutForest",
    "logProbAndEntropy",
    "multiplyDimensions",
    "readFrozen",
    "recompute",
    "rematerialize",
    "scaleInPlace",
    "subtractDimensions",
    "swiglu",
    "trace",
    "traceAdamW",
  ]);
  expect(Object.keys(laws).toSorted()).toEqual([
    "executorLaws",
    "gradientLaws",
    "measureConformance",
  ]);
  expect(Object.keys(onnx).toSorted()).toEqual(["createOnnxExecutor", "lowerToOnnx"]);
  expect(Object.keys(tensorflow).toSorted()).toEqual([
    "createTensorFlowExecutor",
    "tensorFlowPackages",
  ]);
});
