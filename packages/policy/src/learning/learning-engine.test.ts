import { crossEntropy, NonFiniteError, type Objective, type TrainingRow } from "@turnwise/core";
import { createOnnxExecutor } from "@turnwise/graph/onnx";
import { expect, test } from "vitest";
import { smallModelConfig } from "../model/model-config.ts";
import { type Parameters } from "../model/shape/parameters.ts";
import { initialParameters } from "../model/parameter-table.ts";
import type { ReadTensor } from "../checkpoints/stored-parameters.ts";
import { LearningEngine, type LearningEngineOptions } from "./learning-engine.ts";
import { traceObjective } from "./objective-program.ts";
import { parameterLayout } from "../model/parameter-layout.ts";

const config = smallModelConfig({ vocabularySize: 20, hiddenSize: 32, numLayers: 2 });
const parameters = initialParameters(config, 3);
const executor = createOnnxExecutor({ threads: 2 });

const createEngine = (overrides: Partial<LearningEngineOptions> = {}): Promise<LearningEngine> =>
  LearningEngine.create(parameters, {
    layout: parameterLayout(config),
    executor,
    microbatchTokens: 64,
    optimizer: { learningRate: { peak: 0.01 } },
    ...overrides,
  });

/** Row of consecutive tokens, with spans of three tokens at the given starts. */
function row(length: number, starts: readonly number[], weight = 0.1): TrainingRow {
  const numTokens = 3 * starts.length;
  return {
    tokens: Array.from({ length }, (_, i) => (i * 7 + length) % 20),
    spans: starts.map((start, turnIndex) => ({ turnIndex, start, length: 3 })),
    weights: new Float32Array(numTokens).fill(weight),
    fields: {
      oldLogProbs: new Float32Array(numTokens).fill(-3),
      advantages: Float32Array.from({ length: numTokens }, (_, i) => i - 2),
    },
  };
}

/** Loss that reads everything an objective may read, per response and per token. */
const mixed: Objective = {
  name: "mixed",
  needs: ["oldLogProbs", "advantages"],
  evaluate: (ops, { newLogProbs, entropies, weights, responses, fields }) => {
    const logRatios = ops.subtract(newLogProbs, fields.oldLogProbs!);
    const perResponse = ops.exp(ops.divide(ops.segmentSum(logRatios, responses), 3));
    const gain = ops.multiply(ops.segmentGather(perResponse, responses), fields.advantages!);
    const entropy = ops.sum(ops.multiply(weights, entropies));
    const loss = ops.subtract(
      ops.negate(ops.sum(ops.multiply(weights, gain))),
      ops.multiply(entropy, 0.5),
    );
    return { loss, metrics: { entropy, gain: ops.sum(ops.multiply(weights, gain)) } };
  },
};

const snapshot = (values: Parameters): Parameters =>
  new Map([...values].map(([name, array]) => [name, array.slice()]));

async function readAll(read: ReadTensor): Promise<Parameters> {
  const values = new Map<string, Float32Array>();
  for (const name of parameters.keys()) values.set(name, (await read(name)).slice());
  return values;
}

const weightsOf = (engine: LearningEngine): Promise<Parameters> => readAll(engine.reader.parameter);

test("scores every span of every row in order, whatever the microbatches", async () => {
  const rows = [row(30, [1, 20]), row(8, [2]), row(50, [5, 9, 44]), row(4, [1]), row(9, [])];
  const engine = await createEngine();
  const scored = await engine.score(rows);
  expect(scored.map(({ spans }) => spans.map(({ logProbs }) => logProbs.length))).toEqual([
    [3, 3],
    [3],
    [3, 3, 3],
    [3],
    [],
  ]);
  for (const [i, each] of rows.entries()) {
    const [alone] = await engine.score([each]);
    each.spans.forEach((_, span) => {
      for (const part of ["logProbs", "entropies"] as const) {
        const expected = alone!.spans[span]![part];
        scored[i]!.spans[span]![part].forEach((value, t) =>
          expect(value).toBeCloseTo(expected[t]!, 5),
        );
      }
    });
  }
  await engine.close();
});

test("sums microbatches to the same loss, metrics and gradient", async () => {
  const rows = [row(30, [1, 20]), row(8, [2]), row(50, [5, 9, 44]), row(4, [1]), row(12, [3])];
  const reports = [];
  for (const microbatchTokens of [1000, 64, 1]) {
    const engine = await createEngine({ microbatchTokens });
    const report = await engine.update(rows, traceObjective(mixed));
    reports.push({
      ...report,
      gradients: [...parameters.keys()].map((name) => engine.gradient(name)),
    });
    await engine.close();
  }
  const [whole, ...others] = reports;
  expect(whole!.numTokens).toBe(24);
  expect(Object.keys(whole!.metrics)).toEqual(["entropy", "gain"]);
  for (const other of others) {
    expect(other.loss).toBeCloseTo(whole!.loss, 5);
    expect(other.gradientNorm / whole!.gradientNorm).toBeCloseTo(1, 5);
    expect(other.metrics["entropy"]).toBeCloseTo(whole!.metrics["entropy"]!, 5);
    expect(other.metrics["gain"]).toBeCloseTo(whole!.metrics["gain"]!, 5);
    other.gradients.forEach((gradient, i) => {
      const errors = gradient.map((value, j) => Math.abs(value - whole!.gradients[i]![j]!));
      expect(Math.max(...errors)).toBeLessThan(1e-5);
    });
  }
});

test("gets the same result without rows that have no weight", async () => {
  const rows = [row(30, [1, 20]), row(8, [2])];
  const objective = traceObjective(mixed);
  const [plain, padded] = [await createEngine(), await createEngine()];
  const expected = await plain.update(rows, objective);
  expect(await padded.update([row(40, [3], 0), ...rows, row(12, [7], 0)], objective)).toEqual(
    expected,
  );
  expect(padded.timings.numPositions).toBe(plain.timings.numPositions);
  expect(await weightsOf(padded)).toEqual(await weightsOf(plain));
  await Promise.all([plain.close(), padded.close()]);
});

test("has the gradient found by central differences", async () => {
  const rows = [row(30, [1, 20]), row(8, [2])];
  const engine = await createEngine();
  const objective = traceObjective(mixed);
  const { gradientNorm } = await engine.update(rows, objective);
  const gradients = new Map(
    [...parameters.keys()].map((name) => [name, engine.gradient(name).slice()]),
  );
  const size = 5e-3;
  const at = async (distance: number): Promise<number> => {
    const moved = new Map(
      [...parameters].map(([name, values]) => [
        name,
        values.map((value, i) => value + (distance / gradientNorm) * gradients.get(name)![i]!),
      ]),
    );
    await engine.restore(moved);
    return (await engine.update(rows, objective)).loss;
  };
  const slope = ((await at(size)) - (await at(-size))) / (2 * size);
  // In float32 the error is of the order of size^2 + 1e-6 / size.
  expect(slope / gradientNorm).toBeCloseTo(1, 2);
  await engine.close();
});

test("decays only matrices, or everything, by learningRate * weightDecay", async () => {
  const rows = [row(8, [2], 0)];
  for (const decayed of ["matrices", "all"] as const) {
    const engine = await createEngine({
      optimizer: { learningRate: { peak: 0.01 }, weightDecay: 0.5, decayed },
    });
    const report = await engine.update(rows, traceObjective(crossEntropy));
    // All token weights are 0, so the gradient is 0 and only weight decay has an effect: 1 - 0.01 *
    // 0.5.
    expect(report).toMatchObject({ loss: 0, gradientNorm: 0, numTokens: 0, learningRate: 0.01 });
    const matrix = "model.layers.0.mlp.up_proj.weight";
    const ratio = (await engine.reader.parameter(matrix))[5]! / parameters.get(matrix)![5]!;
    expect(ratio).toBeCloseTo(0.995, 6);
    const norm = (await engine.reader.parameter("model.norm.weight"))[0]!;
    expect(norm).toBeCloseTo(decayed === "all" ? 0.995 : 1, 6);
    await engine.close();
  }
});

test("makes a first step of the learning rate, and follows the schedule", async () => {
  const engine = await createEngine({
    optimizer: { learningRate: { peak: 0.01, warmupSteps: 2, decay: "linear", totalSteps: 4 } },
  });
  const rates = [];
  const scales = [];
  for (let step = 0; step < 5; step++) {
    const { learningRate } = await engine.update([row(30, [1, 20])], traceObjective(mixed));
    rates.push(learningRate);
    scales.push((await engine.reader.parameter("model.norm.weight"))[0]!);
  }
  // Adam's first step has the size of the learning rate, whatever the gradient.
  expect(Math.abs(scales[0]! - 1) / 0.005).toBeCloseTo(1, 2);
  expect(rates).toEqual([0.005, 0.01, 0.01, 0.005, 0]);
  await engine.close();
});

test("names row and token of a value that is not finite, and keeps weights and moments", async () => {
  const engine = await createEngine();
  const objective = traceObjective(mixed);
  await engine.update([row(8, [2])], objective);
  const before = await weightsOf(engine);
  const moments = await readAll(engine.reader.secondMoment);
  const rows = [row(30, [1, 20]), row(8, [2]), row(12, [3, 7])];
  const fail = async (changed: TrainingRow): Promise<NonFiniteError> => {
    try {
      await engine.update([rows[0]!, rows[1]!, changed], objective);
    } catch (error) {
      if (error instanceof NonFiniteError) return error;
    }
    throw new Error("update must have thrown a NonFiniteError");
  };
  const advantages = rows[2]!.fields.advantages!.with(4, Number.NaN);
  const given = await fail({ ...rows[2]!, fields: { ...rows[2]!.fields, advantages } });
  expect(given.message).toBe(
    "update: rows[2].advantages[4] (token at position 8) must be finite, got NaN",
  );
  expect([given.row, given.position]).toEqual([2, 8]);

  // The inputs are finite, but the ratio exp(200) of the second response overflows: all its tokens
  // have an infinite loss.
  const oldLogProbs = rows[2]!.fields.oldLogProbs!.with(3, -600);
  const computed = await fail({ ...rows[2]!, fields: { ...rows[2]!.fields, oldLogProbs } });
  expect(computed.message).toMatch(
    /^update: gradient of the loss with respect to the log-prob of the token at position 7 of rows\[2\] must be finite, got -?(Infinity|NaN)$/,
  );
  expect([computed.row, computed.position]).toEqual([2, 7]);

  expect(await weightsOf(engine)).toEqual(before);
  expect(await readAll(engine.reader.secondMoment)).toEqual(moments);
  expect(engine.reader.step).toBe(1);
  await engine.close();
});

test("names the token whose log-prob is infinite because of the weights", async () => {
  const engine = await createEngine();
  const broken = snapshot(parameters);
  // Only the embedding of token 19 is NaN; rows without this token are unaffected.
  broken.get("model.embed_tokens.weight")!.fill(Number.NaN, 19 * 32);
  await engine.restore(broken);
  await expect(engine.update([row(8, [2])], traceObjective(crossEntropy))).rejects.toThrow(
    "log-prob of the token at position 2 of rows[0] must be finite, got NaN",
  );
  await engine.close();
});

test("refuses rows that do not fit the model or the objective", async () => {
  const engine = await createEngine();
  const objective = traceObjective(mixed);
  const good = row(8, [2]);
  await expect(engine.update([], objective)).rejects.toThrow(
    "update: rows must contain a response token, got none",
  );
  await expect(engine.update([{ ...good, fields: {} }], objective)).rejects.toThrow(
    "update: rows[0] must have 3 oldLogProbs for objective mixed, got none",
  );
  await expect(
    engine.update([{ ...good, weights: new Float32Array(2) }], objective),
  ).rejects.toThrow("update: rows[0] must have 3 weights for objective mixed, got 2");
  await expect(engine.score([{ ...good, tokens: [1, 2, 20, 3, 4, 5, 6] }])).rejects.toThrow(
    "score: rows[0].tokens[2] must be a whole number in [0, 19], got 20",
  );
  await expect(
    createEngine({ optimizer: { learningRate: { peak: 0.1 }, beta1: 1 } }),
  ).rejects.toThrow("optimizer: beta1 must be below 1, got 1");
  await engine.close();
});
