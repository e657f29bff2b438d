import type { Operation, OperationKind, OperationOf } from "./operation.ts";
import { equalShapes, shapeSize, showShape, type Shape, type Tensor } from "./tensor.ts";
import type { Tracer } from "./tracer.ts";

/**
 * Derivative rule of one operation.
 * @param cotangent - Gradient of the first output.
 * @param others - Gradients of further outputs; `undefined` where no gradient flows.
 * @returns The gradient of each input, in the input's shape; omitted trailing inputs get no
 *   gradient.
 */
type Rule<K extends OperationKind> = (
  g: Tracer,
  operation: OperationOf<K>,
  cotangent: Tensor,
  others: readonly (Tensor | undefined)[],
) => readonly (Tensor | undefined)[];

/** Sums a gradient over the axes that broadcasting added or expanded. */
function unbroadcast(g: Tracer, gradient: Tensor, shape: Shape): Tensor {
  if (equalShapes(gradient.shape, shape)) return gradient;
  const added = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((size, axis) =>
    axis < added || shape[axis - added] !== size ? [axis] : [],
  );
  return g.reshape(g.reduceSum(gradient, { axes }), shape);
}

function zeros(g: Tracer, shape: Shape): Tensor {
  return g.expand(g.constant(0), shape);
}

/** Restores the axes that a reduction removed, with size 1. */
function keepAxes(g: Tracer, reduced: Tensor, x: Tensor, axes: readonly number[]): Tensor {
  return g.reshape(
    reduced,
    x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)),
  );
}

/** Operations without a gradient: operations on integers or booleans, and `stopGradient`. */
type NonDifferentiableKind =
  | "input"
  | "constant"
  | "size"
  | "iota"
  | "greater"
  | "equal"
  | "and"
  | "not"
  | "cast"
  | "stopGradient";

/** Operations with a rule below; `withGradient` brings its own rule. */
type DifferentiableKind = Exclude<OperationKind, NonDifferentiableKind | "withGradient">;

const rules: { readonly [K in DifferentiableKind]: Rule<K> } = {
  add: (g, { inputs: [a, b] }, c) => [unbroadcast(g, c, a!.shape), unbroadcast(g, c, b!.shape)],
  subtract: (g, { inputs: [a, b] }, c) => [
    unbroadcast(g, c, a!.shape),
    g.negate(unbroadcast(g, c, b!.shape)),
  ],
  multiply: (g, { inputs: [a, b] }, c) => [
    unbroadcast(g, g.multiply(c, b!), a!.shape),
    unbroadcast(g, g.multiply(c, a!), b!.shape),
  ],
  divide: (g, { inputs: [a, b], outputs: [y] }, c) => {
    const quotient = g.divide(c, b!);
    return [
      unbroadcast(g, quotient, a!.shape),
      g.negate(unbroadcast(g, g.multiply(quotient, y!), b!.shape)),
    ];
  },
  minimum: (g, { inputs: [a, b] }, c) => {
    const isSecond = g.greater(a!, b!);
    return [
      unbroadcast(g, g.where(isSecond, 0, c), a!.shape),
      unbroadcast(g, g.where(isSecond, c, 0), b!.shape),
    ];
  },
  maximum: (g, { inputs: [a, b] }, c) => {
    const isSecond = g.greater(b!, a!);
    return [
      unbroadcast(g, g.where(isSecond, 0, c), a!.shape),
      unbroadcast(g, g.where(isSecond, c, 0), b!.shape),
    ];
  },
  where: (g, { inputs: [condition, a, b] }, c) => [
    undefined,
    unbroadcast(g, g.where(condition!, c, 0), a!.shape),
    unbroadcast(g, g.where(condition!, 0, c), b!.shape),
  ],

  negate: (g, _, c) => [g.negate(c)],
  exp: (g, { outputs: [y] }, c) => [g.multiply(c, y!)],
  log: (g, { inputs: [x] }, c) => [g.divide(c, x!)],
  sqrt: (g, { outputs: [y] }, c) => [g.divide(g.multiply(c, 0.5), y!)],
  reciprocal: (g, { outputs: [y] }, c) => [g.negate(g.multiply(c, g.multiply(y!, y!)))],
  sigmoid: (g, { outputs: [y] }, c) => [g.multiply(c, g.multiply(y!, g.subtract(1, y!)))],
  tanh: (g, { outputs: [y] }, c) => [g.multiply(c, g.subtract(1, g.multiply(y!, y!)))],
  // With s the sigmoid: s + x s (1 - s) = s (1 + x - y).
  silu: (g, { inputs: [x], outputs: [y] }, c) => [
    g.multiply(c, g.multiply(g.sigmoid(x!), g.add(g.subtract(x!, y!), 1))),
  ],

  reduceSum: (g, { inputs: [x], attributes: { axes } }, c) => [
    g.expand(keepAxes(g, c, x!, axes), x!.shape),
  ],
  reduceMean: (g, { inputs: [x], attributes: { axes } }, c) => {
    const size = g.size(shapeSize(axes.map((axis) => x!.shape[axis]!)), "float32");
    return [g.expand(keepAxes(g, g.divide(c, size), x!, axes), x!.shape)];
  },
  reduceMax: (g, { inputs: [x], outputs: [y], attributes: { axes } }, c) => {
    const isLargest = g.cast(g.equal(x!, keepAxes(g, y!, x!, axes)), "float32");
    const share = g.divide(isLargest, g.reduceSum(isLargest, { axes, keepDims: true }));
    return [g.multiply(share, keepAxes(g, c, x!, axes))];
  },

  matmul: (g, { inputs: [a, b], attributes: { transposeA, transposeB, scale } }, c) => [
    unbroadcast(
      g,
      transposeA
        ? g.matmul(b!, c, { transposeA: transposeB, transposeB: true, scale })
        : g.matmul(c, b!, { transposeB: !transposeB, scale }),
      a!.shape,
    ),
    unbroadcast(
      g,
      transposeB
        ? g.matmul(c, a!, { transposeA: true, transposeB: transposeA, scale })
        : g.matmul(a!, c, { transposeA: !transposeA, scale }),
      b!.shape,
    ),
  ],
  linear: (g, { inputs: [x, weight, bias] }, c) => [
    g.matmul(c, weight!),
    g.matmul(c, x!, { transposeA: true }),
    ...(bias === undefined ? [] : [g.reduceSum(c, { axes: [0] })]),
  ],

  reshape: (g, { inputs: [x] }, c) => [g.reshape(c, x!.shape)],
  expand: (g, { inputs: [x] }, c) => [unbroadcast(g, c, x!.shape)],
  transpose: (g, { attributes: { permutation } }, c) => [
    g.transpose(
      c,
      permutation.map((_, axis) => permutation.indexOf(axis)),
    ),
  ],
  slice: (g, { inputs: [x], attributes: { axis, start, end } }, c) => {
    const before = start === 0 ? [] : [zeros(g, g.slice(x!, axis, 0, start).shape)];
    const isToEnd = end === x!.shape[axis];
    const after = isToEnd ? [] : [zeros(g, g.slice(x!, axis, end).shape)];
    return [g.concat([...before, c, ...after], axis)];
  },
  concat: (g, { inputs, attributes: { axis } }, c) =>
    g.split(
      c,
      axis,
      inputs.map((part) => part.shape[axis]!),
    ),

  gather: (g, { inputs: [table, ids], attributes }, c) => [
    g.scatterAdd(c, ids!, table!.shape[0]!, attributes),
  ],
  scatterAdd: (g, { inputs: [, ids], attributes }, c) => [g.gather(c, ids!, attributes)],
  replaceRows: (g, { inputs: [, updates, ids] }, c) => [
    g.replaceRows(c, zeros(g, updates!.shape), ids!),
    g.gather(c, ids!, { uniqueIds: true }),
  ],
  takeAlong: (g, { inputs: [x, ids] }, c) => [g.scatterAddAlong(c, ids!, x!.shape.at(-1)!)],
  scatterAddAlong: (g, { inputs: [, ids] }, c) => [g.takeAlong(c, ids!)],

  softmax: (g, { outputs: [y] }, c) => {
    const mean = g.reduceSum(g.multiply(c, y!), { axes: [-1], keepDims: true });
    return [g.multiply(y!, g.subtract(c, mean))];
  },
  logSoftmax: (g, { outputs: [y] }, c) => {
    const total = g.reduceSum(c, { axes: [-1], keepDims: true });
    return [g.subtract(c, g.multiply(g.exp(y!), total))];
  },

  // With n the normalized rows and t = c * weight: dx = (t - n * mean(t * n)) / rms.
  rmsNorm: (g, { inputs: [x, weight], outputs: [, scale] }, c, [scaleCotangent]) => {
    const axes = [x!.shape.length - 1];
    const normalized = g.multiply(x!, scale!);
    const direct = g.multiply(c, weight!);
    const mean = g.reduceMean(g.multiply(direct, normalized), { axes, keepDims: true });
    // The gradient of the scale: d(1/rms) = -x / (d rms^3).
    const size = g.size(x!.shape.at(-1)!, "float32");
    const along =
      scaleCotangent === undefined
        ? mean
        : g.add(mean, g.divide(g.multiply(scaleCotangent, scale!), size));
    return [
      g.multiply(g.subtract(direct, g.multiply(normalized, along)), scale!),
      unbroadcast(g, g.multiply(c, normalized), weight!.shape),
    ];
  },
  rope: (g, { inputs: [, cos, sin, positions], attributes: { inverse } }, c) => [
    g.rope(c, cos!, sin!, positions!, !inverse),
  ],

  barrier: (_g, _operation, c) => [c],
};

/** Kinds of operations with a gradient rule. */
export const differentiableKinds: readonly string[] = Object.keys(rules);

function isDifferentiable(kind: OperationKind): kind is DifferentiableKind {
  return kind in rules;
}

function applyRule<K extends DifferentiableKind>(
  g: Tracer,
  operation: OperationOf<K>,
  cotangents: readonly (Tensor | undefined)[],
): readonly (Tensor | undefined)[] {
  const rule: Rule<K> = rules[operation.kind];
  const [first, ...others] = cotangents;
  return rule(g, operation, first ?? zeros(g, operation.outputs[0]!.shape), others);
}

/** Computes the gradients of one operation's inputs. */
function passBack(
  g: Tracer,
  operation: Operation,
  cotangents: readonly (Tensor | undefined)[],
): readonly (Tensor | undefined)[] {
  if (operation.kind !== "withGradient") {
    if (!isDifferentiable(operation.kind)) return [];
    return applyRule(g, operation as OperationOf<DifferentiableKind>, cotangents);
  }
  const { numOutputs } = operation.attributes;
  const results: undefined[] = Array.from({ length: numOutputs });
  const found = g.getBackward(operation)!(cotangents);
  const sources = operation.inputs.slice(numOutputs);
  if (found.length > sources.length) {
    throw new RangeError(
      `withGradient: derivative must return at most ${sources.length} gradients, got ${found.length}`,
    );
  }
  found.forEach((gradient, i) => {
    const { shape } = sources[i]!;
    if (gradient === undefined || equalShapes(gradient.shape, shape)) return;
    throw new RangeError(
      `withGradient: gradient ${i} must have the shape of its input ${showShape(shape)}, got ${showShape(gradient.shape)}`,
    );
  });
  return [...results, ...found];
}

/**
 * Appends the reverse-mode derivative of a loss to a traced graph.
 *
 * @param loss - A float32 scalar.
 * @param tensors - Tensors to differentiate with respect to: inputs or intermediate values.
 * @returns One gradient per tensor, in the tensor's shape, summed over all its uses; zeros if the
 *   loss does not depend on the tensor. Gradients are ordinary tensors and can be differentiated
 *   again.
 * @throws `RangeError` if the loss is not a float32 scalar.
 *
 * @example
 * trace((g) => {
 *   const x = g.input("x", "float32", ["n"]);
 *   const loss = g.reduceSum(g.multiply(x, x));
 *   const [dx] = gradients(g, loss, [x]); // 2 * x
 *   return { dx: dx! };
 * });
 */
export function gradients(g: Tracer, loss: Tensor, tensors: readonly Tensor[]): Tensor[] {
  if (loss.shape.length > 0 || loss.dtype !== "float32") {
    throw new RangeError(
      `gradients: loss must be a float32 scalar, got ${loss.dtype} ${showShape(loss.shape)}`,
    );
  }
  return backpropagate(g, loss, g.constant(1), tensors);
}

/**
 * Computes the gradients of `sum(output * cotangent)`, like {@link gradients}.
 * @param options - With `isolated`, gradients do not flow through `tensors` to each other, even if
 *   one of them is computed from another.
 */
export function backpropagate(
  g: Tracer,
  output: Tensor,
  cotangent: Tensor,
  tensors: readonly Tensor[],
  { isolated = false }: { readonly isolated?: boolean } = {},
): Tensor[] {
  g.producer(output);
  const operations = [...g.operations];
  const wanted = new Set(tensors.map((tensor) => (g.producer(tensor), tensor.id)));
  const depends = new Set(wanted);
  for (const { inputs, outputs } of operations) {
    if (inputs.some((input) => depends.has(input.id))) {
      for (const result of outputs) depends.add(result.id);
    }
  }

  const cotangents = new Map<number, Tensor>([[output.id, cotangent]]);
  for (const operation of operations.reverse()) {
    const arrived = operation.outputs.map((result) => cotangents.get(result.id));
    if (arrived.every((each) => each === undefined)) continue;
    if (!operation.inputs.some((input) => depends.has(input.id))) continue;
    if (isolated && operation.outputs.some((result) => wanted.has(result.id))) continue;
    passBack(g, operation, arrived).forEach((gradient, i) => {
      const input = operation.inputs[i]!;
      if (gradient === undefined || !depends.has(input.id) || input.dtype !== "float32") return;
      const sum = cotangents.get(input.id);
      cotangents.set(input.id, sum === undefined ? gradient : g.add(sum, gradient));
    });
  }
  return tensors.map((tensor) => cotangents.get(tensor.id) ?? zeros(g, tensor.shape));
}
