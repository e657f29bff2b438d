import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crossEntropy, type TrainingRow } from "@turnwise/core";
import { createOnnxExecutor } from "@turnwise/graph/onnx";
import { describe, expect, test } from "vitest";
import { smallModelConfig } from "../model/model-config.ts";
import { initialParameters, parameterTable } from "../model/parameter-table.ts";
import { readLearner, writeLearner } from "../engine/learner-checkpoint.ts";
import { LearningEngine, type LearningEngineOptions } from "./learning-engine.ts";
import { LossScale } from "./loss-scale.ts";
import { traceObjective } from "./objective-program.ts";
import { parameterLayout } from "../model/parameter-layout.ts";

test("halves after an overflow, and doubles after 2000 steps without one", () => {
  const scale = new LossScale();
  expect(scale.state).toEqual({ scale: 65536, numSteps: 0 });
  expect(scale.shrink()).toBe(true);
  for (let step = 0; step < 1999; step++) scale.step();
  expect(scale.state).toEqual({ scale: 32768, numSteps: 1999 });
  scale.step();
  expect(scale.state).toEqual({ scale: 65536, numSteps: 0 });
  scale.restore({ scale: 1, numSteps: 7 });
  expect(scale.shrink()).toBe(false);
  expect(scale.state).toEqual({ scale: 1, numSteps: 7 });
});

const config = smallModelConfig({ vocabularySize: 20, hiddenSize: 16, numLayers: 1 });
const objective = traceObjective(crossEntropy);

const create = (overrides: Partial<LearningEngineOptions>): Promise<LearningEngine> =>
  LearningEngine.create(initialParameters(config, 3), {
    layout: parameterLayout(config),
    executor: createOnnxExecutor({ threads: 1 }),
    microbatchTokens: 64,
    optimizer: { learningRate: { peak: 0.01 } },
    ...overrides,
  });

const row = (weight: number): TrainingRow => ({
  tokens: [1, 5, 2, 8, 3, 9],
  spans: [{ turnIndex: 0, start: 2, length: 4 }],
  weights: new Float32Array(4).fill(weight),
  fields: {},
});

describe.each([
  // With 3e38, entries of the sum overflow; with 1e35, the squares of entries.
  { resident: false, weight: 1e35, large: 3e38 },
  { resident: true, weight: 1e16, large: 1e22 },
])("a learner with a scaled loss, resident: $resident", ({ resident, weight, large }) => {
  test("lowers the scale until nothing overflows, and steps as without scaling", async () => {
    const scaled = await create({ resident, scalesLoss: true });
    const plain = await create({ resident });
    const expected = await plain.update([row(weight)], objective);
    const report = await scaled.update([row(weight)], objective);
    expect(report.gradientNorm / expected.gradientNorm).toBeCloseTo(1, 5);
    const { scale, numSteps } = scaled.lossScale!;
    expect(scale).toBeLessThan(65536);
    expect(scale).toBeGreaterThan(1);
    expect(numSteps).toBe(1);
    expect(scaled.timings.numMicrobatches).toBe(1 + Math.log2(65536 / scale));
    for (const { name } of parameterTable(config)) {
      const [found, wanted] = [
        await scaled.reader.parameter(name),
        await plain.reader.parameter(name),
      ];
      // Scaling by powers of 2 does not round; only the clipping factor is rounded at a different
      // point.
      found.forEach((value, i) => expect(Math.abs(value - wanted[i]!)).toBeLessThan(1e-5));
    }
    await Promise.all([scaled.close(), plain.close()]);
  });

  test("restores its scale if the gradient itself is not finite", async () => {
    const engine = await create({ resident, scalesLoss: true });
    await engine.update([row(0.1)], objective);
    const before = engine.lossScale;
    expect(before).toEqual({ scale: 65536, numSteps: 1 });
    await expect(engine.update([row(large)], objective)).rejects.toThrow("must be finite");
    expect(engine.lossScale).toEqual(before);
    expect(engine.reader.step).toBe(1);
    await engine.close();
  });
});

test("resumes from the saved scale", async () => {
  const folder = await mkdtemp(join(tmpdir(), "loss-scale-"));
  const shape = { layout: parameterLayout(config), weights: { seed: 0 } };
  const [one, other] = [await create({ scalesLoss: true }), await create({ scalesLoss: true })];
  await one.update([row(1e35)], objective);
  const { lossScale, reader } = one;
  await writeLearner(folder, shape, { state: reader, lossScale, version: 1 });
  const saved = await readLearner(folder, shape);
  expect(saved.lossScale).toEqual(lossScale);
  await other.restore(saved.parameters, saved.optimizer, saved.lossScale);
  expect(other.lossScale).toEqual(lossScale);

  // A checkpoint of a learner without loss scaling has no loss scale.
  await writeLearner(folder, shape, { state: reader, lossScale: undefined, version: 1 });
  expect((await readLearner(folder, shape)).lossScale).toBe(undefined);
  await Promise.all([one.close(), other.close()]);
  await rm(folder, { recursive: true });
});
