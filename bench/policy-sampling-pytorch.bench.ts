/**
 * Sampled tokens per second: our sampler against a bare PyTorch loop with a KV cache, and against
 * `generate` of transformers if it is installed. All use the same weights and prompts of one length,
 * sample greedily, and must draw the same tokens. Sides take turns. Uses the Python of the environment
 * variable PYTHON, or else the first `python3` that imports torch.
 *
 * npx tsx --conditions=turnwise-source bench/policy-sampling-pytorch.bench.ts
 *   [--threads 2] [--rounds 5] [--tokens 48] [--model FOLDER]
 *
 * `--model` replaces the random models by a folder: a Qwen3 with tied embeddings, in float32.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createRandom } from "@turnwise/core";
import { trace } from "@turnwise/graph";
import { createOnnxExecutor } from "@turnwise/graph/onnx";
import {
  initialParameters,
  parameterTable,
  readModelConfig,
  smallModelConfig,
  writeCheckpoint,
  type ModelConfig,
} from "@turnwise/policy";
import { createLocalSampler } from "@turnwise/policy/local";
import { startPythonSide, type SamplingSide } from "./pytorch/sampling-side.ts";

const { values: options } = parseArgs({
  options: {
    threads: { type: "string", default: "2" },
    rounds: { type: "string", default: "5" },
    tokens: { type: "string", default: "48" },
    model: { type: "string" },
  },
});
const threads = Number(options.threads);
const rounds = Number(options.rounds);
const numTokens = Number(options.tokens);
const promptLength = 16;
const batches = [1, 8, 32, 64];

async function ourSide(folder: string): Promise<SamplingSide> {
  const opened = await createLocalSampler({ model: folder, threads, maxSequenceTokens: 256 });
  const { sampler } = opened;
  return {
    sample: async (prompts, maxTokens) => {
      const [begin, beginCpu] = [performance.now(), process.cpuUsage()];
      const responses = await Promise.all(
        prompts.map((promptTokens) =>
          sampler.sample({ promptTokens, seed: "", temperature: 0, maxTokens, stopTokens: [] }),
        ),
      );
      const { user, system } = process.cpuUsage(beginCpu);
      return {
        seconds: (performance.now() - begin) / 1000,
        cpuSeconds: (user + system) / 1e6,
        tokens: responses.map(({ tokens }) => tokens),
      };
    },
    close: () => opened.close(),
  };
}

/** Measures the floating-point operations per second of a large matrix product. */
async function productRate(): Promise<number> {
  const n = 1024;
  const program = trace((g) => ({
    y: g.reduceSum(g.matmul(g.input("a", "float32", [n, n]), g.input("b", "float32", [n, n]))),
  }));
  const executable = await createOnnxExecutor({ threads }).compile(program);
  const data = Float32Array.from({ length: n * n }, (_, i) => Math.sin(i));
  const feeds = { a: { data, shape: [n, n] }, b: { data, shape: [n, n] } };
  await executable.run(feeds);
  let best = Infinity;
  for (let i = 0; i < 20; i++) {
    const begin = performance.now();
    await executable.run(feeds);
    best = Math.min(best, performance.now() - begin);
  }
  await executable.release();
  return (2 * n ** 3) / (best / 1000);
}

/** Counts the floating-point operations of the weight products for one token. */
function operationsPerToken(config: ModelConfig): number {
  const matrices = parameterTable(config).filter(({ shape }) => shape.length === 2);
  return matrices.reduce((total, { shape: [a, b] }) => total + 2 * a! * b!, 0);
}

const median = (list: readonly number[]): number =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!;

async function compare(name: string, folder: string, python: string): Promise<void> {
  const config = await readModelConfig(folder);
  const sides = new Map<string, SamplingSide>([
    ["turnwise", await ourSide(folder)],
    ["bare loop", await startPythonSide(python, { engine: "bare", folder, threads })],
  ]);
  if (hasTransformers) {
    sides.set(
      "transformers",
      await startPythonSide(python, { engine: "transformers", folder, threads }),
    );
  }
  const peak = await productRate();
  console.log(`${name}, ${threads} threads; large products at ${(peak / 1e9).toFixed(0)} GFLOP/s`);
  const random = createRandom("prompts");
  for (const batch of batches) {
    const prompts = Array.from({ length: batch }, () =>
      Array.from({ length: promptLength }, () => random.integer(config.vocabularySize)),
    );
    const seconds = new Map([...sides.keys()].map((side) => [side, [] as number[]]));
    const tokens = new Map<string, string>();
    for (let round = -1; round < rounds; round++) {
      for (const [side, from] of sides) {
        const answer = await from.sample(prompts, numTokens);
        tokens.set(side, JSON.stringify(answer.tokens));
        // The first round is a warm-up.
        if (round >= 0) seconds.get(side)!.push(answer.seconds);
      }
    }
    const ours = seconds.get("turnwise")!;
    const rate = (side: string): number => (batch * numTokens) / median(seconds.get(side)!);
    const used = (operationsPerToken(config) * rate("turnwise")) / peak;
    const cells = [...sides.keys()].slice(1).map((side) => {
      const ratios = seconds.get(side)!.map((each, round) => each / ours[round]!);
      const isSame = tokens.get(side) === tokens.get("turnwise");
      return `${side} ${rate(side).toFixed(0).padStart(5)}, ours ${median(ratios).toFixed(2)}x${isSame ? "" : " (OTHER TOKENS)"}`;
    });
    console.log(
      `  batch ${String(batch).padStart(2)}: ${rate("turnwise").toFixed(0).padStart(6)} tokens/s` +
        ` (${(100 * used).toFixed(0).padStart(2)} % of large products);  ${cells.join(";  ")}`,
    );
  }
  for (const side of sides.values()) await side.close();
}

const python = [process.env["PYTHON"], "python3", "/usr/bin/python3"].find(
  (path) => path !== undefined && spawnSync(path, ["-c", "import torch, numpy"]).status === 0,
);
const hasTransformers =
  python !== undefined && spawnSync(python, ["-c", "import transformers"]).status === 0;
if (python === undefined) {
  console.log("skipped: no python3 here imports torch");
} else {
  if (!hasTransformers) console.log("transformers: skipped, cannot be imported");
  if (options.model === undefined) {
    for (const [hiddenSize, numLayers, vocabularySize] of [
      [256, 4, 2048],
      [512, 8, 8192],
    ] as const) {
      const folder = mkdtempSync(join(tmpdir(), "turnwise-bench-"));
      const numHeads = hiddenSize / 64;
      const config = {
        ...smallModelConfig({
          hiddenSize,
          numLayers,
          vocabularySize,
          numHeads,
          maxSequenceTokens: 256,
        }),
        // A large range, so that no two tokens are almost equally likely.
        initializerRange: 0.2,
      };
      try {
        await writeCheckpoint(folder, { config, parameters: initialParameters(config, 1) });
        await compare(
          `width ${hiddenSize} x ${numLayers}, vocabulary ${vocabularySize}`,
          folder,
          python,
        );
      } finally {
        rmSync(folder, { recursive: true });
      }
    }
  } else await compare(options.model, options.model, python);
}
