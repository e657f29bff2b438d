import * as tensorFlow from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { trace, type Program } from "../index.ts";
import { executorLaws } from "../laws.ts";
import { trainResident } from "../laws/training-step.ts";
import { createTensorFlowExecutor } from "./index.ts";

await import("@tensorflow/tfjs-backend-cpu");
const executor = createTensorFlowExecutor({ module: tensorFlow });

function square(): Program<"y"> {
  return trace((g) => {
    const x = g.input("x", "float32", ["n"]);
    return { y: g.multiply(x, x) };
  });
}

describe("the TensorFlow.js executor", () => {
  for (const law of executorLaws(executor)) it(`satisfies the law: ${law.name}`, law.check);

  it("leaves no tensor behind: of runs, of failed runs, of disposed residents", async () => {
    const before = tensorFlow.memory().numTensors;
    await trainResident(executor, 2);
    const failing = await executor.compile(square(), { frozen: {} });
    await expect(failing.run({ x: { data: new Float64Array(1), shape: [1] } })).rejects.toThrow(
      "run: feed x must be a Float32Array, got a Float64Array",
    );
    await failing.release();
    expect(tensorFlow.memory().numTensors).toBe(before);
  });

  it("says what to install if there is no package", async () => {
    const missing = createTensorFlowExecutor({ packages: ["@tensorflow/tfjs-node-gpu"] });
    await expect(missing.compile(square())).rejects.toThrow(
      /^createTensorFlowExecutor: one of @tensorflow\/tfjs-node-gpu must be installed \(npm install @tensorflow\/tfjs works on every platform.*got: @tensorflow\/tfjs-node-gpu: /u,
    );
  });

  it("refuses an object that is not such a module", async () => {
    const { ready, setBackend } = tensorFlow;
    const wrong = createTensorFlowExecutor({ module: { ready, setBackend } });
    await expect(wrong.compile(square())).rejects.toThrow(
      "createTensorFlowExecutor: module must have a function tensor, got undefined",
    );
  });

  it("refuses a backend that the module does not have", async () => {
    const wrong = createTensorFlowExecutor({ module: tensorFlow, backend: "abacus" });
    await expect(wrong.compile(square())).rejects.toThrow(
      "createTensorFlowExecutor: backend must be a backend of the module, got abacus",
    );
  });
});
