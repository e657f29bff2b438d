import { describe, expect, it } from "vitest";
import { createReferenceExecutor, trace } from "./index.ts";

describe("createReferenceExecutor", () => {
  it("runs a program with the interpreter, with float32 inputs and outputs", async () => {
    const program = trace((g) => ({ y: g.divide(g.input("x", "float32", ["n"]), 3) }));
    const executable = await createReferenceExecutor().compile(program);
    const { y } = await executable.run({ x: { data: Float32Array.of(1, 6), shape: [2] } });
    expect(y).toEqual({ shape: [2], data: Float32Array.of(1 / 3, 2) });
    await executable.release();
  });

  it("refuses outputs that are not float32", async () => {
    const program = trace((g) => ({ y: g.input("ids", "int32", ["n"]) }));
    await expect(createReferenceExecutor().compile(program)).rejects.toThrow(
      "compile: output y must be float32, got int32",
    );
  });
});
