import { checkFinite } from "@turnwise/core";
import {
  addDimensions,
  canonicalDimension,
  subtractDimensions,
  floorDivideDimension,
  type Dimension,
} from "./dimension.ts";
import type { ConstantValues, Operation, OperationKind, Operations } from "./operation.ts";
import { createProgram, type Program } from "./program.ts";
import {
  broadcastShapes,
  canonicalShape,
  checkAxis,
  equalShapes,
  shapeSize,
  showShape,
  type DataType,
  type Shape,
  type Tensor,
} from "./tensor.ts";

/** A tensor, or a number, which becomes a scalar of the other operand's type. */
export type Operand = Tensor | number;

/** Axes that a reduction removes. */
export interface ReduceOptions {
  /** Axes to reduce; negative axes count from the end. Default all. */
  readonly axes?: readonly number[];
  /** Keeps removed axes with size 1. Default false. */
  readonly keepDims?: boolean;
}

/** Options of {@link Tracer.matmul}. */
export interface MatmulOptions {
  /** Swaps the last two axes of `a` before the product. */
  readonly transposeA?: boolean;
  /** Swaps the last two axes of `b` before the product. */
  readonly transposeB?: boolean;
  /** Factor of the product. Default 1. */
  readonly scale?: number;
}

/** Options of {@link Tracer.gather} and {@link Tracer.scatterAdd}. */
export interface GatherOptions {
  /**
   * Promises that ids are unique, which lets executors scatter faster. If they are not, the
   * gradient is undefined. Default false.
   */
  readonly uniqueIds?: boolean;
}

/**
 * Hand-written derivative of {@link Tracer.withGradient}.
 * @param cotangents - Gradient of each result; `undefined` where no gradient flows into it.
 * @returns The gradient of each input, in the input's shape; `undefined` for no gradient.
 */
export type Backward = (
  cotangents: readonly (Tensor | undefined)[],
) => readonly (Tensor | undefined)[];

/**
 * Records a computation. Methods check data types and shapes immediately, and return handles
 * without computing anything. Equal operations are recorded once.
 */
export class Tracer {
  readonly #operations: Operation[] = [];
  readonly #tensors: Tensor[] = [];
  readonly #producers: Operation[] = [];
  readonly #inputs: Record<string, Tensor> = {};
  readonly #known = new Map<string, Operation>();
  readonly #backward = new Map<Operation, Backward>();

  /** All operations recorded so far. */
  get operations(): readonly Operation[] {
    return this.#operations;
  }

  /** All inputs declared so far, by name. */
  get inputs(): Readonly<Record<string, Tensor>> {
    return this.#inputs;
  }

  /**
   * Returns the operation that produces a tensor.
   * @throws `RangeError` for a tensor of another tracer.
   */
  producer(tensor: Tensor): Operation {
    this.#check("producer", tensor);
    return this.#producers[tensor.id]!;
  }

  /** Returns the hand-written derivative of a `withGradient` operation. */
  getBackward(operation: Operation): Backward | undefined {
    return this.#backward.get(operation);
  }

  #check(where: string, ...tensors: readonly Tensor[]): void {
    for (const tensor of tensors) {
      if (this.#tensors[tensor.id] !== tensor) {
        throw new RangeError(
          `${where}: tensor must belong to this tracer, got id ${tensor.id} of another`,
        );
      }
    }
  }

  #checkType(where: string, dtype: DataType, ...tensors: readonly Tensor[]): void {
    this.#check(where, ...tensors);
    for (const tensor of tensors) {
      if (tensor.dtype !== dtype) {
        throw new TypeError(`${where}: tensor must be ${dtype}, got ${tensor.dtype}`);
      }
    }
  }

  #record<K extends OperationKind>(
    kind: K,
    attributes: Operations[K],
    inputs: readonly Tensor[],
    results: readonly { readonly dtype: DataType; readonly shape: Shape }[],
    isShared = true,
  ): readonly Tensor[] {
    this.#check(kind, ...inputs);
    const key = isShared
      ? JSON.stringify([kind, attributes, inputs.map(({ id }) => id), results])
      : undefined;
    const known = key === undefined ? undefined : this.#known.get(key);
    if (known) return known.outputs;
    const outputs = results.map(({ dtype, shape }, i) => {
      const tensor: Tensor = { id: this.#tensors.length + i, dtype, shape };
      return Object.freeze(tensor);
    });
    // Sound because K determines both kind and attributes.
    const operation = { kind, attributes, inputs, outputs } as unknown as Operation;
    this.#operations.push(operation);
    this.#tensors.push(...outputs);
    for (const output of outputs) this.#producers[output.id] = operation;
    if (key !== undefined) this.#known.set(key, operation);
    return outputs;
  }

  #recordOne<K extends OperationKind>(
    kind: K,
    attributes: Operations[K],
    inputs: readonly Tensor[],
    shape: Shape,
    dtype: DataType = "float32",
  ): Tensor {
    return this.#record(kind, attributes, inputs, [{ dtype, shape }])[0]!;
  }

  /**
   * Declares an input.
   * @param shape - Named sizes such as `"batch"` get their value when the program runs; each must
   *   be an axis by itself in some input.
   * @throws `RangeError` if the name is taken.
   */
  input(name: string, dtype: DataType, shape: Shape): Tensor {
    if (Object.hasOwn(this.#inputs, name)) {
      throw new RangeError(`input: name must be unique, got ${name} twice`);
    }
    const tensor = this.#recordOne("input", { name }, [], canonicalShape(shape), dtype);
    this.#inputs[name] = tensor;
    return tensor;
  }

  /**
   * Adds a constant. Equal short lists are recorded once.
   * @param values - A scalar, or all entries in row-major order; not copied.
   * @throws `RangeError` if the number of entries does not match the shape.
   */
  constant(
    values: number | ConstantValues,
    { dtype = "float32", shape = [] }: { readonly dtype?: DataType; readonly shape?: Shape } = {},
  ): Tensor {
    const list = typeof values === "number" ? [values] : values;
    if (shapeSize(shape) !== list.length) {
      throw new RangeError(
        `constant: values must fill shape ${showShape(shape)}, got ${list.length} entries`,
      );
    }
    // JSON has no infinities and turns -0 into 0, so such constants are never shared.
    const isShared =
      Array.isArray(list) &&
      list.length <= 16 &&
      list.every((value) => Number.isFinite(value) && !Object.is(value, -0));
    return this.#record("constant", { values: list }, [], [{ dtype, shape }], isShared)[0]!;
  }

  /** Value of a size, as a scalar tensor. */
  size(dimension: Dimension, dtype: "int32" | "float32" = "int32"): Tensor {
    const canonical = canonicalDimension(dimension);
    if (typeof canonical === "number") return this.constant(canonical, { dtype });
    return this.cast(this.#recordOne("size", { dimension: canonical }, [], [], "int32"), dtype);
  }

  /** `0, 1, ..., length - 1`, int32 `[length]`. */
  iota(length: Dimension): Tensor {
    return this.#recordOne("iota", {}, [], [canonicalDimension(length)], "int32");
  }

  #binary(
    kind: "add" | "subtract" | "multiply" | "divide" | "minimum" | "maximum" | "greater" | "equal",
    a: Operand,
    b: Operand,
  ): Tensor {
    const [left, right] = this.#operands(kind, a, b);
    const shape = broadcastShapes(kind, left.shape, right.shape);
    const isTruth = kind === "greater" || kind === "equal";
    return this.#recordOne(kind, {}, [left, right], shape, isTruth ? "bool" : left.dtype);
  }

  #operands(where: string, a: Operand, b: Operand): [Tensor, Tensor] {
    const dtype = typeof a === "number" ? (typeof b === "number" ? "float32" : b.dtype) : a.dtype;
    const left = typeof a === "number" ? this.constant(a, { dtype }) : a;
    const right = typeof b === "number" ? this.constant(b, { dtype }) : b;
    this.#checkType(where, left.dtype, right);
    if (dtype === "bool")
      throw new TypeError(`${where}: tensor must be float32 or int32, got bool`);
    return [left, right];
  }

  /** `a + b`, broadcast. */
  add(a: Operand, b: Operand): Tensor {
    return this.#binary("add", a, b);
  }
  /** `a - b`, broadcast. */
  subtract(a: Operand, b: Operand): Tensor {
    return this.#binary("subtract", a, b);
  }
  /** `a * b`, broadcast. */
  multiply(a: Operand, b: Operand): Tensor {
    return this.#binary("multiply", a, b);
  }
  /** `a / b`, broadcast; int32 rounds towards 0. */
  divide(a: Operand, b: Operand): Tensor {
    return this.#binary("divide", a, b);
  }
  /** Elementwise minimum, broadcast; at a tie the gradient goes to `a`. */
  minimum(a: Operand, b: Operand): Tensor {
    return this.#binary("minimum", a, b);
  }
  /** Elementwise maximum, broadcast; at a tie the gradient goes to `a`. */
  maximum(a: Operand, b: Operand): Tensor {
    return this.#binary("maximum", a, b);
  }
  /** `a > b`, broadcast, bool. No gradient. */
  greater(a: Operand, b: Operand): Tensor {
    return this.#binary("greater", a, b);
  }
  /** `a = b`, broadcast, bool. No gradient. */
  equal(a: Operand, b: Operand): Tensor {
    return this.#binary("equal", a, b);
  }
  /** Logical and, broadcast. */
  and(a: Tensor, b: Tensor): Tensor {
    this.#checkType("and", "bool", a, b);
    return this.#recordOne("and", {}, [a, b], broadcastShapes("and", a.shape, b.shape), "bool");
  }
  /** Logical not. */
  not(a: Tensor): Tensor {
    this.#checkType("not", "bool", a);
    return this.#recordOne("not", {}, [a], a.shape, "bool");
  }

  /**
   * `a` where `condition` is true, else `b`, all broadcast; only the selected operand gets a
   * gradient.
   */
  where(condition: Tensor, a: Operand, b: Operand): Tensor {
    this.#checkType("where", "bool", condition);
    const [left, right] = this.#operands("where", a, b);
    const both = broadcastShapes("where", left.shape, right.shape);
    const shape = broadcastShapes("where", condition.shape, both);
    return this.#recordOne("where", {}, [condition, left, right], shape, left.dtype);
  }

  /**
   * Converts to another data type: booleans to 1 or 0, numbers to `x != 0`, float32 to int32 by
   * truncation.
   */
  cast(x: Tensor, dtype: DataType): Tensor {
    return x.dtype === dtype ? x : this.#recordOne("cast", {}, [x], x.shape, dtype);
  }

  #unary(
    kind: "negate" | "exp" | "log" | "sqrt" | "reciprocal" | "sigmoid" | "tanh" | "silu",
    x: Tensor,
  ): Tensor {
    this.#checkType(kind, "float32", x);
    return this.#recordOne(kind, {}, [x], x.shape);
  }
  /** `-x`. */
  negate(x: Tensor): Tensor {
    return this.#unary("negate", x);
  }
  /** `e^x`. */
  exp(x: Tensor): Tensor {
    return this.#unary("exp", x);
  }
  /** Natural logarithm. */
  log(x: Tensor): Tensor {
    return this.#unary("log", x);
  }
  /** Square root. */
  sqrt(x: Tensor): Tensor {
    return this.#unary("sqrt", x);
  }
  /** `1 / x`. */
  reciprocal(x: Tensor): Tensor {
    return this.#unary("reciprocal", x);
  }
  /** `1 / (1 + e^-x)`. */
  sigmoid(x: Tensor): Tensor {
    return this.#unary("sigmoid", x);
  }
  /** Hyperbolic tangent. */
  tanh(x: Tensor): Tensor {
    return this.#unary("tanh", x);
  }
  /** `x * sigmoid(x)`. */
  silu(x: Tensor): Tensor {
    return this.#unary("silu", x);
  }

  #reduce(
    kind: "reduceSum" | "reduceMean" | "reduceMax",
    x: Tensor,
    { axes = x.shape.map((_, axis) => axis), keepDims = false }: ReduceOptions,
  ): Tensor {
    this.#checkType(kind, "float32", x);
    const sorted = [...new Set(axes.map((axis) => checkAxis(kind, axis, x.shape)))].sort(
      (a, b) => a - b,
    );
    if (sorted.length === 0) return x;
    const shape = x.shape.flatMap((dimension, axis) =>
      sorted.includes(axis) ? (keepDims ? [1] : []) : [dimension],
    );
    return this.#recordOne(kind, { axes: sorted, keepDims }, [x], shape);
  }
  /** Sum over axes. */
  reduceSum(x: Tensor, options: ReduceOptions = {}): Tensor {
    return this.#reduce("reduceSum", x, options);
  }
  /** Mean over axes. */
  reduceMean(x: Tensor, options: ReduceOptions = {}): Tensor {
    return this.#reduce("reduceMean", x, options);
  }
  /** Maximum over axes; entries that tie share the gradient evenly. */
  reduceMax(x: Tensor, options: ReduceOptions = {}): Tensor {
    return this.#reduce("reduceMax", x, options);
  }

  /**
   * Matrix product over the last two axes, `[..., n, k] x [..., k, m] -> [..., n, m]`; leading axes
   * broadcast.
   */
  matmul(
    a: Tensor,
    b: Tensor,
    { transposeA = false, transposeB = false, scale = 1 }: MatmulOptions = {},
  ): Tensor {
    this.#checkType("matmul", "float32", a, b);
    checkFinite("matmul", { scale });
    const swap = (shape: Shape, isSwapped: boolean): [Dimension, Dimension] => {
      const rows = shape.at(-2);
      const columns = shape.at(-1);
      if (rows === undefined || columns === undefined) {
        throw new RangeError(`matmul: shapes must have 2 axes or more, got ${showShape(shape)}`);
      }
      return isSwapped ? [columns, rows] : [rows, columns];
    };
    const [rows, inner] = swap(a.shape, transposeA);
    const [alsoInner, columns] = swap(b.shape, transposeB);
    if (inner !== alsoInner) {
      throw new RangeError(
        `matmul: inner sizes must be equal, got ${inner} and ${alsoInner} of ${showShape(a.shape)} and ${showShape(b.shape)}`,
      );
    }
    const batch = broadcastShapes("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2));
    const attributes = { transposeA, transposeB, scale };
    return this.#recordOne("matmul", attributes, [a, b], [...batch, rows, columns]);
  }

  /** `x . weight^T + bias`: x `[..., in]`, weight `[out, in]`, bias `[out]`, result `[..., out]`. */
  linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
    const inputs = bias === undefined ? [x, weight] : [x, weight, bias];
    this.#checkType("linear", "float32", ...inputs);
    const [out, size] = weight.shape;
    const isMatched =
      weight.shape.length === 2 &&
      x.shape.at(-1) === size &&
      (bias === undefined || equalShapes(bias.shape, [out!]));
    if (!isMatched) {
      throw new RangeError(
        `linear: x, weight and bias must be [..., in], [out, in] and [out], got ${inputs.map((tensor) => showShape(tensor.shape)).join(", ")}`,
      );
    }
    const rows = shapeSize(x.shape.slice(0, -1));
    const flat = this.reshape(x, [rows, size!]);
    const product = this.#recordOne("linear", {}, [flat, ...inputs.slice(1)], [rows, out!]);
    return this.reshape(product, [...x.shape.slice(0, -1), out!]);
  }

  /**
   * Same entries in another shape.
   * @throws `RangeError` unless the numbers of entries are equal.
   */
  reshape(x: Tensor, shape: Shape): Tensor {
    const target = canonicalShape(shape);
    if (equalShapes(x.shape, target)) return x;
    if (shapeSize(x.shape) !== shapeSize(target)) {
      throw new RangeError(
        `reshape: shape must hold as many entries as ${showShape(x.shape)}, got ${showShape(target)}`,
      );
    }
    const before = this.#producers[x.id];
    const source = before?.kind === "reshape" ? before.inputs[0]! : x;
    if (equalShapes(source.shape, target)) return source;
    return this.#recordOne("reshape", { shape: target }, [source], target, x.dtype);
  }

  /** Reorders axes: axis `i` of the result is axis `permutation[i]` of `x`. */
  transpose(x: Tensor, permutation: readonly number[]): Tensor {
    const axes = permutation.map((axis) => checkAxis("transpose", axis, x.shape));
    if (new Set(axes).size !== x.shape.length || axes.length !== x.shape.length) {
      throw new RangeError(
        `transpose: permutation must name each axis of ${showShape(x.shape)} once, got [${permutation.join(", ")}]`,
      );
    }
    if (axes.every((axis, i) => axis === i)) return x;
    const shape = axes.map((axis) => x.shape[axis]!);
    return this.#recordOne("transpose", { permutation: axes }, [x], shape, x.dtype);
  }

  /**
   * Entries `start` to `end - 1` along an axis, counted from the front; `end` defaults to the size
   * of the axis.
   */
  slice(
    x: Tensor,
    axis: number,
    start: Dimension,
    end: Dimension = x.shape[checkAxis("slice", axis, x.shape)]!,
  ): Tensor {
    const at = checkAxis("slice", axis, x.shape);
    const size = x.shape[at]!;
    const [from, to] = [canonicalDimension(start), canonicalDimension(end)];
    const length = subtractDimensions(to, from);
    const isOutside = (bound: Dimension): boolean =>
      typeof bound === "number" && (bound < 0 || (typeof size === "number" && bound > size));
    if (isOutside(from) || isOutside(to) || (typeof length === "number" && length < 0)) {
      throw new RangeError(
        `slice: start and end must be in order and within ${showShape(x.shape)}, got ${from} and ${to} on axis ${at}`,
      );
    }
    if (from === 0 && to === size) return x;
    const shape = x.shape.with(at, length);
    return this.#recordOne("slice", { axis: at, start: from, end: to }, [x], shape, x.dtype);
  }

  /** Concatenates tensors along an axis; the sizes of all other axes must be equal. */
  concat(tensors: readonly Tensor[], axis: number): Tensor {
    const first = tensors[0];
    if (!first) throw new RangeError("concat: tensors must not be empty, got length 0");
    this.#checkType("concat", first.dtype, ...tensors);
    if (tensors.length === 1) return first;
    const at = checkAxis("concat", axis, first.shape);
    for (const { shape } of tensors) {
      if (
        shape.length !== first.shape.length ||
        !equalShapes(shape.with(at, 0), first.shape.with(at, 0))
      ) {
        throw new RangeError(
          `concat: shapes must be equal except for axis ${at}, got ${showShape(first.shape)} and ${showShape(shape)}`,
        );
      }
    }
    const size = addDimensions(...tensors.map(({ shape }) => shape[at]!));
    return this.#recordOne(
      "concat",
      { axis: at },
      tensors,
      first.shape.with(at, size),
      first.dtype,
    );
  }

  /**
   * Splits a tensor along an axis, in order.
   * @param parts - The size of each part; or the number of parts, each of size `floor(size /
   *   parts)`, with the remainder added to the last.
   */
  split(x: Tensor, axis: number, parts: number | readonly Dimension[]): readonly Tensor[] {
    const at = checkAxis("split", axis, x.shape);
    const size = x.shape[at]!;
    const sizes =
      typeof parts === "number"
        ? Array.from({ length: parts - 1 }, () => floorDivideDimension(size, parts))
        : parts.slice(0, -1);
    const starts = sizes.reduce<Dimension[]>(
      (list, length) => [...list, addDimensions(list.at(-1)!, length)],
      [0],
    );
    if (typeof parts !== "number" && addDimensions(...parts) !== size) {
      throw new RangeError(
        `split: parts must add up to the size of axis ${at} of ${showShape(x.shape)}, got [${parts.join(", ")}]`,
      );
    }
    return starts.map((start, i) => this.slice(x, at, start, starts[i + 1] ?? size));
  }

  /** Broadcasts to a shape: expands axes of size 1, and adds leading axes. */
  expand(x: Tensor, shape: Shape): Tensor {
    const target = canonicalShape(shape);
    if (equalShapes(x.shape, target)) return x;
    if (!equalShapes(broadcastShapes("expand", x.shape, target), target)) {
      throw new RangeError(
        `expand: shape must not be smaller than ${showShape(x.shape)}, got ${showShape(target)}`,
      );
    }
    return this.#recordOne("expand", { shape: target }, [x], target, x.dtype);
  }

  /**
   * Gathers rows of a table: table `[rows, ...entry]`, ids `[...ids]`, result `[...ids, ...entry]`.
   */
  gather(table: Tensor, ids: Tensor, { uniqueIds = false }: GatherOptions = {}): Tensor {
    this.#checkType("gather", "int32", ids);
    checkAxis("gather", 0, table.shape);
    const shape = [...ids.shape, ...table.shape.slice(1)];
    return this.#recordOne("gather", { uniqueIds }, [table, ids], shape, table.dtype);
  }

  /**
   * Adds each update to the row of its id: updates `[...ids, ...entry]`, ids `[...ids]`, result
   * `[rows, ...entry]`; rows without an id are 0.
   */
  scatterAdd(
    updates: Tensor,
    ids: Tensor,
    rows: Dimension,
    { uniqueIds = false }: GatherOptions = {},
  ): Tensor {
    this.#checkType("scatterAdd", "int32", ids);
    this.#checkType("scatterAdd", "float32", updates);
    if (!equalShapes(updates.shape.slice(0, ids.shape.length), ids.shape)) {
      throw new RangeError(
        `scatterAdd: updates must begin with the axes of ids ${showShape(ids.shape)}, got ${showShape(updates.shape)}`,
      );
    }
    const size = canonicalDimension(rows);
    const shape = [size, ...updates.shape.slice(ids.shape.length)];
    return this.#recordOne("scatterAdd", { rows: size, uniqueIds }, [updates, ids], shape);
  }

  /**
   * Replaces rows of a table: table `[rows, ...entry]`, updates `[...ids, ...entry]`, ids
   * `[...ids]`. Ids must be unique, otherwise the contents of their rows are undefined. If the
   * table is a
   * `consumed` input that nothing else reads, an executor may update it in place; see
   * `CompileOptions`.
   */
  replaceRows(table: Tensor, updates: Tensor, ids: Tensor): Tensor {
    this.#checkType("replaceRows", "int32", ids);
    this.#checkType("replaceRows", "float32", table, updates);
    checkAxis("replaceRows", 0, table.shape);
    if (!equalShapes(updates.shape, [...ids.shape, ...table.shape.slice(1)])) {
      throw new RangeError(
        `replaceRows: updates must have the axes of ids ${showShape(ids.shape)} and of a row of table ${showShape(table.shape)}, got ${showShape(updates.shape)}`,
      );
    }
    return this.#recordOne("replaceRows", {}, [table, updates, ids], table.shape);
  }

  /**
   * Gathers entries along the last axis: x `[..., n]`, ids `[..., m]` in `[0, n)`, result
   * `[..., m]`.
   */
  takeAlong(x: Tensor, ids: Tensor): Tensor {
    this.#checkType("takeAlong", "int32", ids);
    if (x.shape.length === 0 || !equalShapes(x.shape.slice(0, -1), ids.shape.slice(0, -1))) {
      throw new RangeError(
        `takeAlong: x and ids must have equal shapes except for the last axis, got ${showShape(x.shape)} and ${showShape(ids.shape)}`,
      );
    }
    return this.#recordOne("takeAlong", {}, [x, ids], ids.shape, x.dtype);
  }

  /** Adjoint of {@link takeAlong}: adds updates `[..., m]` at ids `[..., m]` into `[..., size]`. */
  scatterAddAlong(updates: Tensor, ids: Tensor, size: Dimension): Tensor {
    this.#checkType("scatterAddAlong", "int32", ids);
    this.#checkType("scatterAddAlong", "float32", updates);
    if (updates.shape.length === 0 || !equalShapes(updates.shape, ids.shape)) {
      throw new RangeError(
        `scatterAddAlong: updates and ids must have equal shapes, got ${showShape(updates.shape)} and ${showShape(ids.shape)}`,
      );
    }
    const length = canonicalDimension(size);
    const shape = [...updates.shape.slice(0, -1), length];
    return this.#recordOne("scatterAddAlong", { size: length }, [updates, ids], shape);
  }

  /**
   * `exp(x)` scaled to sum 1 along the last axis; the maximum is subtracted first, for numerical
   * stability.
   */
  softmax(x: Tensor): Tensor {
    this.#checkType("softmax", "float32", x);
    checkAxis("softmax", -1, x.shape);
    return this.#recordOne("softmax", {}, [x], x.shape);
  }

  /** Logarithm of {@link softmax}. */
  logSoftmax(x: Tensor): Tensor {
    this.#checkType("logSoftmax", "float32", x);
    checkAxis("logSoftmax", -1, x.shape);
    return this.#recordOne("logSoftmax", {}, [x], x.shape);
  }

  /** `x / sqrt(mean(x^2) + epsilon) * weight` along the last axis; x `[..., d]`, weight `[d]`. */
  rmsNorm(x: Tensor, weight: Tensor, epsilon = 1e-6): Tensor {
    return this.rmsNormWithScale(x, weight, epsilon)[0];
  }

  /** {@link rmsNorm}, and the factor `1 / sqrt(mean(x^2) + epsilon)` as `[..., 1]`. */
  rmsNormWithScale(x: Tensor, weight: Tensor, epsilon: number): readonly [Tensor, Tensor] {
    this.#checkType("rmsNorm", "float32", x, weight);
    checkFinite("rmsNorm", { epsilon });
    checkAxis("rmsNorm", -1, x.shape);
    if (!equalShapes(weight.shape, x.shape.slice(-1))) {
      throw new RangeError(
        `rmsNorm: weight must have shape ${showShape(x.shape.slice(-1))} for x ${showShape(x.shape)}, got ${showShape(weight.shape)}`,
      );
    }
    const results = [x.shape, [...x.shape.slice(0, -1), 1]];
    const outputs = this.#record(
      "rmsNorm",
      { epsilon },
      [x, weight],
      results.map((shape) => ({ dtype: "float32", shape })),
    );
    return [outputs[0]!, outputs[1]!];
  }

  /**
   * Rotary position embedding in the half-split form of Hugging Face's Llama and Qwen: entry `j` of
   * the first half and entry `j` of the second half are rotated by the angle of the token's
   * position.
   *
   * @param x - `[batch, time, heads, 2*half]`.
   * @param cos - Cosines by position, `[positions, half]`; the same for `sin`. Neither gets a
   *   gradient.
   * @param positions - int32 `[batch, time]`, each in `[0, positions)`.
   * @param inverse - Rotates in the opposite direction, as the derivative does. Default false.
   */
  rope(x: Tensor, cos: Tensor, sin: Tensor, positions: Tensor, inverse = false): Tensor {
    this.#checkType("rope", "float32", x, cos, sin);
    this.#checkType("rope", "int32", positions);
    const [, half] = cos.shape;
    const isMatched =
      x.shape.length === 4 &&
      cos.shape.length === 2 &&
      typeof half === "number" &&
      x.shape[3] === 2 * half &&
      equalShapes(cos.shape, sin.shape) &&
      equalShapes(positions.shape, x.shape.slice(0, 2));
    if (!isMatched) {
      throw new RangeError(
        `rope: x must be [batch, time, heads, 2*half], cos and sin [positions, half], positions [batch, time], got shapes ${[x, cos, sin, positions].map((tensor) => showShape(tensor.shape)).join(", ")}`,
      );
    }
    return this.#recordOne("rope", { inverse }, [x, cos, sin, positions], x.shape);
  }

  /**
   * Scheduling barrier: equals `x`, but cannot be computed before `others`. Keeps executors from
   * merging a recomputation with the first computation, or starting it early.
   * @param others - Tensors to compute first, at least one. `x` and `others` must be float32.
   */
  barrier(x: Tensor, others: readonly Tensor[]): Tensor {
    if (others.length === 0)
      throw new RangeError("barrier: others must not be empty, got length 0");
    const odd = [x, ...others].find(({ dtype }) => dtype !== "float32");
    if (odd) throw new TypeError(`barrier: tensors must be float32, got ${odd.dtype}`);
    return this.#recordOne("barrier", {}, [x, ...others], x.shape, x.dtype);
  }

  /** Same value as a constant: gradients do not flow through it. */
  stopGradient(x: Tensor): Tensor {
    return this.#recordOne("stopGradient", {}, [x], x.shape, x.dtype);
  }

  /**
   * Replaces the derivative of a computation by a hand-written one.
   * @param results - Tensors computed from `inputs`.
   * @param inputs - Tensors to which gradients flow; the operations between inputs and results are
   *   not differentiated.
   * @returns The results, with the new derivative.
   */
  withGradient(
    results: readonly Tensor[],
    inputs: readonly Tensor[],
    backward: Backward,
  ): readonly Tensor[] {
    const outputs = this.#record(
      "withGradient",
      { numOutputs: results.length },
      [...results, ...inputs],
      results.map(({ dtype, shape }) => ({ dtype, shape })),
      false,
    );
    this.#backward.set(this.#producers[outputs[0]!.id]!, backward);
    return outputs;
  }
}

/**
 * Traces a program.
 * @param build - Declares inputs, records operations, and returns the outputs by name.
 *
 * @example
 * const program = trace((g) => {
 *   const x = g.input("x", "float32", ["batch", 3]);
 *   return { total: g.reduceSum(g.multiply(x, x)) };
 * });
 */
export function trace<Output extends string>(
  build: (g: Tracer) => Readonly<Record<Output, Tensor>>,
): Program<Output> {
  const g = new Tracer();
  const outputs = build(g);
  for (const tensor of Object.values<Tensor>(outputs)) g.producer(tensor);
  return createProgram(g.operations, g.inputs, outputs);
}
