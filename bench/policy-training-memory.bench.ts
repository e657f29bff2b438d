/**
 * Peak memory and CPU time of one update, each in its own process: with and without recomputing layers;
 * with all logits at once or in chunks.
 *
 * npx tsx --conditions=turnwise-source bench/policy-training-memory.bench.ts
 */
import { spawnSync } from "node:child_process";
import { crossEntropy } from "@turnwise/core";
import { createOnnxExecutor } from "@turnwise/graph/onnx";
import { initialParameters, smallModelConfig } from "@turnwise/policy";
import { LearningEngine } from "../packages/policy/src/learning/learning-engine.ts";
import { traceObjective } from "../packages/policy/src/learning/objective-program.ts";
import { parameterLayout } from "../packages/policy/src/model/parameter-layout.ts";

const layers = { vocabularySize: 300, hiddenSize: 256, numLayers: 8 };
const words = { vocabularySize: 151936, hiddenSize: 64, numLayers: 1 };
const cases = {
  "d 256 x 8, 2040 tokens": { ...layers },
  "d 256 x 8, 2040 tokens, layers recomputed": { ...layers, recomputeLayers: true },
  "vocabulary 151936, 2040 tokens, logits at once": { ...words, maxLogits: 2 ** 40 },
  "vocabulary 151936, 2040 tokens, logits in chunks": { ...words },
};

async function measure(name: string): Promise<void> {
  const { recomputeLayers, maxLogits, ...shape } = {
    recomputeLayers: false,
    maxLogits: 2 ** 26,
    ...cases[name as keyof typeof cases],
  };
  const config = smallModelConfig(shape);
  const rows = Array.from({ length: 8 }, (_, row) => ({
    tokens: Array.from({ length: 256 }, (_entry, i) => (i * 7 + row * 31) % 300),
    spans: [{ turnIndex: 0, start: 1, length: 255 }],
    weights: new Float32Array(255).fill(1 / 2040),
    fields: {},
  }));
  const engine = await LearningEngine.create(initialParameters(config, 1), {
    layout: parameterLayout(config),
    executor: createOnnxExecutor({ threads: 1 }),
    microbatchTokens: 2048,
    ownsParameters: true,
    recomputeLayers,
    maxLogits,
    optimizer: { learningRate: { peak: 1e-4 } },
  });
  const before = process.resourceUsage().maxRSS;
  const beginCpu = process.cpuUsage();
  const { loss } = await engine.update(rows, traceObjective(crossEntropy));
  const { user, system } = process.cpuUsage(beginCpu);
  const peak = process.resourceUsage().maxRSS;
  console.log(
    `${name.padEnd(48)} ${(peak / 1024).toFixed(0).padStart(6)} MB peak, ${(before / 1024).toFixed(0)} before; ${((user + system) / 1e6).toFixed(1)} s of CPU, compiling included; loss ${loss.toFixed(5)}`,
  );
  await engine.close();
}

const chosen = process.argv[2];
if (chosen === undefined) {
  for (const name of Object.keys(cases)) {
    spawnSync(process.execPath, [...process.execArgv, import.meta.filename, name], {
      stdio: "inherit",
    });
  }
} else {
  await measure(chosen);
}
