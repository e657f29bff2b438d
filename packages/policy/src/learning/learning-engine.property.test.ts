import type { TrainingRow } from "@turnwise/core";
import { createOnnxExecutor } from "@turnwise/graph/onnx";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { smallModelConfig } from "../model/model-config.ts";
import { initialParameters } from "../model/parameter-table.ts";
import { LearningEngine, type LearningEngineOptions } from "./learning-engine.ts";
import { traceObjective } from "./objective-program.ts";
import { parameterLayout } from "../model/parameter-layout.ts";

const config = smallModelConfig({ vocabularySize: 12, hiddenSize: 16, numLayers: 2 });
const parameters = initialParameters(config, 5);
const executor = createOnnxExecutor({ threads: 1 });

const layout = parameterLayout(config, { valueHead: true });
const createEngine = (options: Partial<LearningEngineOptions>): Promise<LearningEngine> =>
  LearningEngine.create(parameters, {
    layout,
    executor,
    microbatchTokens: 1000,
    // With a learning rate of 0, all engines keep the same weights.
    optimizer: { learningRate: { peak: 0 }, maxGradientNorm: 1e30 },
    ...options,
  });

/**
 * One row per microbatch, so that nothing is shared or packed; compared with many packed variants.
 */
const alone = await createEngine({ microbatchTokens: 1 });
const others = {
  "all at once": await createEngine({}),
  "microbatches of 24": await createEngine({ microbatchTokens: 24 }),
  "chunked logits": await createEngine({ maxLogits: 60 }),
  "layers recomputed": await createEngine({ recomputeLayers: true }),
};
afterAll(async () => {
  for (const engine of [alone, ...Object.values(others)]) await engine.close();
});

const objective = traceObjective({
  name: "everything",
  needs: ["advantages", "values"],
  evaluate: (ops, { newLogProbs, entropies, weights, responses, fields }) => {
    // The loss of each token also depends on the probability of its whole response.
    const response = ops.exp(ops.segmentSum(ops.multiply(newLogProbs, 0.1), responses));
    const gain = ops.multiply(ops.segmentGather(response, responses), fields.advantages!);
    const rest = ops.add(
      ops.multiply(entropies, 0.3),
      ops.multiply(fields.values!, fields.values!),
    );
    const loss = ops.sum(ops.multiply(weights, ops.subtract(rest, gain)));
    return { loss, metrics: { gain: ops.sum(ops.multiply(weights, gain)) } };
  },
});

/** Rows over few distinct tokens, so that many share prefixes, some of which include responses. */
const trainingRows: fc.Arbitrary<TrainingRow[]> = fc.array(
  fc
    .tuple(
      fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 2, maxLength: 20 }),
      fc.array(fc.tuple(fc.nat(4), fc.integer({ min: 1, max: 5 })), { minLength: 1, maxLength: 3 }),
      fc.array(fc.constantFrom(-1, 0, 0.5, 2), { minLength: 20, maxLength: 20 }),
    )
    .map(([tokens, parts, numbers]) => {
      const spans: TrainingRow["spans"][number][] = [];
      let at = 1;
      for (const [gap, wanted] of parts) {
        const start = at + gap;
        if (start >= tokens.length) break;
        const length = Math.min(wanted, tokens.length - start);
        spans.push({ turnIndex: spans.length, start, length });
        at = start + length;
      }
      if (spans.length === 0) spans.push({ turnIndex: 0, start: 1, length: 1 });
      const count = spans.reduce((total, { length }) => total + length, 0);
      return {
        tokens,
        spans,
        weights: Float32Array.from({ length: count }, (_, i) => 0.1 + 0.02 * i),
        fields: { advantages: Float32Array.from(numbers.slice(0, count)) },
      };
    }),
  { minLength: 1, maxLength: 6 },
);

test("has the loss and gradient of the single rows, however they are packed", async () => {
  await fc.assert(
    fc.asyncProperty(trainingRows, async (rows) => {
      const expected = await alone.update(rows, objective);
      const scores = await alone.score(rows);
      for (const [name, engine] of Object.entries(others)) {
        const report = await engine.update(rows, objective);
        const scale = 1 + Math.abs(expected.loss);
        expect(Math.abs(report.loss - expected.loss)).toBeLessThan(1e-5 * scale);
        expect(report.metrics["gain"]).toBeCloseTo(expected.metrics["gain"]!, 4);
        for (const { name: parameter } of layout.trained) {
          const gradient = alone.gradient(parameter);
          const largest = gradient.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-3);
          const found = engine.gradient(parameter);
          const error = gradient.reduce((most, x, i) => Math.max(most, Math.abs(x - found[i]!)), 0);
          // Sums of a few hundred float32 terms in a different order.
          expect({ name, parameter, error: error / largest < 2e-4 ? 0 : error }).toEqual({
            name,
            parameter,
            error: 0,
          });
        }
        (await engine.score(rows)).forEach(({ spans }, row) =>
          spans.forEach((span, i) => {
            for (const part of ["logProbs", "entropies", "values"] as const) {
              span[part]!.forEach((value, t) =>
                expect(value).toBeCloseTo(scores[row]!.spans[i]![part]![t]!, 5),
              );
            }
          }),
        );
      }
    }),
    { numRuns: 15 },
  );
});
