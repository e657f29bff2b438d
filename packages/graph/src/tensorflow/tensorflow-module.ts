import type { DataType } from "../tensor.ts";
import { tensorFlowPackages, type TensorFlowPackage } from "./packages.ts";

/** The part of a TensorFlow.js tensor that this package uses. */
export interface TensorFlowTensor {
  readonly shape: readonly number[];
  readonly isDisposed: boolean;
  data(): Promise<Float32Array | Int32Array | Uint8Array>;
  dispose(): void;
}

type T = TensorFlowTensor;

/**
 * TensorFlow.js module as callers pass it; only part of its type is declared: `@tensorflow/tfjs`,
 * `tfjs-node`, `tfjs-node-gpu`, or `tfjs-core` with a backend.
 */
export interface TensorFlowModule {
  ready(): Promise<void>;
  setBackend(name: string): Promise<boolean>;
}

/** The part of a TensorFlow.js module that this package uses. */
export interface TensorFlow extends TensorFlowModule {
  tensor(
    data: Float32Array | Int32Array | Uint8Array,
    shape: number[],
    dtype: "float32" | "int32" | "bool",
  ): T;
  keep(x: T): T;
  /** At the end of a scope, all tensors created in it are disposed of unless they are kept. */
  engine(): { startScope(): void; endScope(): void };
  cast(x: T, dtype: DataType): T;
  add(a: T, b: T): T;
  sub(a: T, b: T): T;
  mul(a: T, b: T): T;
  div(a: T, b: T): T;
  floorDiv(a: T, b: T): T;
  minimum(a: T, b: T): T;
  maximum(a: T, b: T): T;
  greater(a: T, b: T): T;
  notEqual(a: T, b: T): T;
  equal(a: T, b: T): T;
  less(a: T, b: T): T;
  logicalAnd(a: T, b: T): T;
  logicalXor(a: T, b: T): T;
  logicalNot(x: T): T;
  where(condition: T, a: T, b: T): T;
  neg(x: T): T;
  exp(x: T): T;
  log(x: T): T;
  sqrt(x: T): T;
  reciprocal(x: T): T;
  sigmoid(x: T): T;
  tanh(x: T): T;
  sum(x: T, axes: number[], keepDims: boolean): T;
  mean(x: T, axes: number[], keepDims: boolean): T;
  max(x: T, axes: number[], keepDims: boolean): T;
  matMul(a: T, b: T, transposeA: boolean, transposeB: boolean): T;
  reshape(x: T, shape: number[]): T;
  transpose(x: T, permutation: number[]): T;
  slice(x: T, begin: number[], size: number[]): T;
  concat(tensors: T[], axis: number): T;
  broadcastTo(x: T, shape: number[]): T;
  gather(x: T, ids: T, axis: number): T;
  scatterND(ids: T, updates: T, shape: number[]): T;
  softmax(x: T, axis: number): T;
  logSoftmax(x: T, axis: number): T;
}

const functionNames = [
  "ready setBackend tensor keep engine cast add sub mul div floorDiv minimum maximum greater notEqual",
  "equal less logicalAnd logicalXor logicalNot where neg exp log sqrt reciprocal sigmoid tanh sum mean",
  "max matMul reshape transpose slice concat broadcastTo gather scatterND softmax logSoftmax",
].flatMap((line) => line.split(" "));

/** Checks that a module has all functions that this package calls. */
export function checkModule(module: TensorFlowModule): TensorFlow {
  const functions = module as unknown as Readonly<Record<string, unknown>>;
  for (const name of functionNames) {
    if (typeof functions[name] !== "function") {
      throw new TypeError(
        `createTensorFlowExecutor: module must have a function ${name}, got ${typeof functions[name]}`,
      );
    }
  }
  // Sound because all functions were checked above.
  return module as TensorFlow;
}

/** Imports the first TensorFlow.js package that loads. */
export async function loadTensorFlow(
  names: readonly TensorFlowPackage[] = tensorFlowPackages,
): Promise<TensorFlowModule> {
  const reasons: string[] = [];
  for (const name of names) {
    try {
      const module = (await import(name)) as TensorFlowModule & {
        readonly default?: TensorFlowModule;
      };
      return module.default ?? module;
    } catch (cause) {
      const message = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
      reasons.push(`${name}: ${message}`);
    }
  }
  throw new Error(
    `createTensorFlowExecutor: one of ${names.join(", ")} must be installed (npm install @tensorflow/tfjs works on every platform; tfjs-node and tfjs-node-gpu are faster, but their installation downloads TensorFlow), got: ${reasons.join("; ")}`,
  );
}
