/**
 * Policy updates: ours against eager PyTorch on the same rows and weights, compared in time, peak memory
 * and loss. Two kinds:
 *
 * - dense: rows of 256 tokens with a loss at each, which measures arithmetic alone;
 * - policy gradient: the rows of a recorded run, concatenated and turn by turn; PyTorch computes them
 *   like TRL, padded and with logits at every position.
 *
 * Sides take turns, each in its own process. Uses the Python of the environment variable PYTHON, or else
 * the first `python3` that imports torch.
 *
 * npx tsx --conditions=turnwise-source bench/policy-training-pytorch.bench.ts
 *   [--run FOLDER] [--threads 2] [--rounds 5] [--only NAME]
 *
 * Without `--run` it first makes a run of one iteration.
 */
import { execFileSync } from "node:child_process";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import {
  createRandom,
  trajectoryReturn,
  trajectoryRows,
  type TokenRow,
  type Trajectory,
} from "@turnwise/core";
import { createOnnxExecutor } from "@turnwise/graph/onnx";
import {
  initialParameters,
  parameterTable,
  smallModelConfig,
  type ModelConfig,
} from "@turnwise/policy";
import { LearningEngine } from "../packages/policy/src/learning/learning-engine.ts";
import { traceObjective } from "../packages/policy/src/learning/objective-program.ts";
import { clippedSurrogate } from "@turnwise/estimators";
import { findPython, median, Side } from "./pytorch/side.ts";
import type { TrainingAnswer, TrainingSide, TrainingSpec } from "./pytorch/training-side.ts";
import { parameterLayout } from "../packages/policy/src/model/parameter-layout.ts";

const { values: options } = parseArgs({
  options: {
    run: { type: "string" },
    threads: { type: "string", default: "2" },
    rounds: { type: "string", default: "5" },
    only: { type: "string" },
  },
});
const threads = Number(options.threads);
const rounds = Number(options.rounds);
const scratch = mkdtempSync(join(tmpdir(), "turnwise-bench-"));

/** Reads the trajectories of the last iteration of a run. */
function readTrajectories(run: string): Trajectory[] {
  const folder = join(run, "trajectories");
  const file = readdirSync(folder)
    .filter((name) => name.startsWith("iteration-"))
    .sort()
    .at(-1);
  if (!file) throw new Error(`${folder}: must contain trajectories of an iteration, got none`);
  const text = gunzipSync(readFileSync(join(folder, file))).toString();
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Trajectory);
}

function makeRun(): string {
  const out = join(scratch, "run");
  const settings = [
    "warmStart.numDemonstrations=200",
    "warmStart.epochs=3",
    "training.iterations=1",
  ];
  const main = join(import.meta.dirname, "../apps/trainer/src/main.ts");
  const args = [main, "train", "alfworld", "--out", out, ...settings.flatMap((s) => ["--set", s])];
  console.log("making a run of one iteration");
  execFileSync(process.execPath, [...process.execArgv, ...args], { stdio: "ignore" });
  return out;
}

/** Adds advantages (returns minus their mean, equal at all tokens) and old log-probs near the true ones. */
function addCredit(rows: readonly (TokenRow & { readonly worth: number })[]): TrainingSpec["rows"] {
  const random = createRandom("old log-probs");
  const mean = rows.reduce((sum, { worth }) => sum + worth, 0) / rows.length;
  const counts = rows.map(({ spans }) => spans.reduce((sum, { length }) => sum + length, 0));
  const total = counts.reduce((a, b) => a + b);
  return rows.map(({ tokens, spans, worth }, i) => {
    const fill = (value: () => number): number[] => Array.from({ length: counts[i]! }, value);
    return {
      tokens,
      spans: spans.map(({ start, length }) => [start, length] as const),
      weights: fill(() => 1 / total),
      oldLogProbs: fill(() => -7 + 0.2 * (random.next() - 0.5)),
      advantages: fill(() => worth - mean),
    };
  });
}

/** Makes one row per turn, with everything before it as the prompt. */
function splitByTurn(trajectory: Trajectory): TokenRow[] {
  return trajectoryRows(trajectory).flatMap(({ tokens, spans }) =>
    spans.map((span) => ({ tokens: tokens.slice(0, span.start + span.length), spans: [span] })),
  );
}

const common = {
  threads,
  adamw: { lr: 1e-4, weight_decay: 0.01 },
  clipLow: 0.2,
  clipHigh: 0.28,
  maxGradientNorm: 1,
};

interface Case extends Pick<
  TrainingSpec,
  "config" | "rows" | "microbatchRows" | "microbatchTokens" | "recomputeLayers"
> {
  /** True to end the process of one side before the other starts, so that each has all the memory. */
  readonly isApart?: boolean;
}

function dense(
  hiddenSize: number,
  numLayers: number,
  vocabularySize: number,
  numRows = 8,
  shape: Partial<ModelConfig> = {},
): Case {
  const random = createRandom("dense");
  const config = { ...smallModelConfig({ vocabularySize, hiddenSize, numLayers }), ...shape };
  const length = 256;
  const rows = Array.from({ length: numRows }, () => ({
    tokens: Array.from({ length }, () => random.integer(vocabularySize)),
    spans: [[1, length - 1]] as const,
    weights: Array.from({ length: length - 1 }, () => 1 / numRows / (length - 1)),
  }));
  return { config, rows, microbatchRows: numRows, microbatchTokens: numRows * length };
}

function policyGradient(rows: TrainingSpec["rows"], config: ModelConfig): Case {
  return { config, rows, microbatchRows: 8, microbatchTokens: 2048 };
}

function cases(): Record<string, () => Case> {
  let trajectories: Trajectory[] | undefined;
  const played = (): Trajectory[] => (trajectories ??= readTrajectories(options.run ?? makeRun()));
  const rowsOf = (
    present: (trajectory: Trajectory) => TokenRow[],
    share = 1,
  ): TrainingSpec["rows"] =>
    addCredit(
      played()
        .slice(0, Math.ceil(played().length * share))
        .flatMap((trajectory) =>
          present(trajectory).map((row) => ({ ...row, worth: trajectoryReturn(trajectory) })),
        ),
    );
  const vocabularySize = 1200;
  const small = smallModelConfig({
    vocabularySize,
    hiddenSize: 64,
    numLayers: 3,
    numHeads: 4,
    numKeyValueHeads: 2,
    intermediateSize: 192,
  });
  const wide = smallModelConfig({ vocabularySize, hiddenSize: 256, numLayers: 4 });
  const qwen = (numRows: number): Case => ({
    ...dense(896, 24, 151936, numRows, {
      numHeads: 14,
      numKeyValueHeads: 2,
      headSize: 64,
      intermediateSize: 4864,
    }),
    isApart: true,
  });
  return {
    "dense, d 256 x 4": () => dense(256, 4, 2048),
    "dense, d 512 x 8": () => dense(512, 8, 8192),
    "dense, d 512 x 8, layers recomputed": () => ({
      ...dense(512, 8, 8192),
      recomputeLayers: true,
    }),
    "dense, 151936 tokens in the vocabulary, d 64 x 2": () => dense(64, 2, 151936, 4),
    "dense, 1 row, the shape of Qwen2.5-0.5B": () => qwen(1),
    "dense, 4 rows, the shape of Qwen2.5-0.5B": () => qwen(4),
    "policy gradient, the default model": () => policyGradient(rowsOf(trajectoryRows), small),
    "policy gradient, d 256 x 4": () => policyGradient(rowsOf(trajectoryRows, 0.25), wide),
    "policy gradient by turn, the default model": () =>
      policyGradient(rowsOf(splitByTurn, 0.125), small),
  };
}

type SideName = "ours" | "torch";
type TrainingProcess = Side<TrainingSide, TrainingAnswer>;

/**
 * Answers of each side: when it was ready, and after each update except the first update of each
 * process.
 */
interface Measured {
  readonly ready: Readonly<Record<SideName, TrainingSide>>;
  readonly first: Readonly<Record<SideName, TrainingAnswer>>;
  readonly answers: Readonly<Record<SideName, readonly TrainingAnswer[]>>;
}

async function measure(
  spec: TrainingSpec,
  start: (name: SideName) => TrainingProcess,
  isApart: boolean,
): Promise<Measured> {
  const ready: Partial<Record<SideName, TrainingSide>> = {};
  const first: Partial<Record<SideName, TrainingAnswer>> = {};
  const answers: Record<SideName, TrainingAnswer[]> = { ours: [], torch: [] };
  const names = ["ours", "torch"] as const;
  const begin = async (name: SideName): Promise<TrainingProcess> => {
    const side = start(name);
    ready[name] = await side.start(spec);
    // Warm-up, which includes compilation.
    first[name] = await side.update();
    return side;
  };
  if (isApart) {
    for (let round = 0; round < rounds; round += 2) {
      for (const name of names) {
        const side = await begin(name);
        for (let i = 0; i < 2; i++) answers[name].push(await side.update());
        await side.close();
      }
    }
  } else {
    const sides = { ours: await begin("ours"), torch: await begin("torch") };
    for (let round = 0; round < rounds; round++) {
      for (const name of names) answers[name].push(await sides[name].update());
    }
    for (const name of names) await sides[name].close();
  }
  return {
    ready: { ours: ready.ours!, torch: ready.torch! },
    first: { ours: first.ours!, torch: first.torch! },
    answers,
  };
}

/** Writes all parameters, in the order of their table. */
function writeParameters(path: string, config: ModelConfig): void {
  const file = openSync(path, "w");
  const values = initialParameters(config, 1);
  for (const { name } of parameterTable(config)) {
    writeSync(file, new Uint8Array(values.get(name)!.buffer));
  }
  closeSync(file);
}

async function compare(name: string, python: string, given: Case): Promise<void> {
  const { isApart = false, ...rest } = given;
  const table = parameterTable(given.config);
  const path = join(scratch, "parameters.bin");
  writeParameters(path, given.config);
  const spec: TrainingSpec = {
    ...common,
    ...rest,
    parameters: path,
    table: table.map((each) => [each.name, each.shape]),
  };
  const here = join(import.meta.dirname, "pytorch");
  const start = (side: SideName): TrainingProcess =>
    side === "ours"
      ? new Side(process.execPath, [...process.execArgv, join(here, "training-side.ts")])
      : new Side(python, [join(here, "policy_training.py")]);
  const { ready, first, answers } = await measure(spec, start, isApart);
  const parts = isApart ? [] : await profile(spec, start("ours"));

  const numTokens = spec.rows.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const numParameters = table.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  console.log(
    `\n${name}: ${spec.rows.length} rows, ${numTokens} tokens, ${(numParameters / 1e6).toFixed(2)} million parameters, ${threads} threads`,
  );
  const of = (side: SideName, part: "seconds" | "cpuSeconds"): number =>
    median(answers[side].map((answer) => answer[part]));
  const peak = (side: SideName): number => answers[side].at(-1)!.peakBytes;
  for (const side of ["ours", "torch"] as const) {
    const { version, productRate } = ready[side];
    const { loss, gradientNorm } = first[side];
    // Assume six operations per linear-layer weight and token, as if no computation were shared or
    // skipped.
    const rate = (6 * numParameters * numTokens) / of(side, "seconds");
    console.log(
      `  ${version.padEnd(14)} ${of(side, "seconds").toFixed(3)} s, ${of(side, "cpuSeconds").toFixed(3)} s of CPU, ${(numTokens / of(side, "seconds")).toFixed(0)} tokens/s, peak ${(peak(side) / 2 ** 20).toFixed(0)} MB, ${(rate / 1e9).toFixed(1)} GFLOP/s of ${(productRate / 1e9).toFixed(0)} in a product; loss ${loss.toFixed(6)}, gradient norm ${gradientNorm.toFixed(5)}`,
    );
  }
  const computed = first.ours.numPositions!;
  console.log(
    `  ours / PyTorch: time ${(of("ours", "seconds") / of("torch", "seconds")).toFixed(2)}, CPU time ${(of("ours", "cpuSeconds") / of("torch", "cpuSeconds")).toFixed(2)}, peak memory ${(peak("ours") / peak("torch")).toFixed(2)}; computed ${computed} of ${numTokens} tokens`,
  );
  const outside = median(answers.ours.map((answer) => answer.optimizerSeconds!));
  console.log(
    `  of ours: norm and AdamW ${((100 * outside) / of("ours", "seconds")).toFixed(0)} %${parts.length > 0 ? `; of its programs: ${parts.join(", ")}` : ""}`,
  );
}

/** Lists the ONNX Runtime operators that take most of the time of an update, with their shares. */
async function profile(spec: TrainingSpec, side: TrainingProcess): Promise<string[]> {
  const name = "profile";
  await side.start({ ...spec, profilePrefix: join(scratch, name) });
  for (let i = 0; i < 3; i++) await side.update();
  await side.close();
  const durations = new Map<string, number>();
  for (const file of readdirSync(scratch).filter((each) => each.startsWith(name))) {
    const path = join(scratch, file);
    const events = JSON.parse(readFileSync(path, "utf8")) as readonly ProfileEvent[];
    for (const { cat, dur, args } of events) {
      const operator = args?.op_name;
      if (cat !== "Node" || operator === undefined) continue;
      durations.set(operator, (durations.get(operator) ?? 0) + dur);
    }
    rmSync(path);
  }
  const total = [...durations.values()].reduce((a, b) => a + b, 0);
  return [...durations]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, 6)
    .map(([operator, duration]) => `${operator} ${((100 * duration) / total).toFixed(0)} %`);
}

/** Entry of an ONNX Runtime trace. */
interface ProfileEvent {
  readonly cat: string;
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}

/** Measures the time until the default model's first update can start. */
async function measureCompilation(): Promise<void> {
  const config = smallModelConfig({ vocabularySize: 1200, hiddenSize: 64, numLayers: 3 });
  const engine = await LearningEngine.create(initialParameters(config, 1), {
    layout: parameterLayout(config),
    executor: createOnnxExecutor({ threads }),
    microbatchTokens: 2048,
    optimizer: { learningRate: { peak: 1e-4 } },
  });
  const row = {
    tokens: [1, 2, 3],
    spans: [{ turnIndex: 0, start: 1, length: 2 }],
    weights: Float32Array.of(0.5, 0.5),
    fields: { oldLogProbs: Float32Array.of(-7, -7), advantages: Float32Array.of(1, -1) },
  };
  const objective = traceObjective(clippedSurrogate());
  const begin = performance.now();
  await engine.update([row], objective);
  const first = performance.now() - begin;
  const beginSecond = performance.now();
  await engine.update([row], objective);
  const second = performance.now() - beginSecond;
  console.log(
    `building and loading the default model's training program: ${((first - second) / 1000).toFixed(2)} s`,
  );
  await engine.close();
}

try {
  await measureCompilation();
  const python = findPython("torch");
  if (!python) console.log("skipped: no python3 here imports torch");
  for (const [name, make] of python ? Object.entries(cases()) : []) {
    if (options.only && !name.includes(options.only)) continue;
    await compare(name, python!, make());
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
