import { evaluateShape, type Sizes } from "../bind-feeds.ts";
import { evaluateDimension } from "../dimension.ts";
import type { Operation, OperationKind, ExecutableKind } from "../operation.ts";
import type { TensorFlow, TensorFlowTensor } from "./tensorflow-module.ts";

type T = TensorFlowTensor;

function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

const unary = {
  negate: (tf, x) => tf.neg(x),
  exp: (tf, x) => tf.exp(x),
  log: (tf, x) => tf.log(x),
  sqrt: (tf, x) => tf.sqrt(x),
  reciprocal: (tf, x) => tf.reciprocal(x),
  sigmoid: (tf, x) => tf.sigmoid(x),
  tanh: (tf, x) => tf.tanh(x),
  silu: (tf, x) => tf.mul(x, tf.sigmoid(x)),
  not: (tf, x) => tf.logicalNot(x),
  softmax: (tf, x) => tf.softmax(x, -1),
  logSoftmax: (tf, x) => tf.logSoftmax(x, -1),
  // Operations run in order, so a barrier is the identity.
  barrier: (tf, x) => tf.reshape(x, [...x.shape]),
} satisfies Partial<Record<ExecutableKind, (tf: TensorFlow, x: T) => T>>;

const binary = {
  add: (tf, a, b) => tf.add(a, b),
  subtract: (tf, a, b) => tf.sub(a, b),
  multiply: (tf, a, b) => tf.mul(a, b),
  minimum: (tf, a, b) => tf.minimum(a, b),
  maximum: (tf, a, b) => tf.maximum(a, b),
  greater: (tf, a, b) => tf.greater(a, b),
  equal: (tf, a, b) => tf.equal(a, b),
  and: (tf, a, b) => tf.logicalAnd(a, b),
} satisfies Partial<Record<ExecutableKind, (tf: TensorFlow, a: T, b: T) => T>>;

function isUnary(kind: OperationKind): kind is keyof typeof unary {
  return kind in unary;
}

function isBinary(kind: OperationKind): kind is keyof typeof binary {
  return kind in binary;
}

/** Divides integers, rounding toward 0; TensorFlow.js itself rounds down. */
function divideIntegers(tf: TensorFlow, a: T, b: T): T {
  const zero = tf.tensor(Int32Array.of(0), [], "int32");
  const down = tf.floorDiv(a, b);
  const isInexact = tf.notEqual(tf.mul(down, b), a);
  const isNegative = tf.logicalXor(tf.less(a, zero), tf.less(b, zero));
  return tf.add(down, tf.cast(tf.logicalAnd(isInexact, isNegative), "int32"));
}

/** Converts row ids to ids of all entries of these rows in the flattened table. */
function flattenIds(tf: TensorFlow, ids: T, size: number): T {
  const width = ids.shape.at(-1)!;
  const rows = count(ids.shape.slice(0, -1));
  const starts = Int32Array.from({ length: rows }, (_, row) => row * size);
  const moved = tf.add(tf.reshape(ids, [rows, width]), tf.tensor(starts, [rows, 1], "int32"));
  return tf.reshape(moved, [rows * width]);
}

/** Computes the outputs of one operation. */
export function runOperation(
  tf: TensorFlow,
  operation: Operation,
  inputs: readonly T[],
  sizes: Sizes,
): T[] {
  const [x, y, z] = [inputs[0]!, inputs[1]!, inputs[2]!];
  const output = operation.outputs[0]!;
  const shape = evaluateShape(output.shape, sizes);
  const { kind } = operation;
  if (isUnary(kind)) return [unary[kind](tf, x)];
  if (isBinary(kind)) return [binary[kind](tf, x, y)];
  switch (kind) {
    case "constant": {
      const { values } = operation.attributes;
      const data =
        output.dtype === "float32"
          ? Float32Array.from(values)
          : output.dtype === "int32"
            ? Int32Array.from(values)
            : Uint8Array.from(values);
      return [tf.tensor(data, shape, output.dtype)];
    }
    case "size": {
      const value = evaluateDimension(operation.attributes.dimension, sizes);
      return [tf.tensor(Int32Array.of(value), [], "int32")];
    }
    case "iota": {
      const data = Int32Array.from({ length: shape[0]! }, (_, i) => i);
      return [tf.tensor(data, shape, "int32")];
    }
    case "divide":
      return [output.dtype === "int32" ? divideIntegers(tf, x, y) : tf.div(x, y)];
    case "where":
      return [tf.where(x, y, z)];
    case "cast":
      return [tf.cast(x, output.dtype)];
    case "reduceSum":
    case "reduceMean":
    case "reduceMax": {
      const { axes, keepDims } = operation.attributes;
      const reduce = { reduceSum: "sum", reduceMean: "mean", reduceMax: "max" } as const;
      return [tf[reduce[kind]](x, [...axes], keepDims)];
    }
    case "matmul": {
      const { transposeA, transposeB, scale } = operation.attributes;
      const product = tf.matMul(x, y, transposeA, transposeB);
      return [
        scale === 1 ? product : tf.mul(product, tf.tensor(Float32Array.of(scale), [], "float32")),
      ];
    }
    case "linear": {
      const product = tf.matMul(x, y, false, true);
      return [inputs.length === 3 ? tf.add(product, z) : product];
    }
    case "reshape":
      return [tf.reshape(x, shape)];
    case "expand":
      return [tf.broadcastTo(x, shape)];
    case "transpose":
      return [tf.transpose(x, [...operation.attributes.permutation])];
    case "slice": {
      const start = evaluateDimension(operation.attributes.start, sizes);
      return [
        tf.slice(
          x,
          shape.map((_, axis) => (axis === operation.attributes.axis ? start : 0)),
          shape,
        ),
      ];
    }
    case "concat":
      return [tf.concat([...inputs], operation.attributes.axis)];
    case "gather":
      return [tf.gather(x, y, 0)];
    case "scatterAdd": {
      const numIds = count(y.shape);
      const width = count(shape.slice(1));
      const updates = tf.reshape(x, [numIds, width]);
      const sum = tf.scatterND(tf.reshape(y, [numIds, 1]), updates, [shape[0]!, width]);
      return [tf.reshape(sum, shape)];
    }
    case "replaceRows": {
      const numIds = count(z.shape);
      const width = count(shape.slice(1));
      const ids = tf.reshape(z, [numIds, 1]);
      const ones = tf.tensor(new Float32Array(numIds).fill(1), [numIds, 1], "float32");
      const isReplaced = tf.cast(tf.scatterND(ids, ones, [shape[0]!, 1]), "bool");
      const updates = tf.scatterND(ids, tf.reshape(y, [numIds, width]), [shape[0]!, width]);
      const rows = tf.where(isReplaced, updates, tf.reshape(x, [shape[0]!, width]));
      return [tf.reshape(rows, shape)];
    }
    case "takeAlong": {
      const list = tf.reshape(x, [count(x.shape)]);
      return [tf.reshape(tf.gather(list, flattenIds(tf, y, x.shape.at(-1)!), 0), shape)];
    }
    case "scatterAddAlong": {
      const ids = flattenIds(tf, y, shape.at(-1)!);
      const length = count(x.shape);
      const updates = tf.reshape(x, [length]);
      const sum = tf.scatterND(tf.reshape(ids, [length, 1]), updates, [count(shape)]);
      return [tf.reshape(sum, shape)];
    }
    case "rmsNorm": {
      const epsilon = tf.tensor(Float32Array.of(operation.attributes.epsilon), [], "float32");
      const mean = tf.mean(tf.mul(x, x), [x.shape.length - 1], true);
      const scale = tf.reciprocal(tf.sqrt(tf.add(mean, epsilon)));
      return [tf.mul(tf.mul(x, scale), y), scale];
    }
    case "rope": {
      const [batch, time, heads, size] = shape as [number, number, number, number];
      const half = size / 2;
      const table = (values: T): T =>
        tf.reshape(tf.gather(values, inputs[3]!, 0), [batch, time, 1, half]);
      const cos = table(y);
      const sin = operation.attributes.inverse ? tf.neg(table(z)) : table(z);
      const part = (start: number): T => tf.slice(x, [0, 0, 0, start], [batch, time, heads, half]);
      const [first, second] = [part(0), part(half)];
      return [
        tf.concat(
          [
            tf.sub(tf.mul(first, cos), tf.mul(second, sin)),
            tf.add(tf.mul(second, cos), tf.mul(first, sin)),
          ],
          3,
        ),
      ];
    }
    default:
      return refuse(kind);
  }
}

/** Compile-time check that TensorFlow.js implements every operation. */
function refuse(kind: Exclude<OperationKind, ExecutableKind>): never {
  throw new Error(`run: ${kind} must not be an operation of a program`);
}
