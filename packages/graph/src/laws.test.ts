import { describe, expect, it } from "vitest";
import {
  createReferenceExecutor,
  type Executor,
  type Output,
  type ResidentTensor,
} from "./index.ts";
import { executorLaws, measureConformance } from "./laws.ts";
import { createOnnxExecutor } from "./onnx/index.ts";

const isKoffiThere = await import("koffi").then(
  () => true,
  () => false,
);

describe.each(["node", "koffi"] as const)("the ONNX executor, called through %s", (binding) => {
  for (const law of executorLaws(createOnnxExecutor({ threads: 2, binding }))) {
    it.skipIf(binding === "koffi" && !isKoffiThere)(`satisfies the law: ${law.name}`, law.check);
  }
});

describe("executorLaws", () => {
  /** The reference executor with one wrong result. */
  const broken: Executor = {
    ...createReferenceExecutor(),
    compile: async (program, options) => {
      const executable = await createReferenceExecutor().compile(program, options);
      return {
        release: () => executable.release(),
        run: async (feeds) => {
          const outputs = await executable.run(feeds);
          for (const output of Object.values<Output | ResidentTensor>(outputs)) {
            if ("data" in output) output.data[0]! += 1;
          }
          return outputs;
        },
      };
    },
  };

  it("hold for the reference executor", async () => {
    const laws = executorLaws(createReferenceExecutor(), { seed: "reference" });
    // Skip the scatter law: it is slow in the interpreter, which has no threads that could race.
    for (const law of laws.filter(({ name }) => !name.startsWith("sums all updates")))
      await law.check();
  });

  it("detect a wrong number, and name it", async () => {
    const [add] = executorLaws(broken);
    await expect(add!.check()).rejects.toThrow(
      /^law "agrees with the interpreter: add" .* does not hold\noutput result\[0\] must be/,
    );
  });
});

describe("measureConformance", () => {
  it("measure no error beyond float32 rounding in the reference executor", async () => {
    const results = await measureConformance(createReferenceExecutor());
    expect(results.filter(({ holds }) => !holds)).toEqual([]);
    expect(Math.max(...results.map(({ maxError }) => maxError))).toBeLessThan(1e-6);
  });
});
