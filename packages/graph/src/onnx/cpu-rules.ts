import { multiplyDimensions } from "../dimension.ts";
import type { OperationKind } from "../operation.ts";
import { shapeSize } from "../tensor.ts";
import type { Attribute } from "./model.ts";
import { elementTypes } from "./model.ts";
import type { LoweringRule, LoweringRules } from "./lowering.ts";

type Reduction = "reduceSum" | "reduceMean" | "reduceMax";

/** Rule for an operation that corresponds to one ONNX node with the same inputs. */
function lowerDirectly<K extends OperationKind>(
  operator: string,
  attributes: Readonly<Record<string, Attribute>> = {},
): LoweringRule<K> {
  return (lowering, _, inputs) => [lowering.node(operator, inputs, attributes)];
}

function lowerReduction<K extends Reduction>(operator: string): LoweringRule<K> {
  return (lowering, { attributes: { axes, keepDims } }, inputs) => [
    lowering.node(operator, [inputs[0]!, lowering.list(axes)], { keepdims: Number(keepDims) }),
  ];
}

/** Rules for ONNX Runtime's CPU provider, with its fused operators. */
export const cpuRules: LoweringRules = {
  constant: ({ model }, { attributes: { values }, outputs: [y] }) => [
    model.constant(y!.dtype, y!.shape.map(Number), values),
  ],
  size: (lowering, { attributes: { dimension } }) => [lowering.scalar(dimension)],
  iota: (lowering, { outputs: [y] }) => [lowering.range(0, y!.shape[0]!)],

  add: lowerDirectly("Add"),
  subtract: lowerDirectly("Sub"),
  multiply: lowerDirectly("Mul"),
  divide: lowerDirectly("Div"),
  minimum: lowerDirectly("Min"),
  maximum: lowerDirectly("Max"),
  greater: lowerDirectly("Greater"),
  equal: lowerDirectly("Equal"),
  and: lowerDirectly("And"),
  not: lowerDirectly("Not"),
  where: lowerDirectly("Where"),
  cast: (lowering, { outputs: [y] }, inputs) => [
    lowering.node("Cast", inputs, { to: elementTypes[y!.dtype] }),
  ],

  // Adds to `x`, for each tensor to wait for, a value that is always 0: `sum > infinity` is false
  // even for NaN. ONNX Runtime cannot know this, so it computes the tensors before the result.
  barrier: (lowering, { inputs: [, ...others] }, [x, ...names]) => {
    const infinity = lowering.model.constant("float32", [], [Number.POSITIVE_INFINITY]);
    const zeros = others.map(({ shape }, i) => {
      const axes = lowering.list(shape.map((_, axis) => axis));
      const sum =
        shape.length === 0
          ? names[i]!
          : lowering.node("ReduceSum", [names[i]!, axes], { keepdims: 0 });
      const isInfinite = lowering.node("Greater", [sum, infinity]);
      return lowering.node("Cast", [isInfinite], { to: elementTypes.float32 });
    });
    const zero = zeros.reduce((sum, next) => lowering.node("Add", [sum, next]));
    return [lowering.node("Add", [x!, zero])];
  },

  negate: lowerDirectly("Neg"),
  exp: lowerDirectly("Exp"),
  log: lowerDirectly("Log"),
  sqrt: lowerDirectly("Sqrt"),
  reciprocal: lowerDirectly("Reciprocal"),
  sigmoid: lowerDirectly("Sigmoid"),
  tanh: lowerDirectly("Tanh"),
  silu: lowerDirectly("com.microsoft.QuickGelu", { alpha: { float: 1 } }),

  reduceSum: lowerReduction("ReduceSum"),
  reduceMean: lowerReduction("ReduceMean"),
  reduceMax: lowerReduction("ReduceMax"),

  matmul: (lowering, { inputs: [a, b], attributes }, names) => {
    const [transA, transB] = [Number(attributes.transposeA), Number(attributes.transposeB)];
    const alpha = { float: attributes.scale };
    if (a!.shape.length === 2 && b!.shape.length === 2) {
      return [lowering.node("Gemm", names, { transA, transB, alpha })];
    }
    return [lowering.node("com.microsoft.FusedMatMul", names, { transA, transB, alpha })];
  },
  linear: lowerDirectly("Gemm", { transB: 1 }),

  reshape: (lowering, { inputs: [x], outputs: [y] }, names) => [
    lowering.reshape(names[0]!, x!.shape, y!.shape),
  ],
  transpose: (lowering, { attributes: { permutation } }, names) => [
    lowering.node("Transpose", names, { perm: permutation }),
  ],
  slice: (lowering, { inputs: [x], attributes: { axis, start, end } }, names) => {
    // Largest integer of a JavaScript number, as int64: an end beyond the axis means the end of the
    // axis.
    const last = end === x!.shape[axis] ? lowering.list([2 ** 53 - 1]) : lowering.size(end);
    return [lowering.node("Slice", [names[0]!, lowering.size(start), last, lowering.list([axis])])];
  },
  concat: (lowering, { attributes: { axis } }, names) => [lowering.node("Concat", names, { axis })],
  expand: (lowering, { inputs: [x], outputs: [y] }, names) => {
    // Expand does not change axes where the requested size is 1.
    const added = y!.shape.length - x!.shape.length;
    const target = y!.shape.map((size, axis) => (size === x!.shape[axis - added] ? 1 : size));
    return [lowering.node("Expand", [names[0]!, lowering.shape(target)])];
  },

  gather: lowerDirectly("Gather", { axis: 0 }),
  scatterAdd: (lowering, { inputs: [updates, ids], outputs: [y], attributes }, names) => {
    const count = shapeSize(ids!.shape);
    const width = shapeSize(y!.shape.slice(1));
    const zero = lowering.model.constant("float32", [], [0]);
    if (attributes.uniqueIds) {
      const data = lowering.node("Expand", [zero, lowering.shape(y!.shape)]);
      // Reshape as int32, because WebGPU has no kernel that reshapes int64.
      const column = lowering.reshape(names[1]!, ids!.shape, [...ids!.shape, 1]);
      const index = lowering.node("Cast", [column], { to: elementTypes.int64 });
      return [lowering.node("ScatterND", [data, index, names[0]!])];
    }
    // Do not use ScatterND: if ids repeat, its CPU kernel loses updates in a race between threads.
    const flat = width === 1 ? [count] : [count, width];
    const update = lowering.reshape(names[0]!, updates!.shape, flat);
    const column = lowering.reshape(names[1]!, ids!.shape, width === 1 ? [count] : [count, 1]);
    const index =
      width === 1 ? column : lowering.node("Expand", [column, lowering.shape([1, width])]);
    const rows = width === 1 ? [attributes.rows] : [attributes.rows, width];
    const data = names[2] ?? lowering.node("Expand", [zero, lowering.shape(rows)]);
    const sum = lowering.node("ScatterElements", [data, index, update], {
      axis: 0,
      reduction: "add",
    });
    return [lowering.reshape(sum, rows, y!.shape)];
  },
  replaceRows: (lowering, { inputs: [, , ids] }, [table, updates, rows]) => {
    // Ids are unique, so ScatterND's threads cannot race.
    const column = lowering.reshape(rows!, ids!.shape, [...ids!.shape, 1]);
    const index = lowering.node("Cast", [column], { to: elementTypes.int64 });
    return [lowering.node("ScatterND", [table!, index, updates!])];
  },
  takeAlong: (lowering, { inputs: [x] }, names) => [
    lowering.node("GatherElements", names, { axis: x!.shape.length - 1 }),
  ],
  scatterAddAlong: (lowering, { outputs: [y] }, names) => {
    const zero = lowering.model.constant("float32", [], [0]);
    const data = lowering.node("Expand", [zero, lowering.shape(y!.shape)]);
    const axis = y!.shape.length - 1;
    return [
      lowering.node("ScatterElements", [data, names[1]!, names[0]!], {
        axis,
        reduction: "add",
      }),
    ];
  },

  softmax: lowerDirectly("Softmax", { axis: -1 }),
  logSoftmax: lowerDirectly("LogSoftmax", { axis: -1 }),
  rmsNorm: ({ model }, { attributes: { epsilon } }, names) =>
    model.node(
      "SimplifiedLayerNormalization",
      names,
      { axis: -1, epsilon: { float: epsilon }, stash_type: 1 },
      2,
    ),
  rope: (lowering, { inputs: [x], attributes: { inverse } }, [value, cos, sin, positions]) => {
    const [batch, time, heads, size] = x!.shape;
    // Pass each token as a separate sequence: the kernel rejects sequences longer than the tables,
    // and a row may contain tokens of many sequences.
    const numTokens = multiplyDimensions(batch!, time!);
    const flat = [numTokens, 1, multiplyDimensions(heads!, size!)];
    const places = lowering.reshape(positions!, [batch!, time!], [numTokens, 1]);
    const turned = lowering.node(
      "com.microsoft.RotaryEmbedding",
      [
        lowering.reshape(value!, x!.shape, flat),
        lowering.node("Cast", [places], { to: elementTypes.int64 }),
        cos!,
        inverse ? lowering.node("Neg", [sin!]) : sin!,
      ],
      { num_heads: Number(heads) },
    );
    return [lowering.reshape(turned, flat, x!.shape)];
  },
};
