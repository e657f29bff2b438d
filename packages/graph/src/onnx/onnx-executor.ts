import { checkInteger } from "@turnwise/core";
import type * as Ort from "onnxruntime-node";
import { bindFeeds, type Sizes } from "../bind-feeds.ts";
import { checkOutputs, type Executable, type Executor, type Output } from "../executor.ts";
import { checkIds, idLimits } from "../id-limits.ts";
import { mapRecord } from "../map-record.ts";
import type { Feed, Program } from "../program.ts";
import type { Tensor } from "../tensor.ts";
import { cpuRules } from "./cpu-rules.ts";
import { Lowering } from "./lowering.ts";
import { OnnxModel } from "./model.ts";

/** Options of {@link createOnnxExecutor}. */
export interface OnnxOptions {
  /** Threads inside an operation, `>= 1`. Default: ONNX Runtime's choice, the physical cores. */
  readonly threads?: number;
  /**
   * Whether threads that wait keep their core busy: some percent faster on a machine of one's own,
   * less than half as fast on a shared one. Default false.
   */
  readonly allowSpinning?: boolean;
  /** What ONNX Runtime rewrites in the model. Default `"all"`. */
  readonly optimization?: "disabled" | "basic" | "extended" | "all";
  /**
   * Writes a Chrome trace of each executable, when it is released, to a file that begins so. Default
   * none.
   */
  readonly profilePrefix?: string;
}

type Runtime = typeof Ort;

async function loadRuntime(): Promise<Runtime> {
  try {
    return await import("onnxruntime-node");
  } catch (cause) {
    throw new Error(
      "createOnnxExecutor: onnxruntime-node must be installed for this platform, and its native module could not be loaded",
      { cause },
    );
  }
}

/** A program as ONNX bytes, and where its outputs are. */
export interface LoweredModel {
  readonly bytes: Uint8Array;
  /** The name in the model of each output of the program. */
  readonly outputNames: Readonly<Record<string, string>>;
}

/** Lowers a program for ONNX Runtime's CPU provider: a ModelProto of opset 21 and com.microsoft 1. */
export function lowerToOnnx(program: Program): LoweredModel {
  const model = new OnnxModel();
  const names = new Lowering(model, program, cpuRules).run();
  return {
    bytes: model.bytes(),
    outputNames: mapRecord(program.outputs, (tensor) => names.get(tensor)!),
  };
}

function toOrt({ Tensor }: Runtime, name: string, { data, shape }: Feed): Ort.Tensor {
  if (data instanceof Uint8Array) return new Tensor("bool", data, shape);
  if (data instanceof Int32Array) return new Tensor("int32", data, shape);
  if (data instanceof Float32Array) return new Tensor("float32", data, shape);
  throw new TypeError(`run: feed ${name} must be a Float32Array, got a ${data.constructor.name}`);
}

/** Some kernels of ONNX Runtime leave their output unset where they have nothing to add up. */
function checkSizes(sizes: Sizes): void {
  for (const [name, size] of sizes) {
    if (size < 1) throw new RangeError(`run: size ${name} must be >= 1, got ${size}`);
  }
}

function fromOrt(tensor: Ort.Tensor): Output {
  const { data, dims } = tensor;
  if (!(data instanceof Float32Array)) {
    throw new TypeError(`run: output must be float32, got ${tensor.type}`);
  }
  return { shape: dims, data };
}

/**
 * An {@link Executor} by onnxruntime-node on the CPU. The native module is loaded when the first
 * program is compiled. Feeds are read in place, without a copy; a run blocks the thread that calls it.
 * Named sizes must be at least 1.
 *
 * @throws `RangeError` if `threads` is not a whole number of at least 1. `compile` throws an `Error` if
 *   the native module is missing.
 */
export function createOnnxExecutor({
  threads,
  allowSpinning = false,
  optimization = "all",
  profilePrefix,
}: OnnxOptions = {}): Executor {
  if (threads !== undefined) checkInteger("createOnnxExecutor", { threads }, { min: 1 });
  const options: Ort.InferenceSession.SessionOptions = {
    executionProviders: ["cpu"],
    graphOptimizationLevel: optimization,
    // Patterns are planned for one set of sizes; here sizes change from run to run.
    enableMemPattern: false,
    interOpNumThreads: 1,
    // What goes wrong is thrown; it need not be printed as well.
    logSeverityLevel: 4,
    extra: { session: { intra_op: { allow_spinning: allowSpinning ? "1" : "0" } } },
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    ...(profilePrefix === undefined
      ? {}
      : { enableProfiling: true, profileFilePrefix: profilePrefix }),
  };
  return {
    compile: async <Name extends string>(program: Program<Name>): Promise<Executable<Name>> => {
      checkOutputs("compile", program);
      const runtime = await loadRuntime();
      const { bytes, outputNames } = lowerToOnnx(program);
      const limits = idLimits(program);
      let session: Ort.InferenceSession | undefined = await runtime.InferenceSession.create(
        bytes,
        options,
      );
      return {
        run: async (feeds) => {
          if (!session) throw new Error("run: executable must not be released, got a released one");
          const sizes = bindFeeds("run", program, feeds);
          checkSizes(sizes);
          checkIds("run", limits, feeds, sizes);
          const tensors = mapRecord(program.inputs, (_, name) =>
            toOrt(runtime, name, feeds[name]!),
          );
          const results = await session.run(tensors);
          return mapRecord<Name, Tensor, Output>(program.outputs, (_, name) =>
            fromOrt(results[outputNames[name]!]!),
          );
        },
        release: async () => {
          const held = session;
          session = undefined;
          if (!held) return;
          if (profilePrefix !== undefined) held.endProfiling();
          await held.release();
        },
      };
    },
  };
}
