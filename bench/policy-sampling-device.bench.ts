/**
 * Sampling with weights, KV cache and token draws on the device (the device runner), against a KV cache
 * in host memory (the host runner), with random weights in the shapes of Qwen2.5.
 *
 * npx tsx --conditions=turnwise-source bench/policy-sampling-device.bench.ts
 *   [--executor cpu|webgpu|cuda] [--products float32] [--shape 0.5B] [--layers N]
 *   [--batches 1,8,64] [--prompt 256] [--tokens 64] [--caches device,host] [--cache-bytes N]
 *   [--threads N] [--record-after 2] [--torch bare,transformers] [--torch-device cuda] [--rounds 3]
 *
 * With `--torch` the device runner and PyTorch take turns, greedily, on the same weights: a loop with a
 * static KV cache (bare), and `generate` of transformers. Uses the Python of the environment variable
 * PYTHON, or else the first `python3` that imports torch.
 *
 * To copy it to a GPU machine, bundle it into one file (`esbuild --bundle --platform=node --format=esm
 * --conditions=turnwise-source --external:onnxruntime-node --external:koffi`), put `policy_sampling.py`
 * next to it, and run it with `--threads 1` (threads of attention in host memory).
 */
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createRandom, type SampleRequest } from "@turnwise/core";
import type { Executor } from "@turnwise/graph";
import { createOnnxExecutor } from "@turnwise/graph/onnx";
import {
  parameterTable,
  writeCheckpoint,
  type ModelConfig,
  type Parameters,
} from "@turnwise/policy";
import { SamplingEngine } from "../packages/policy/src/sampling/sampling-engine.ts";
import { startPythonSide, type SamplingSide } from "./pytorch/sampling-side.ts";
import { findPython, median } from "./pytorch/side.ts";
import { shapes } from "./random-model.ts";
import { parameterLayout } from "../packages/policy/src/model/parameter-layout.ts";

const { values: options } = parseArgs({
  options: {
    executor: { type: "string", default: "cpu" },
    products: { type: "string", default: "float32" },
    shape: { type: "string", default: "0.5B" },
    layers: { type: "string" },
    vocabulary: { type: "string" },
    batches: { type: "string", default: "1,8,64" },
    prompt: { type: "string", default: "256" },
    tokens: { type: "string", default: "64" },
    caches: { type: "string", default: "device,host" },
    torch: { type: "string", default: "" },
    "torch-device": { type: "string", default: "cuda" },
    rounds: { type: "string", default: "3" },
    threads: { type: "string", default: String(Math.min(8, availableParallelism())) },
    "record-after": { type: "string", default: "2" },
    "cache-bytes": { type: "string", default: String(4 * 2 ** 30) },
  },
});

const shape = shapes[options.shape as keyof typeof shapes];
const torchEngines = options.torch.split(",").filter(Boolean) as ("bare" | "transformers")[];
const config: ModelConfig = {
  ...shape,
  // Like the PyTorch loop, use a norm per head instead of biases.
  ...(torchEngines.length > 0 && { modelType: "qwen3", attentionBiases: "none" }),
  numLayers: Number(options.layers ?? shape.numLayers),
  vocabularySize: Number(options.vocabulary ?? shape.vocabularySize),
};
const [promptLength, numTokens] = [Number(options.prompt), Number(options.tokens)];

async function createExecutor(): Promise<Executor> {
  if (options.executor === "cuda") {
    const { createCudaExecutor } = await import("@turnwise/cuda");
    return createCudaExecutor({
      products: options.products as "float32",
      recordAfter: Number(options["record-after"]),
    });
  }
  return createOnnxExecutor({
    provider: options.executor as "cpu",
    products: options.products as "float32",
  });
}

/** Draws weights of the right size, fast enough for half a billion. */
function randomWeights(): Parameters {
  const random = createRandom("weights");
  const pool = Float32Array.from({ length: 2 ** 20 }, () => 0.08 * random.next() - 0.04);
  return new Map(
    parameterTable(config).map(({ name, shape: sizes }) => {
      const values = new Float32Array(sizes.reduce((size, length) => size * length, 1));
      if (name.endsWith("norm.weight")) return [name, values.fill(1)];
      for (let at = 0; at < values.length; at += pool.length) {
        values.set(pool.subarray(0, values.length - at), at);
      }
      return [name, values];
    }),
  );
}

function requests(batch: number, name: string, overrides: Partial<SampleRequest>): SampleRequest[] {
  const random = createRandom(name);
  return Array.from({ length: batch }, (_, i) => ({
    promptTokens: Array.from({ length: promptLength }, () => random.integer(config.vocabularySize)),
    seed: `${i}`,
    maxTokens: numTokens,
    stopTokens: [],
    ...overrides,
  }));
}

/** Samples all requests at once, and prints the time of each step by part. */
async function measure(engine: SamplingEngine, label: string, all: SampleRequest[]): Promise<void> {
  const before = { ...engine.timings! };
  const begin = performance.now();
  const responses = await Promise.all(all.map((each) => engine.sample(each)));
  const wall = performance.now() - begin;
  const spent = (part: keyof typeof before): number => engine.timings![part] - before[part];
  const numSteps = spent("numSteps");
  const perStep = (milliseconds: number): string => (milliseconds / numSteps).toFixed(2);
  const parts = [
    ["programs", spent("programMilliseconds")],
    ["attention", spent("attentionMilliseconds")],
    ["preparation", spent("preparationMilliseconds")],
  ] as const;
  const rest = parts.reduce((left, [, milliseconds]) => left - milliseconds, wall);
  const numDrawn = responses.reduce((sum, { tokens }) => sum + tokens.length, 0);
  console.log(
    [
      label.padEnd(34),
      `${((1000 * numDrawn) / wall).toFixed(0).padStart(7)} drawn/s`,
      `${((1000 * spent("numTokens")) / wall).toFixed(0).padStart(7)} read/s`,
      `${String(numSteps).padStart(4)} steps of ${perStep(wall)} ms:`,
      ...[...parts, ["rest", rest] as const].map(
        ([name, spentOn]) => `${name} ${perStep(spentOn)}`,
      ),
    ].join("  "),
  );
}

/** Wraps the device runner as one side of a comparison. */
function sideOf(engine: SamplingEngine): SamplingSide {
  return {
    sample: async (prompts, maxTokens) => {
      const [begin, beginCpu] = [performance.now(), process.cpuUsage()];
      const responses = await Promise.all(
        prompts.map((promptTokens) =>
          engine.sample({ promptTokens, seed: "", temperature: 0, maxTokens, stopTokens: [] }),
        ),
      );
      const { user, system } = process.cpuUsage(beginCpu);
      return {
        seconds: (performance.now() - begin) / 1000,
        cpuSeconds: (user + system) / 1e6,
        tokens: responses.map(({ tokens }) => tokens),
      };
    },
    close: () => {},
  };
}

/** Measures the engine and PyTorch in alternation. */
async function compareWithTorch(engine: SamplingEngine): Promise<void> {
  const python = findPython("torch, numpy");
  if (python === undefined) {
    console.log("torch: skipped, no python3 here imports torch");
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), "turnwise-bench-"));
  const sides = new Map([["ours", sideOf(engine)]]);
  try {
    const longest = promptLength + numTokens;
    const short = { ...config, maxSequenceTokens: longest };
    await writeCheckpoint(folder, { config: short, parameters: weights }, { maxFileBytes: 1e12 });
    for (const kind of torchEngines) {
      const device = options["torch-device"] as "cuda";
      const spec = { engine: kind, folder, threads: Number(options.threads), device };
      sides.set(kind, await startPythonSide(python, { ...spec, products: options.products }));
    }
    for (const batch of options.batches.split(",").map(Number)) {
      const prompts = requests(batch, "turns", {}).map((each) => [...each.promptTokens]);
      const seconds = new Map([...sides.keys()].map((side) => [side, [] as number[]]));
      const tokens = new Map<string, readonly (readonly number[])[]>();
      for (let round = -1; round < Number(options.rounds); round++) {
        for (const [name, side] of sides) {
          const answer = await side.sample(prompts, numTokens);
          tokens.set(name, answer.tokens);
          // The first round is a warm-up.
          if (round >= 0) seconds.get(name)!.push(answer.seconds);
        }
      }
      const ours = seconds.get("ours")!;
      for (const [name, list] of seconds) {
        const ratios = list.map((each, round) => each / ours[round]!);
        const rate = ((batch * numTokens) / median(list)).toFixed(0).padStart(7);
        const same = tokens
          .get(name)!
          .filter((row, i) => row.join() === tokens.get("ours")![i]!.join());
        console.log(
          `${`${batch} x ${promptLength} + ${numTokens}, ${name}`.padEnd(34)} ${rate} tokens/s  ${median(ratios).toFixed(2)} times our time  ${same.length} of ${batch} rows equal to ours`,
        );
      }
    }
  } finally {
    for (const side of sides.values()) await side.close();
    await rm(folder, { recursive: true });
  }
}

const weights = randomWeights();
const greedy = new Map<string, string>();
for (const cache of options.caches.split(",") as ("device" | "host")[]) {
  const engine = new SamplingEngine({
    layout: parameterLayout(config),
    executor: await createExecutor(),
    stepTokens: 4096,
    cacheBytes: Number(options["cache-bytes"]),
    threads: Number(options.threads),
    cache,
  });
  const beginLoad = performance.now();
  await engine.loadFrom((name) => weights.get(name)!);
  console.log(`${cache}: loaded in ${((performance.now() - beginLoad) / 1000).toFixed(1)} s`);
  const short = { temperature: 0, maxTokens: 8 };
  const drawn = await Promise.all(requests(2, "greedy", short).map((each) => engine.sample(each)));
  greedy.set(cache, drawn.map(({ tokens }) => tokens.join(" ")).join(" / "));
  for (const batch of options.batches.split(",").map(Number)) {
    // Warm-up: compiles the programs and fills the tables.
    await Promise.all(requests(batch, "warm", { maxTokens: 4 }).map((each) => engine.sample(each)));
    const read = requests(batch, "read", { maxTokens: 1 });
    await measure(engine, `${cache}, ${batch} x ${promptLength} read`, read);
    const named = read.map((each, i) => ({ ...each, sequenceId: `${i}` }));
    await Promise.all(named.map((each) => engine.sample(each)));
    const going = named.map((each) => ({ ...each, maxTokens: numTokens }));
    await measure(engine, `${cache}, ${batch} x ${numTokens} drawn`, going);
    for (const { sequenceId } of named) engine.release(sequenceId);
  }
  if (cache === "device" && torchEngines.length > 0) await compareWithTorch(engine);
  await engine.close();
}
const [first, second] = [...greedy.values()];
if (second !== undefined)
  console.log(`greedy tokens are ${first === second ? "equal" : "different"}`);
