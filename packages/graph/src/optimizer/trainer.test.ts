import { createRandom } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import {
  adamW,
  createReferenceExecutor,
  createTrainer,
  globalNorm,
  gradients,
  interpret,
  trace,
  type Tensor,
  type Tracer,
} from "../index.ts";
import { createOnnxExecutor } from "../onnx/index.ts";

const random = createRandom("trainer");
const numbers = (...shape: number[]) => ({
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.next() - 0.5),
  shape,
});

function loss(g: Tracer, { weight, bias }: Readonly<Record<string, Tensor>>): Tensor {
  const predicted = g.tanh(g.linear(g.input("x", "float32", ["n", 3]), weight!, bias));
  const error = g.subtract(predicted, g.input("y", "float32", ["n", 2]));
  return g.reduceMean(g.multiply(error, error));
}

describe("createTrainer", () => {
  const parameters = { weight: numbers(2, 3), bias: numbers(2) };

  for (const maxNorm of [undefined, 0.1]) {
    it(`equals gradients and adamW by hand, with a norm of ${maxNorm ?? "any size"}`, async () => {
      const program = trace((g) => {
        const weight = g.input("weight", "float32", [2, 3]);
        const bias = g.input("bias", "float32", [2]);
        const value = loss(g, { weight, bias });
        const [dWeight, dBias] = gradients(g, value, [weight, bias]);
        return { value, weight: dWeight!, bias: dBias! };
      });
      const state = Object.entries(parameters).map(([name, { data, shape }]) => ({
        name: name as "weight" | "bias",
        shape,
        parameter: data.slice(),
        firstMoment: new Float32Array(data.length),
        secondMoment: new Float32Array(data.length),
      }));
      const trainer = await createTrainer(createOnnxExecutor({ threads: 1 }), {
        parameters,
        loss,
        ...(maxNorm === undefined ? {} : { maxNorm }),
      });
      for (let step = 1; step <= 4; step++) {
        const batch = { x: numbers(2 + step, 3), y: numbers(2 + step, 2) };
        const weights = Object.fromEntries(
          state.map(({ name, parameter, shape }) => [name, { data: parameter, shape }]),
        );
        const expected = interpret(program, { ...batch, ...weights });
        const found = state.map(({ name }) => Float32Array.from(expected[name].data));
        const norm = globalNorm(found);
        const options = { learningRate: 0.05, weightDecay: 0.1 };
        const gradientScale = Math.min(1, (maxNorm ?? Infinity) / norm);
        state.forEach((each, i) =>
          adamW({ ...each, gradient: found[i]! }, { ...options, step, gradientScale }),
        );
        const report = await trainer.step(batch, options);
        expect(report.loss).toBeCloseTo(expected.value.data[0]!, 5);
        expect(report.gradientNorm).toBeCloseTo(norm, 5);
      }
      for (const { name, parameter } of state) {
        const trained = await trainer.read(name);
        parameter.forEach((value, i) => expect(trained[i]).toBeCloseTo(value, 4));
      }
      await trainer.close();
    });
  }

  it("does not change the given weights", async () => {
    const before = parameters.bias.data.slice();
    const trainer = await createTrainer(createReferenceExecutor(), { parameters, loss });
    await trainer.step({ x: numbers(1, 3), y: numbers(1, 2) }, { learningRate: 1 });
    expect(parameters.bias.data).toEqual(before);
    await trainer.close();
  });

  it("does not count a failed step", async () => {
    const trainer = await createTrainer(createReferenceExecutor(), { parameters, loss });
    const batch = { x: numbers(1, 3), y: numbers(1, 2) };
    await expect(trainer.step({ x: batch.x }, { learningRate: 0.1 })).rejects.toThrow(
      "feed y must be given, got none",
    );
    const start = await trainer.read("bias");
    await trainer.step(batch, { learningRate: 0.1, epsilon: 0 });
    const moved = await trainer.read("bias");
    // The first step of AdamW moves each entry by the learning rate, whatever the size of its
    // gradient.
    moved.forEach((value, i) => expect(Math.abs(value - start[i]!)).toBeCloseTo(0.1, 5));
    await trainer.close();
  });

  it("reports invalid options", async () => {
    const executor = createReferenceExecutor();
    await expect(createTrainer(executor, { parameters: {}, loss })).rejects.toThrow(
      "createTrainer: parameters must not be empty, got length 0",
    );
    await expect(createTrainer(executor, { parameters, loss, maxNorm: 0 })).rejects.toThrow(
      "createTrainer: maxNorm must be",
    );
    const trainer = await createTrainer(executor, { parameters, loss });
    await expect(trainer.read("head")).rejects.toThrow(
      'read: name must be a parameter (weight, bias), got "head"',
    );
    await trainer.close();
  });
});
