/**
 * Updates of a random model with the shapes of Qwen2.5-0.5B on a GPU: ours against transformers in
 * PyTorch, in turns, on the same rows with a loss at every token. Each side draws its own weights, so
 * losses agree only to a few percent.
 *
 * npx tsx --conditions=turnwise-source bench/policy-training-gpu.bench.ts
 *   [--provider webgpu] [--products float32,float16] [--rows 8] [--length 512] [--microbatch-rows 8]
 *   [--rounds 5] [--layers 24] [--recompute] [--max-logits N] [--torch float32,tensorfloat32,bfloat16]
 *
 * `--torch none` skips PyTorch. Uses the Python of the environment variable PYTHON, or else the first
 * `python3` that imports torch and transformers. To copy it to a GPU machine, bundle it into one file
 * (`esbuild --bundle --platform=node --format=esm --conditions=turnwise-source
 * --external:onnxruntime-node --external:koffi`) and put `pytorch/policy_training_gpu.py` next to it.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createRandom, crossEntropy, type TrainingRow } from "@turnwise/core";
import { parameterTable, type ModelConfig } from "@turnwise/policy";
import {
  createExecutor,
  parseDevice,
  needsLossScale,
  staysOnDevice,
  defaultMaxLogits,
} from "../packages/policy/src/engine/device.ts";
import { LearningEngine } from "../packages/policy/src/learning/learning-engine.ts";
import { traceObjective } from "../packages/policy/src/learning/objective-program.ts";
import { findPython, median, Side } from "./pytorch/side.ts";
import { shapes } from "./random-model.ts";
import { parameterLayout } from "../packages/policy/src/model/parameter-layout.ts";

const { values: options } = parseArgs({
  options: {
    provider: { type: "string", default: "webgpu" },
    products: { type: "string", default: "float32" },
    rows: { type: "string", default: "8" },
    length: { type: "string", default: "512" },
    "microbatch-rows": { type: "string", default: "8" },
    rounds: { type: "string", default: "5" },
    layers: { type: "string", default: "24" },
    vocabulary: { type: "string", default: "151936" },
    recompute: { type: "boolean", default: false },
    "max-logits": { type: "string" },
    torch: { type: "string", default: "float32,tensorfloat32,bfloat16" },
    "torch-device": { type: "string", default: "cuda" },
  },
});
const [numRows, length, rounds] = [options.rows, options.length, options.rounds].map(Number) as [
  number,
  number,
  number,
];
const microbatchRows = Number(options["microbatch-rows"]);
const recomputeLayers = options.recompute;

const config: ModelConfig = {
  ...shapes["0.5B"],
  vocabularySize: Number(options.vocabulary),
  numLayers: Number(options.layers),
  maxSequenceTokens: Math.max(2048, length),
};

/** Result of one update. */
interface Answer {
  readonly seconds: number;
  readonly loss: number;
  readonly gradientNorm: number;
  /** Peak memory in bytes; `null` if unknown. */
  readonly peakBytes: number | null;
}

interface Updater {
  readonly name: string;
  readonly update: () => Promise<Answer>;
  /** Returns the time of each part, if known. */
  readonly about: () => string;
  readonly close: () => Promise<void>;
}

/** Draws weights of the right size, fast enough for half a billion. */
function drawWeights(): Map<string, Float32Array> {
  let state = 1;
  return new Map(
    parameterTable(config).map(({ name, shape, initial }) => {
      const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
      if (initial === "ones") values.fill(1);
      // Uniform, with the standard deviation of the model family's normal initialization.
      const bound = initial === "ones" || initial === "zeros" ? 0 : 0.02 * Math.sqrt(3);
      if (bound > 0) {
        for (let i = 0; i < values.length; i++) {
          state = (Math.imul(state, 1664525) + 1013904223) | 0;
          values[i] = (bound * state) / 2 ** 31;
        }
      }
      return [name, values] as const;
    }),
  );
}

const random = createRandom("dense");
const tokenRows = Array.from({ length: numRows }, () =>
  Array.from({ length }, () => random.integer(config.vocabularySize)),
);
const trainingRows = tokenRows.map((tokens): TrainingRow => ({
  tokens,
  spans: [{ turnIndex: 0, start: 1, length: length - 1 }],
  weights: new Float32Array(length - 1).fill(1 / numRows / (length - 1)),
  fields: {},
}));

/** Samples the used memory of the first NVIDIA GPU, by all processes; keeps the peak since the last call. */
class UsedMemory {
  #mebibytes: number[] = [];
  readonly #end: () => void;

  constructor() {
    const args = [
      "-i",
      "0",
      "--query-gpu=memory.used",
      "--format=csv,noheader,nounits",
      "-lms",
      "50",
    ];
    const child = spawn("nvidia-smi", args, { stdio: ["ignore", "pipe", "ignore"] });
    child.on("error", () => {});
    child.stdout.on("data", (text: Buffer) => {
      this.#mebibytes.push(...text.toString().split("\n").filter(Boolean).map(Number));
    });
    this.#end = () => child.kill();
  }

  async most(): Promise<number | null> {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const found = this.#mebibytes.reduce((most, each) => Math.max(most, each), -1);
    this.#mebibytes = [];
    return found < 0 ? null : found * 2 ** 20;
  }

  close(): void {
    this.#end();
  }
}

/** Initial weights; drawn once, because they are never changed. */
let shared: Map<string, Float32Array> | undefined;

async function ours(products: string, memory: UsedMemory, isFirst: boolean): Promise<Updater> {
  const device = parseDevice({ provider: options.provider, products });
  const before = await memory.most();
  const weights = staysOnDevice(device) ? (shared ??= drawWeights()) : drawWeights();
  const engine = await LearningEngine.create(weights, {
    layout: parameterLayout(config),
    executor: await createExecutor(device, availableParallelism()),
    optimizer: { learningRate: { peak: 1e-5 }, weightDecay: 0.01 },
    microbatchTokens: microbatchRows * length,
    ownsParameters: true,
    recomputeLayers,
    resident: staysOnDevice(device),
    scalesLoss: needsLossScale(device),
    maxLogits:
      options["max-logits"] === undefined
        ? defaultMaxLogits(device)
        : Number(options["max-logits"]),
  });
  const objective = traceObjective(crossEntropy);
  return {
    name: `ours, ${options.provider}, ${products}`,
    about: () => {
      const { numUpdates, programMilliseconds, optimizerMilliseconds } = engine.timings;
      const each = (milliseconds: number): string => (milliseconds / numUpdates).toFixed(0);
      return ` (each ${each(programMilliseconds)} ms until the last log-prob, ${each(optimizerMilliseconds)} ms for the norm and to queue AdamW)`;
    },
    update: async () => {
      const begin = performance.now();
      const { loss, gradientNorm } = await engine.update(trainingRows, objective);
      // The end of the step may still be queued.
      await engine.reader.parameter("model.norm.weight");
      const seconds = (performance.now() - begin) / 1000;
      const used = await memory.most();
      // Executors of this process keep freed memory for reuse by all of them.
      const isKnown = isFirst && used !== null && before !== null;
      const peakBytes = isKnown ? used - before : null;
      return { seconds, loss, gradientNorm, peakBytes };
    },
    close: () => engine.close(),
  };
}

async function pytorch(python: string, precision: string): Promise<Updater> {
  const script = join(import.meta.dirname, "pytorch/policy_training_gpu.py");
  const side = new Side<{ version: string; device: string }, Answer>(python, [script]);
  const { version, device } = await side.start({
    config,
    rows: tokenRows,
    microbatchRows,
    recomputeLayers,
    precision,
    device: options["torch-device"],
    threads: availableParallelism(),
  });
  return {
    name: `${version}, ${device}, ${precision}`,
    about: () => "",
    update: () => side.update(),
    close: () => side.close(),
  };
}

const numParameters = parameterTable(config).reduce(
  (sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1),
  0,
);
const numTokens = numRows * length;
console.log(
  `${(numParameters / 1e6).toFixed(1)} million parameters, ${numRows} rows of ${length} tokens, ${microbatchRows} a microbatch${recomputeLayers ? ", layers recomputed" : ""}`,
);

const memory = new UsedMemory();
const python = options.torch === "none" ? undefined : findPython("torch, transformers");
if (options.torch !== "none" && !python)
  console.log("torch: skipped, no python3 imports torch and transformers");
const updaters: Updater[] = [];
const answers = new Map<Updater, Answer[]>();
const addSide = async (updater: Updater): Promise<void> => {
  const begin = performance.now();
  const [first, second] = [await updater.update(), await updater.update()];
  answers.set(updater, [first, second]);
  updaters.push(updater);
  console.log(
    `${updater.name}: first update ${(first.seconds - second.seconds).toFixed(2)} s longer than the second, ${((performance.now() - begin) / 1000).toFixed(2)} s for both`,
  );
};
// Start all PyTorch processes first, so that their GPU memory no longer changes when our side
// starts.
const torchSides = await Promise.all(
  (python ? options.torch.split(",") : []).map((precision) => pytorch(python!, precision)),
);
for (const updater of torchSides) await addSide(updater);
for (const [i, products] of options.products.split(",").entries()) {
  await addSide(await ours(products, memory, i === 0));
}
for (let round = 0; round < rounds; round++) {
  for (const updater of updaters) answers.get(updater)!.push(await updater.update());
}
const secondsOf = (updater: Updater): number =>
  median(
    answers
      .get(updater)!
      .slice(2)
      .map(({ seconds }) => seconds),
  );
for (const updater of updaters) {
  const seconds = secondsOf(updater);
  const [first, second] = answers.get(updater)!;
  // Assume six operations per weight and token, without attention.
  const rate = (6 * numParameters * numTokens) / seconds;
  const peak =
    second!.peakBytes === null ? "" : `, peak ${(second!.peakBytes / 2 ** 30).toFixed(2)} GiB`;
  console.log(
    `${updater.name}: ${seconds.toFixed(4)} s per update, ${(numTokens / seconds).toFixed(0)} tokens/s, ${(rate / 1e12).toFixed(2)} TFLOP/s${peak}; first loss ${first!.loss.toFixed(4)}, gradient norm ${first!.gradientNorm.toFixed(4)}${updater.about()}`,
  );
}
for (const own of updaters.filter(({ name }) => name.startsWith("ours"))) {
  for (const other of torchSides) {
    console.log(
      `${own.name} / ${other.name}: time ${(secondsOf(own) / secondsOf(other)).toFixed(2)}`,
    );
  }
}
for (const updater of updaters) await updater.close();
memory.close();
