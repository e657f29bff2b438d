import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  crossEntropy,
  expectAllNear,
  type Objective,
  type TokenRow,
  type TrainingRow,
} from "@turnwise/core";
import { createOnnxExecutor } from "@turnwise/graph/onnx";
import { describe, expect, test } from "vitest";
import { readAdapter } from "../checkpoints/adapter-checkpoint.ts";
import { readCheckpoint } from "../checkpoints/checkpoint.ts";
import { findSharedData, readGolden, type GoldenPolicy } from "../testing/shared-data.ts";
import { LearningEngine, type LearningEngineOptions } from "./learning-engine.ts";
import { traceObjective } from "./objective-program.ts";
import { parameterLayout } from "../model/parameter-layout.ts";

/** PPO's surrogate as a maximum of two terms, clipped to [0.8, 1.28]. */
const clippedSurrogate: Objective = {
  name: "clipped-surrogate/0.2/0.28",
  needs: ["oldLogProbs", "advantages"],
  evaluate: (ops, { newLogProbs, weights, fields }) => {
    const ratio = ops.exp(ops.subtract(newLogProbs, fields.oldLogProbs!));
    const clipped = ops.minimum(ops.maximum(ratio, 0.8), 1.28);
    const gain = ops.minimum(
      ops.multiply(ratio, fields.advantages!),
      ops.multiply(clipped, fields.advantages!),
    );
    return { loss: ops.negate(ops.sum(ops.multiply(weights, gain))), metrics: {} };
  },
};

/** Rows with one span that contains all tokens except the first. */
const scoringRows = (golden: GoldenPolicy): TokenRow[] =>
  golden.input_ids.map((tokens) => ({
    tokens,
    spans: [{ turnIndex: 0, start: 1, length: tokens.length - 1 }],
  }));

/** The same rows, weighted for a mean over the golden mask. */
function trainingRows(golden: GoldenPolicy): TrainingRow[] {
  const total = golden.mask.flat().reduce((sum, weight) => sum + weight, 0);
  return scoringRows(golden).map((row, i) => ({
    ...row,
    weights: Float32Array.from(golden.mask[i]!, (weight) => weight / total),
    fields: {
      oldLogProbs: Float32Array.from(golden.old_log_probs[i]!),
      advantages: Float32Array.from(golden.mask[i]!, () => golden.advantages[i]!),
    },
  }));
}

// Relative error; 0 if both are 0, as in a step whose ratios are all clipped.
const relative = (actual: number, expected: number): number =>
  actual === expected ? 0 : Math.abs(actual / expected - 1);

/** Converts PyTorch's name of a parameter to ours, also if it is inside peft's wrapper. */
const ownName = (name: string): string =>
  name.replace(/^base_model\.model\./, "").replace(".default.", ".");

for (const folder of ["policy/qwen2-tied", "policy/qwen3-untied", "policy/llama-lora"]) {
  const shared = findSharedData(folder);
  describe.skipIf(!shared)(`${folder}, against PyTorch`, () => {
    const golden = shared ? readGolden(shared) : undefined!;
    const create = async (
      microbatchTokens = 4096,
      options: Partial<LearningEngineOptions> = {},
    ): Promise<LearningEngine> => {
      const { config, parameters } = await readCheckpoint(shared!);
      const adapterFolder = join(shared!, "adapter");
      const adapter = existsSync(adapterFolder)
        ? await readAdapter(adapterFolder, config)
        : undefined;
      const { lr, betas, eps, weight_decay, clip } = golden.adamw;
      return LearningEngine.create(parameters, {
        layout: parameterLayout(config, { adapter: adapter?.config }),
        adapter: adapter?.parameters,
        executor: createOnnxExecutor({ threads: 2 }),
        microbatchTokens,
        optimizer: {
          learningRate: { peak: lr },
          beta1: betas[0],
          beta2: betas[1],
          epsilon: eps,
          weightDecay: weight_decay,
          decayed: "all",
          maxGradientNorm: clip,
        },
        ...options,
      });
    };

    test("computes the same log-probs and entropies", async () => {
      const engine = await create();
      const scored = await engine.score(scoringRows(golden));
      scored.forEach(({ spans: [span] }, i) => {
        expectAllNear("log-probs", span!.logProbs, golden.token_log_probs[i]!, 2e-4);
        expectAllNear("entropies", span!.entropies, golden.token_entropies[i]!.slice(0, -1), 2e-4);
      });
      await engine.close();
    });

    test("scores rows of different lengths together as each alone", async () => {
      const engine = await create();
      const rows = golden.ragged.map(({ length }, i): TokenRow => {
        const tokens = golden.input_ids[i]!.slice(0, length);
        return { tokens, spans: [{ turnIndex: 0, start: 1, length: length - 1 }] };
      });
      const scored = await engine.score(rows);
      scored.forEach(({ spans: [span] }, i) => {
        expectAllNear("log-probs", span!.logProbs, golden.ragged[i]!.token_log_probs, 2e-4);
        expectAllNear(
          "entropies",
          span!.entropies,
          golden.ragged[i]!.token_entropies.slice(0, -1),
          2e-4,
        );
      });
      await engine.close();
    });

    for (const [name, objective] of [
      ["cross_entropy", crossEntropy],
      ["clipped_surrogate", clippedSurrogate],
    ] as const) {
      for (const microbatchTokens of [4096, 30]) {
        test(`gives the same loss and gradient norm of ${name} in microbatches of ${microbatchTokens}`, async () => {
          const engine = await create(microbatchTokens);
          const report = await engine.update(trainingRows(golden), traceObjective(objective));
          expect(relative(report.loss, golden[name].loss)).toBeLessThan(1e-4);
          expect(relative(report.gradientNorm, golden[name].global_norm)).toBeLessThan(1e-3);
          for (const [parameter, norm] of Object.entries(golden[name].grad_norms)) {
            const gradient = engine.gradient(ownName(parameter));
            const found = Math.sqrt(gradient.reduce((sum, x) => sum + x * x, 0));
            expect(relative(found, norm)).toBeLessThan(1e-3);
            const largest = Math.max(...gradient.map(Math.abs));
            expectAllNear(
              parameter,
              gradient.slice(0, 8),
              golden[name].grad_first_8[parameter]!,
              1e-4 * largest,
            );
          }
          await engine.close();
        });
      }
    }

    test.for([
      ["on arrays", false],
      ["resident", true],
    ] as const)("makes the same five AdamW steps: %s", async ([, resident]) => {
      const engine = await create(4096, { resident });
      const objective = traceObjective(clippedSurrogate);
      const { losses, grad_norms, token_log_probs_after, param_sums_after } = golden.adamw;
      for (const [step, loss] of losses.entries()) {
        const report = await engine.update(trainingRows(golden), objective);
        expect(relative(report.loss, loss)).toBeLessThan(1e-4);
        expect(relative(report.gradientNorm, grad_norms[step]!)).toBeLessThan(1e-3);
      }
      const scored = await engine.score(scoringRows(golden));
      scored.forEach(({ spans: [span] }, i) =>
        expectAllNear("log-probs", span!.logProbs, token_log_probs_after[i]!, 2e-4),
      );
      for (const [name, total] of Object.entries(param_sums_after)) {
        const found = (await engine.reader.parameter(ownName(name))).reduce((sum, x) => sum + x, 0);
        // If a gradient is only rounding noise, Adam still moves the entry by up to the learning
        // rate.
        expect(Math.abs(found - total)).toBeLessThan(5e-3);
      }
      await engine.close();
    });
  });
}
