/** Our side of policy-training-pytorch.bench.ts, with the protocol of policy_training.py. */
import { closeSync, openSync, readSync } from "node:fs";
import { createInterface } from "node:readline";
import { crossEntropy, type TokenRow, type TrainingRow } from "@turnwise/core";
import { clippedSurrogate } from "@turnwise/estimators";
import { trace } from "@turnwise/graph";
import { createOnnxExecutor } from "@turnwise/graph/onnx";
import { parameterTable, type ModelConfig } from "@turnwise/policy";
import { LearningEngine } from "../../packages/policy/src/learning/learning-engine.ts";
import { traceObjective } from "../../packages/policy/src/learning/objective-program.ts";
import { parameterLayout } from "../../packages/policy/src/model/parameter-layout.ts";

/**
 * Specification for both sides. Rows either have old log-probs and advantages, or are trained by
 * likelihood.
 */
export interface TrainingSpec {
  readonly threads: number;
  readonly config: ModelConfig;
  /** File with all parameters, float32, in the order of `table`. */
  readonly parameters: string;
  readonly table: readonly (readonly [name: string, shape: readonly number[]])[];
  readonly rows: readonly {
    readonly tokens: readonly number[];
    readonly spans: readonly (readonly [start: number, length: number])[];
    readonly weights: readonly number[];
    readonly oldLogProbs?: readonly number[];
    readonly advantages?: readonly number[];
  }[];
  /** Microbatch sizes: ours and PyTorch's. */
  readonly microbatchTokens: number;
  readonly microbatchRows: number;
  readonly recomputeLayers?: boolean;
  /** Path of the trace that our side writes when it ends. */
  readonly profilePrefix?: string;
  readonly adamw: { readonly lr: number; readonly weight_decay: number };
  readonly clipLow: number;
  readonly clipHigh: number;
  readonly maxGradientNorm: number;
}

/** Answer of a side after one update. */
export interface TrainingAnswer {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly loss: number;
  readonly gradientNorm: number;
  readonly peakBytes: number;
  /** Number of computed tokens; ours only. */
  readonly numPositions?: number;
  /** Time of gradient accumulation, gradient norm and AdamW; ours only. */
  readonly optimizerSeconds?: number;
}

/** Answer of a side when it is ready. */
export interface TrainingSide {
  readonly version: string;
  /** Floating-point operations per second of a product of two 1024 x 1024 matrices. */
  readonly productRate: number;
}

async function productRate(threads: number): Promise<number> {
  const n = 1024;
  const program = trace((g) => ({
    y: g.reduceSum(g.matmul(g.input("a", "float32", [n, n]), g.input("b", "float32", [n, n]))),
  }));
  const executable = await createOnnxExecutor({ threads }).compile(program);
  const matrix = {
    data: Float32Array.from({ length: n * n }, (_, i) => Math.sin(i)),
    shape: [n, n],
  };
  await executable.run({ a: matrix, b: matrix });
  const begin = performance.now();
  let best = Infinity;
  while (performance.now() - begin < 500) {
    const beginRun = performance.now();
    await executable.run({ a: matrix, b: matrix });
    best = Math.min(best, performance.now() - beginRun);
  }
  await executable.release();
  return (2 * n ** 3) / (best / 1000);
}

function readParameters({ config, parameters }: TrainingSpec): Map<string, Float32Array> {
  const file = openSync(parameters, "r");
  const values = parameterTable(config).map(({ name, shape }) => {
    const array = new Float32Array(shape.reduce((product, size) => product * size, 1));
    readSync(file, new Uint8Array(array.buffer));
    return [name, array] as const;
  });
  closeSync(file);
  return new Map(values);
}

async function main(): Promise<void> {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const first = await lines.next();
  const spec = JSON.parse(String(first.value)) as TrainingSpec;
  const answer = (value: TrainingAnswer | TrainingSide): void => console.log(JSON.stringify(value));
  const rate = await productRate(spec.threads);
  const rows = spec.rows.map((row): TrainingRow => {
    const token: TokenRow = {
      tokens: row.tokens,
      spans: row.spans.map(([start, length], turnIndex) => ({ turnIndex, start, length })),
    };
    const { oldLogProbs, advantages } = row;
    return {
      ...token,
      weights: Float32Array.from(row.weights),
      fields: {
        ...(oldLogProbs && { oldLogProbs: Float32Array.from(oldLogProbs) }),
        ...(advantages && { advantages: Float32Array.from(advantages) }),
      },
    };
  });
  const { clipLow, clipHigh } = spec;
  const isSurrogate = spec.rows[0]!.oldLogProbs !== undefined;
  const objective = traceObjective(
    isSurrogate ? clippedSurrogate({ clipLow, clipHigh }) : crossEntropy,
  );
  const engine = await LearningEngine.create(readParameters(spec), {
    layout: parameterLayout(spec.config),
    executor: createOnnxExecutor({
      threads: spec.threads,
      ...(spec.profilePrefix === undefined ? {} : { profilePrefix: spec.profilePrefix }),
    }),
    microbatchTokens: spec.microbatchTokens,
    ownsParameters: true,
    recomputeLayers: spec.recomputeLayers,
    optimizer: {
      learningRate: { peak: spec.adamw.lr },
      weightDecay: spec.adamw.weight_decay,
      decayed: "all",
      maxGradientNorm: spec.maxGradientNorm,
    },
  });
  answer({ version: "turnwise", productRate: rate });
  for (;;) {
    const { done } = await lines.next();
    if (done) break;
    const [begin, beginCpu] = [performance.now(), process.cpuUsage()];
    const before = { ...engine.timings };
    const { loss, gradientNorm } = await engine.update(rows, objective);
    const { user, system } = process.cpuUsage(beginCpu);
    answer({
      seconds: (performance.now() - begin) / 1000,
      cpuSeconds: (user + system) / 1e6,
      loss,
      gradientNorm,
      peakBytes: process.resourceUsage().maxRSS * 1024,
      numPositions: engine.timings.numPositions - before.numPositions,
      optimizerSeconds:
        (engine.timings.optimizerMilliseconds - before.optimizerMilliseconds) / 1000,
    });
  }
  await engine.close();
}

await main();
