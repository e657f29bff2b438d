import { addDimensions, type Dimension, type Tensor } from "@turnwise/graph/executor";
import type {
  DeviceKind,
  DeviceOperation,
  DeviceProgram,
  ElementwiseKind,
} from "../program/device-program.ts";
import { findRepeatedConstant } from "../program/find-repeated-constant.ts";
import { registerType, type KernelWriter } from "./kernel-writer.ts";
import {
  singleAxis,
  broadcastIndex,
  joinIndexParts,
  truncateIndex,
  flatten,
  sliceIndex,
  permuteIndex,
  indexOfRow,
  reshapeIndex,
  shiftIndex,
  type TensorIndex,
} from "./tensor-index.ts";

/**
 * Operations whose result entries depend on few input entries, so that they can be computed where
 * they are read.
 */
const elementwise: Readonly<Record<ElementwiseKind, true>> = {
  constant: true,
  size: true,
  iota: true,
  add: true,
  subtract: true,
  multiply: true,
  divide: true,
  minimum: true,
  maximum: true,
  greater: true,
  equal: true,
  and: true,
  not: true,
  where: true,
  cast: true,
  negate: true,
  exp: true,
  log: true,
  sqrt: true,
  reciprocal: true,
  sigmoid: true,
  tanh: true,
  silu: true,
  reshape: true,
  transpose: true,
  slice: true,
  concat: true,
  expand: true,
  gather: true,
  takeAlong: true,
  rope: true,
  toBfloat16: true,
};

/** True if an operation is elementwise, so that it can be fused into its readers. */
export function isElementwise({ kind }: DeviceOperation): boolean {
  return kind in elementwise;
}

const operators: Partial<Record<DeviceKind, string>> = {
  add: "+",
  subtract: "-",
  multiply: "*",
  greater: ">",
  equal: "==",
  and: "&&",
};

const functions: Partial<Record<DeviceKind, string>> = {
  divide: "quotient",
  minimum: "smaller",
  maximum: "larger",
  not: "!",
  negate: "-",
  exp: "expf",
  log: "logf",
  sqrt: "sqrtf",
  reciprocal: "1.0f / ",
  sigmoid: "sigmoid",
  tanh: "tanhf",
  silu: "silu",
};

/** Formats a number as a C++ literal. */
export function literal(value: number, dtype: Tensor["dtype"]): string {
  if (dtype === "bool") return value === 0 ? "false" : "true";
  if (dtype === "int32") return value === -(2 ** 31) ? "(-2147483647 - 1)" : `(${value})`;
  const rounded = Math.fround(value);
  if (Number.isNaN(rounded)) return "NAN";
  if (!Number.isFinite(rounded)) return rounded > 0 ? "INFINITY" : "(-INFINITY)";
  if (Object.is(rounded, -0)) return "(-0.0f)";
  const text = rounded.toString();
  return `(${/[.e]/u.test(text) ? text : `${text}.0`}f)`;
}

/** Compile-time check that every elementwise operation has source text. */
function refuse(kind: Exclude<DeviceKind, ElementwiseKind> | "constant" | "reshape"): never {
  throw new Error(`compile: operation ${kind} is not elementwise`);
}

/**
 * Writes expressions for entries of values in a kernel: a load for a value in memory, and for any
 * other value its computation from loads.
 */
export class EntryReader {
  readonly #program: DeviceProgram;
  readonly #writer: KernelWriter;
  readonly #isLoaded: (tensor: Tensor) => boolean;

  /** @param isLoaded - True if a value is in memory when the kernel starts. */
  constructor(program: DeviceProgram, writer: KernelWriter, isLoaded: (tensor: Tensor) => boolean) {
    this.#program = program;
    this.#writer = writer;
    this.#isLoaded = isLoaded;
  }

  /** Returns the variable that holds an entry. */
  read(tensor: Tensor, index: TensorIndex): string {
    const writer = this.#writer;
    const operation = this.#program.producer(tensor);
    if (operation.kind === "reshape") {
      const source = operation.inputs[0]!;
      return this.read(source, reshapeIndex(writer, index, source.shape));
    }
    const repeated = findRepeatedConstant(operation);
    if (repeated !== undefined) return literal(repeated, tensor.dtype);
    // The flat index is the key of the entry.
    const at = flatten(index);
    return writer.variable(registerType(tensor.dtype), `${tensor.id} at ${at}`, () =>
      this.#isLoaded(tensor) ? writer.load(tensor, at) : this.#compute(operation, tensor, index),
    );
  }

  /** Registers an entry that the kernel itself has computed. */
  know(tensor: Tensor, index: TensorIndex, name: string): void {
    this.#writer.know(registerType(tensor.dtype), `${tensor.id} at ${flatten(index)}`, name);
  }

  #operand(tensor: Tensor, index: TensorIndex): string {
    return this.read(tensor, broadcastIndex(this.#writer, index, tensor.shape));
  }

  #compute(operation: DeviceOperation, tensor: Tensor, index: TensorIndex): string {
    const writer = this.#writer;
    const [x, y, z] = operation.inputs;
    const { kind } = operation;
    switch (kind) {
      case "size":
        return writer.size(operation.attributes.dimension);
      case "iota":
        return `(int)(${flatten(index)})`;
      case "add":
      case "subtract":
      case "multiply":
      case "greater":
      case "equal":
      case "and":
        return `${this.#operand(x!, index)} ${operators[kind]} ${this.#operand(y!, index)}`;
      case "divide":
      case "minimum":
      case "maximum":
        return `${functions[kind]}(${this.#operand(x!, index)}, ${this.#operand(y!, index)})`;
      case "where": {
        const [condition, a, b] = [x!, y!, z!].map((each) => this.#operand(each, index));
        return `${condition} ? ${a} : ${b}`;
      }
      case "not":
      case "negate":
      case "exp":
      case "log":
      case "sqrt":
      case "reciprocal":
      case "sigmoid":
      case "tanh":
      case "silu":
        return `${functions[kind]}(${this.read(x!, index)})`;
      case "cast": {
        const value = this.read(x!, index);
        return tensor.dtype === "bool"
          ? `${value} != 0`
          : `(${registerType(tensor.dtype)})${value}`;
      }
      case "toBfloat16":
        return this.read(x!, index);
      case "expand":
        return this.#operand(x!, index);
      case "transpose":
        return this.read(x!, permuteIndex(writer, index, operation.attributes.permutation));
      case "slice": {
        const { axis, start } = operation.attributes;
        return this.read(x!, this.#shift(index, axis, start, x!.shape[axis]!));
      }
      case "concat":
        return this.#concat(operation.inputs, operation.attributes.axis, tensor, index);
      case "gather": {
        const rank = y!.shape.length;
        const id = this.read(y!, truncateIndex(writer, index, rank));
        const row = writer.index(`row(${id}, ${writer.size(x!.shape[0]!)})`);
        return this.read(x!, indexOfRow(writer, x!.shape, row, index, rank));
      }
      case "takeAlong": {
        const last = x!.shape.length - 1;
        const id = this.read(y!, index);
        const column = writer.index(`row(${id}, ${writer.size(x!.shape[last]!)})`);
        const parts = [sliceIndex(index, 0, last), singleAxis(column)];
        return this.read(x!, joinIndexParts(writer, x!.shape, parts));
      }
      case "rope":
        return this.#rope(operation.inputs, operation.attributes.inverse, index);
      default:
        return refuse(kind);
    }
  }

  /** Shifts an index along an axis by a distance that may be negative. */
  #shift(index: TensorIndex, axis: number, by: Dimension, size: Dimension): TensorIndex {
    const text = by === 0 ? "" : ` + ${this.#writer.size(by)}`;
    return shiftIndex(this.#writer, index, axis, { by: text, size });
  }

  #concat(parts: readonly Tensor[], axis: number, tensor: Tensor, index: TensorIndex): string {
    const writer = this.#writer;
    const result = writer.fresh();
    const at = index.range(axis, axis + 1);
    writer.line(`${registerType(tensor.dtype)} ${result};`);
    let start: Dimension = 0;
    parts.forEach((part, i) => {
      const size = part.shape[axis]!;
      const before = start;
      const end = addDimensions(start, size);
      const isLast = i === parts.length - 1;
      const head = isLast ? "else" : `${i === 0 ? "" : "else "}if (${at} < ${writer.size(end)})`;
      writer.block(parts.length === 1 ? "" : head, () => {
        const shift = before === 0 ? "" : ` - ${writer.size(before)}`;
        const own = shiftIndex(writer, index, axis, { by: shift, size });
        writer.line(`${result} = ${this.read(part, own)};`);
      });
      start = end;
    });
    return result;
  }

  #rope(inputs: readonly Tensor[], inverse: boolean, index: TensorIndex): string {
    const writer = this.#writer;
    const [x, cos, sin, positions] = inputs;
    const half = Number(cos!.shape[1]);
    const column = index.range(3, 4);
    const token = truncateIndex(writer, index, 2);
    const position = this.read(positions!, token);
    const row = writer.index(`row(${position}, ${writer.size(cos!.shape[0]!)})`);
    const angle = writer.index(`${column} % ${half}`);
    const table = joinIndexParts(writer, cos!.shape, [singleAxis(row), singleAxis(angle)]);
    const [cosine, sine] = [this.read(cos!, table), this.read(sin!, table)];
    const partner = writer.index(`${column} < ${half} ? ${column} + ${half} : ${column} - ${half}`);
    const across = joinIndexParts(writer, x!.shape, [sliceIndex(index, 0, 3), singleAxis(partner)]);
    const [own, other] = [this.read(x!, index), this.read(x!, across)];
    const [lower, upper] = inverse ? ["", "-"] : ["-", ""];
    return `${own} * ${cosine} + (${column} < ${half} ? ${lower}${other} : ${upper}${other}) * ${sine}`;
  }
}
