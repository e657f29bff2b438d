import { crossEntropy, NonFiniteError, type Objective, type TrainingRow } from "@turnwise/core";
import { createReferenceExecutor } from "@turnwise/graph";
import { createOnnxExecutor } from "@turnwise/graph/onnx";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { adapterConfig, initialAdapter } from "../model/lora.ts";
import { smallModelConfig } from "../model/model-config.ts";
import { type Parameters } from "../model/shape/parameters.ts";
import { initialParameters, parameterTable } from "../model/parameter-table.ts";
import { countingExecutor } from "../testing/counting-executor.ts";
import { LearningEngine } from "./learning-engine.ts";
import { traceObjective } from "./objective-program.ts";
import { learnerOptions, type LearnerOverrides } from "../testing/learner-options.ts";
import { adapterTable } from "../model/lora.ts";

const config = {
  ...smallModelConfig({ vocabularySize: 20, hiddenSize: 16, numLayers: 2 }),
  initializerRange: 0.2,
};
const parameters = initialParameters(config, 3);
const executor = createOnnxExecutor({ threads: 1 });
const adapter = initialAdapter(
  config,
  parameters,
  adapterConfig(config, { rank: 4, modulesToSave: ["norm"] }),
  7,
);

const create = (overrides: LearnerOverrides = {}): Promise<LearningEngine> =>
  LearningEngine.create(parameters, {
    executor,
    microbatchTokens: 24,
    optimizer: { learningRate: { peak: 0.01 }, weightDecay: 0.1 },
    ...learnerOptions(config, overrides),
  });

/** Loss that depends on log-probs, entropies and, if available, values. */
const mixed = (needsValues: boolean): Objective => ({
  name: needsValues ? "mixed with values" : "mixed",
  needs: needsValues ? ["advantages", "values"] : ["advantages"],
  evaluate: (ops, { newLogProbs, entropies, weights, fields }) => {
    const gain = ops.multiply(newLogProbs, fields.advantages!);
    const bonus = ops.add(gain, ops.multiply(entropies, 0.3));
    const values = fields.values ? ops.multiply(fields.values, fields.values) : 0;
    const terms = ops.subtract(values, bonus);
    const entropy = ops.sum(ops.multiply(weights, entropies));
    return { loss: ops.sum(ops.multiply(weights, terms)), metrics: { entropy } };
  },
});

function row(length: number, starts: readonly number[], first = length): TrainingRow {
  const numTokens = 3 * starts.length;
  return {
    tokens: Array.from({ length }, (_, i) => (i * 7 + first) % 20),
    spans: starts.map((start, turnIndex) => ({ turnIndex, start, length: 3 })),
    weights: new Float32Array(numTokens).fill(0.1),
    fields: { advantages: Float32Array.from({ length: numTokens }, (_, i) => (i % 5) - 2) },
  };
}
const rows = [row(18, [1, 12]), row(8, [2]), row(23, [5, 9, 19]), row(4, [1])];

type Kind = "parameter" | "firstMoment" | "secondMoment";

/** Reads all tensors of a kind; `options` are the options of the engine. */
async function readAll(
  engine: LearningEngine,
  kind: Kind,
  overrides: LearnerOverrides = {},
): Promise<Parameters> {
  const values = new Map<string, Float32Array>();
  for (const { name } of learnerOptions(config, overrides).layout.trained) {
    values.set(name, (await engine.reader[kind](name)).slice());
  }
  return values;
}

const createBoth = (overrides: LearnerOverrides): Promise<[LearningEngine, LearningEngine]> =>
  Promise.all([create(overrides), create({ ...overrides, resident: true })]);

/** Largest difference between two sets of parameters, relative to the largest entry. */
function distance(one: Parameters, other: Parameters): number {
  let worst = 0;
  for (const [name, values] of one) {
    const others = other.get(name)!;
    const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-4);
    values.forEach((x, i) => {
      worst = Math.max(worst, Math.abs(x - others[i]!) / largest);
    });
  }
  return worst;
}

describe("resident learning equals learning on host arrays", () => {
  const cases: Record<string, LearnerOverrides> = {
    "all weights": {},
    "in one microbatch": { microbatchTokens: 1000 },
    "with a value head": { valueHead: true },
    "with an adapter": { adapter },
    "with an adapter and a value head": { adapter, valueHead: true },
    "with recomputed layers and chunked logits": { recomputeLayers: true, maxLogits: 60 },
    "with a scaled loss": { scalesLoss: true },
    "with everything decayed": {
      optimizer: { learningRate: { peak: 0.01 }, weightDecay: 0.3, decayed: "all" },
    },
  };
  test.for(Object.entries(cases))("%s", async ([, options]) => {
    const [host, resident] = await createBoth({ ...options, keepReference: true });
    const objective = traceObjective(mixed(options.valueHead === true));
    for (let step = 0; step < 4; step++) {
      const expected = await host.update(rows, objective);
      const found = await resident.update(rows, objective);
      expect(found.numTokens).toBe(expected.numTokens);
      expect(found.learningRate).toBe(expected.learningRate);
      // Float32 sums in a different order, over four steps that each start from slightly different
      // weights.
      expect(found.loss).toBeCloseTo(expected.loss, 4);
      expect(found.gradientNorm / expected.gradientNorm).toBeCloseTo(1, 4);
      expect(found.metrics["entropy"]).toBeCloseTo(expected.metrics["entropy"]!, 4);
    }
    for (const kind of ["firstMoment", "secondMoment"] as const) {
      const found = await readAll(resident, kind, options);
      expect(distance(await readAll(host, kind, options), found)).toBeLessThan(1e-3);
    }
    const weights = await Promise.all(
      [host, resident].map((engine) => readAll(engine, "parameter", options)),
    );
    expect(distance(weights[0]!, weights[1]!)).toBeLessThan(1e-3);
    expect(resident.reader.step).toBe(4);
    const merged = [await host.weights(), await resident.weights()];
    for (const { name } of parameterTable(config)) {
      const [expected, found] = [await merged[0]!(name), await merged[1]!(name)];
      expect(distance(new Map([[name, expected]]), new Map([[name, found]]))).toBeLessThan(1e-3);
    }
    expect((await resident.score(rows)).flatMap(({ spans }) => spans).length).toBe(7);
    // Both references have the initial weights.
    expect(await resident.scoreReference(rows)).toEqual(await host.scoreReference(rows));
    await Promise.all([host.close(), resident.close()]);
  });

  test("for any rows", async () => {
    const options = { valueHead: true, microbatchTokens: 12 };
    const [host, resident] = await createBoth(options);
    const objective = traceObjective(mixed(true));
    const rowsOf = fc.array(
      fc
        .tuple(fc.integer({ min: 4, max: 14 }), fc.nat(10), fc.nat(19))
        .map(([length, start, first]) => row(length, [1 + (start % (length - 3))], first)),
      { minLength: 1, maxLength: 5 },
    );
    await fc.assert(
      fc.asyncProperty(rowsOf, async (drawn) => {
        const expected = await host.update(drawn, objective);
        const report = await resident.update(drawn, objective);
        expect(Math.abs(report.loss - expected.loss)).toBeLessThan(
          1e-3 * (1 + Math.abs(expected.loss)),
        );
        // Restore the same state for each run, so that small differences do not accumulate.
        const state = {
          step: host.reader.step,
          firstMoments: await readAll(host, "firstMoment", options),
          secondMoments: await readAll(host, "secondMoment", options),
        };
        const weights = await readAll(host, "parameter", options);
        const found = await readAll(resident, "parameter", options);
        expect(distance(weights, found)).toBeLessThan(5e-3);
        await resident.restore(weights, state);
      }),
      { numRuns: 10 },
    );
    await Promise.all([host.close(), resident.close()]);
  });
});

test("computes the same as the float64 reference", async () => {
  const both = [
    create({ resident: true }),
    create({ resident: true, executor: createReferenceExecutor() }),
  ];
  const [onnx, reference] = await Promise.all(both);
  const objective = traceObjective(mixed(false));
  for (let step = 0; step < 2; step++) {
    const expected = await reference!.update(rows, objective);
    const found = await onnx!.update(rows, objective);
    expect(found.loss).toBeCloseTo(expected.loss, 4);
    expect(found.gradientNorm / expected.gradientNorm).toBeCloseTo(1, 4);
  }
  const [expected, found] = await Promise.all(
    [reference!, onnx!].map((e) => readAll(e, "parameter")),
  );
  expect(distance(expected!, found!)).toBeLessThan(1e-3);
  await Promise.all([onnx!.close(), reference!.close()]);
});

test("keeps the same number of tensors after each update, moves no weights, and releases all in the end", async () => {
  const counting = countingExecutor(executor);
  const engine = await create({ executor: counting, resident: true, keepReference: true });
  const numParameters = parameterTable(config).length;
  // Parameters and two moments each, and the two rotary tables.
  expect(counting.numLive).toBe(3 * numParameters + 2);
  const objective = traceObjective(mixed(false));
  const update = async (): Promise<number> => {
    const before = counting.numMoved;
    await engine.update(rows, objective);
    return counting.numMoved - before;
  };
  const numMoved = await update();
  // Transferred: rows, their layout and per-token outputs; coefficients, and one sum of squares per
  // parameter.
  expect(numMoved).toBeLessThan(2000);
  // The reference keeps the initial weights, so the updated weights are new tensors.
  expect(counting.numLive).toBe(4 * numParameters + 2);
  expect(await update()).toBe(numMoved);
  expect(counting.numLive).toBe(4 * numParameters + 2);

  const loaded = engine.share()!;
  expect(counting.numLive).toBe(4 * numParameters + 2);
  const name = "model.norm.weight";
  const before = await loaded.get(name)!.read();
  await update();
  expect(counting.numLive).toBe(5 * numParameters + 2);
  expect(await loaded.get(name)!.read()).toEqual(before);
  expect(await engine.reader.parameter(name)).not.toEqual(before);
  await update();
  expect(counting.numLive).toBe(5 * numParameters + 2);
  loaded.release();
  expect(counting.numLive).toBe(4 * numParameters + 2);
  await engine.close();
  expect(counting.numLive).toBe(0);
});

test("shares the frozen weights of an adapter with the sampler", async () => {
  const counting = countingExecutor(executor);
  const engine = await create({ executor: counting, resident: true, adapter });
  const numTrained = adapterTable(config, adapter.config).length;
  const numFrozen = parameterTable(config).length;
  expect(counting.numLive).toBe(numFrozen + 3 * numTrained + 2);
  const loaded = engine.share()!;
  expect(loaded.names.length).toBe(numFrozen + numTrained - 1); // `model.norm.weight` is in both the model and the adapter
  await engine.update(rows, traceObjective(mixed(false)));
  expect(counting.numLive).toBe(numFrozen + 4 * numTrained + 2);
  await engine.scoreReference(rows);
  loaded.release();
  expect(counting.numLive).toBe(numFrozen + 3 * numTrained + 2);
  await engine.close();
  expect(counting.numLive).toBe(0);
});

test("leaves everything unchanged if a number is not finite", async () => {
  const counting = countingExecutor(executor);
  const engine = await create({ executor: counting, resident: true });
  const objective = traceObjective(mixed(false));
  await engine.update(rows, objective);
  const kinds = ["parameter", "firstMoment", "secondMoment"] as const;
  const before = await Promise.all(kinds.map((kind) => readAll(engine, kind)));
  const numLive = counting.numLive;
  // The failure is in the second microbatch, when gradient sums of the first exist.
  const huge = { ...rows[2]!, fields: { advantages: new Float32Array(9).fill(3e38) } };
  const failed = engine.update(
    [rows[0]!, { ...huge, weights: new Float32Array(9).fill(10) }],
    objective,
  );
  await expect(failed).rejects.toBeInstanceOf(NonFiniteError);
  expect(counting.numLive).toBe(numLive);
  // The gradients of single tokens are finite, but their sum is not.
  const large = { ...rows[2]!, weights: new Float32Array(9).fill(1e37) };
  await expect(engine.update([large], objective)).rejects.toThrow(
    "update: gradient must be finite, got a norm of",
  );
  expect(counting.numLive).toBe(numLive);
  expect(await Promise.all(kinds.map((kind) => readAll(engine, kind)))).toEqual(before);
  expect(engine.reader.step).toBe(1);
  await engine.close();
});

test("only decays weights if no row has a weight", async () => {
  const engine = await create({ resident: true });
  const none = { ...rows[1]!, weights: new Float32Array(3) };
  const report = await engine.update([none], traceObjective(crossEntropy));
  expect(report).toMatchObject({ loss: 0, gradientNorm: 0, numTokens: 0, learningRate: 0.01 });
  const name = "model.layers.0.mlp.up_proj.weight";
  const ratio = (await engine.reader.parameter(name))[5]! / parameters.get(name)![5]!;
  expect(ratio).toBeCloseTo(1 - 0.01 * 0.1, 6);
  await engine.close();
});

test("resumes to the same bits from the state read", async () => {
  const [one, other] = [await create({ resident: true }), await create({ resident: true })];
  const objective = traceObjective(mixed(false));
  for (let step = 0; step < 3; step++) await one.update(rows, objective);
  await other.restore(await readAll(one, "parameter"), {
    step: one.reader.step,
    firstMoments: await readAll(one, "firstMoment"),
    secondMoments: await readAll(one, "secondMoment"),
  });
  for (let step = 0; step < 2; step++) {
    expect(await other.update(rows, objective)).toEqual(await one.update(rows, objective));
  }
  for (const kind of ["parameter", "firstMoment", "secondMoment"] as const) {
    expect(await readAll(other, kind)).toEqual(await readAll(one, kind));
  }
  await Promise.all([one.close(), other.close()]);
});
