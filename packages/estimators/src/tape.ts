import { plainOperations, type PlainTensor, type TensorOperations } from "@turnwise/core";

/** Edge of the tape: adds the contribution of a node's gradient to one of its inputs. */
interface Edge {
  readonly to: TapeTensor;
  readonly pull: (gradient: PlainTensor) => PlainTensor;
}

/** Float64 tensor on a tape. */
export interface TapeTensor {
  readonly value: PlainTensor;
  /** Position on the tape; inputs have smaller positions than results. */
  readonly position: number;
  readonly edges: readonly Edge[];
}

/** Tensor operations that record themselves, and gradients of the recorded computation. */
export interface Tape {
  readonly operations: TensorOperations<TapeTensor>;
  /** Leaf value, with or without a gradient. */
  constant(value: PlainTensor): TapeTensor;
  /**
   * Gradient of a scalar with respect to each of `inputs`; 0 for inputs on which it does not
   * depend.
   */
  gradients(of: TapeTensor, inputs: readonly TapeTensor[]): PlainTensor[];
}

/** Reads the entry of a list at an index; a scalar has the same value at any index. */
function readEntry(tensor: PlainTensor, index: number): number {
  return tensor.length === 1 ? tensor[0]! : tensor[index]!;
}

/**
 * Computes `slope * gradient`, but returns 0 for a gradient of 0, even if the slope is infinite.
 */
function chain(gradient: number, slope: number): number {
  return gradient === 0 ? 0 : gradient * slope;
}

/** Sums a gradient over the entries to which a scalar was broadcast. */
function reduceToShape(gradient: PlainTensor, shape: PlainTensor): PlainTensor {
  if (gradient.length === shape.length) return gradient;
  return plainOperations.sum(gradient);
}

/**
 * Creates a reverse-mode tape over core's tensor operations. Values are computed by
 * `plainOperations`, so that an objective has exactly the same values with and without the tape.
 */
export function createTape(): Tape {
  const recorded: TapeTensor[] = [];

  function record(value: PlainTensor, edges: readonly Edge[] = []): TapeTensor {
    const tensor = { value, edges, position: recorded.length };
    recorded.push(tensor);
    return tensor;
  }
  const lift = (a: TapeTensor | number): TapeTensor =>
    typeof a === "number" ? record(Float64Array.of(a)) : a;

  /**
   * Creates an elementwise operation of two tensors. A slope is the partial derivative as a
   * function of both values.
   */
  function binary(
    operation: "add" | "subtract" | "multiply" | "divide" | "minimum" | "maximum",
    slopeA: (a: number, b: number) => number,
    slopeB: (a: number, b: number) => number,
  ): (a: TapeTensor | number, b: TapeTensor | number) => TapeTensor {
    return (left, right) => {
      const [a, b] = [lift(left), lift(right)];
      const edge = (to: TapeTensor, slope: (a: number, b: number) => number): Edge => ({
        to,
        pull: (gradient) =>
          reduceToShape(
            gradient.map((g, i) => chain(g, slope(readEntry(a.value, i), readEntry(b.value, i)))),
            to.value,
          ),
      });
      return record(plainOperations[operation](a.value, b.value), [
        edge(a, slopeA),
        edge(b, slopeB),
      ]);
    };
  }

  /**
   * Creates an elementwise operation of one tensor. The slope is the derivative as a function of
   * value and result.
   */
  function unary(
    operation: "negate" | "exp" | "log" | "sigmoid",
    slope: (a: number, result: number) => number,
  ): (a: TapeTensor) => TapeTensor {
    return (a) => {
      const value = plainOperations[operation](a.value);
      const pull = (gradient: PlainTensor): PlainTensor =>
        gradient.map((g, i) => chain(g, slope(a.value[i]!, value[i]!)));
      return record(value, [{ to: a, pull }]);
    };
  }

  const operations: TensorOperations<TapeTensor> = {
    add: binary(
      "add",
      () => 1,
      () => 1,
    ),
    subtract: binary(
      "subtract",
      () => 1,
      () => -1,
    ),
    multiply: binary(
      "multiply",
      (_, b) => b,
      (a) => a,
    ),
    divide: binary(
      "divide",
      (_, b) => 1 / b,
      (a, b) => -a / (b * b),
    ),
    // At a tie the gradient goes to `a`.
    minimum: binary(
      "minimum",
      (a, b) => (a <= b ? 1 : 0),
      (a, b) => (a <= b ? 0 : 1),
    ),
    maximum: binary(
      "maximum",
      (a, b) => (a >= b ? 1 : 0),
      (a, b) => (a >= b ? 0 : 1),
    ),
    greater: (a, b) => record(plainOperations.greater(lift(a).value, lift(b).value)),
    where: (condition, left, right) => {
      const [a, b] = [lift(left), lift(right)];
      const edge = (to: TapeTensor, isTaken: (c: number) => boolean): Edge => ({
        to,
        pull: (gradient) =>
          reduceToShape(
            gradient.map((g, i) => (isTaken(readEntry(condition.value, i)) ? g : 0)),
            to.value,
          ),
      });
      return record(plainOperations.where(condition.value, a.value, b.value), [
        edge(a, (c) => c !== 0),
        edge(b, (c) => c === 0),
      ]);
    },
    negate: unary("negate", () => -1),
    exp: unary("exp", (_, result) => result),
    log: unary("log", (a) => 1 / a),
    sigmoid: unary("sigmoid", (_, result) => result * (1 - result)),
    stopGradient: (a) => record(a.value),
    sum: (a) =>
      record(plainOperations.sum(a.value), [
        { to: a, pull: (gradient) => new Float64Array(a.value.length).fill(gradient[0]!) },
      ]),
    segmentSum: (values, segments) =>
      record(plainOperations.segmentSum(values.value, segments), [
        { to: values, pull: (gradient) => plainOperations.segmentGather(gradient, segments) },
      ]),
    segmentGather: (values, segments) =>
      record(plainOperations.segmentGather(values.value, segments), [
        { to: values, pull: (gradient) => plainOperations.segmentSum(gradient, segments) },
      ]),
  };

  function gradients(of: TapeTensor, inputs: readonly TapeTensor[]): PlainTensor[] {
    const arrived = new Map<TapeTensor, PlainTensor>([[of, new Float64Array(1).fill(1)]]);
    for (let place = of.position; place >= 0; place--) {
      const tensor = recorded[place]!;
      const gradient = arrived.get(tensor);
      if (gradient === undefined) continue;
      for (const { to, pull } of tensor.edges) {
        const before = arrived.get(to);
        const more = pull(gradient);
        arrived.set(to, before === undefined ? more : before.map((g, i) => g + more[i]!));
      }
    }
    return inputs.map((input) => arrived.get(input) ?? new Float64Array(input.value.length));
  }

  return { operations, constant: (value) => record(value), gradients };
}
