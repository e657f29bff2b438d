import { dimensionTerms, type Dimension, type Factor } from "../dimension.ts";
import type { OperationKind, OperationOf } from "../operation.ts";
import type { Program } from "../program.ts";
import type { Shape, Tensor } from "../tensor.ts";
import type { Attribute, OnnxModel } from "./model.ts";

/**
 * How one kind of step becomes ONNX nodes: takes the names of its inputs, returns those of its
 * outputs.
 */
export type LoweringRule<K extends OperationKind> = (
  lowering: Lowering,
  operation: OperationOf<K>,
  inputs: readonly string[],
) => readonly string[];

/** The rules of one execution provider. */
export type LoweringRules = {
  readonly [
    K in Exclude<OperationKind, "input" | "stopGradient" | "withGradient">
  ]: LoweringRule<K>;
};

/** Turns a program into a model, and helps rules with sizes that are known only at run time. */
export class Lowering {
  readonly model: OnnxModel;
  readonly #program: Program;
  readonly #rules: LoweringRules;
  readonly #names = new Map<number, string>();
  readonly #sizes = new Map<Dimension, string>();

  constructor(model: OnnxModel, program: Program, rules: LoweringRules) {
    this.model = model;
    this.#program = program;
    this.#rules = rules;
  }

  /** Appends one node with one output. @returns Its name. */
  node(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    return this.model.node(operator, inputs, attributes)[0]!;
  }

  /** A constant int64 list. */
  list(values: readonly number[]): string {
    return this.model.constant("int64", [values.length], values);
  }

  /** The value of a size, int64 `[1]`; computed once for the whole model. */
  size(dimension: Dimension): string {
    if (typeof dimension === "number") return this.list([dimension]);
    const known = this.#sizes.get(dimension);
    if (known !== undefined) return known;
    const terms = dimensionTerms(dimension).map(({ factors, coefficient }) => {
      const values = factors.map((factor) => this.#factor(factor));
      if (coefficient !== 1 || values.length === 0) values.push(this.list([coefficient]));
      return values.reduce((a, b) => this.node("Mul", [a, b]));
    });
    const value = terms.reduce((a, b) => this.node("Add", [a, b]));
    this.#sizes.set(dimension, value);
    return value;
  }

  #factor(factor: Factor): string {
    if (factor.kind === "floor") {
      return this.node("Div", [this.size(factor.numerator), this.list([factor.divisor])]);
    }
    const known = this.#sizes.get(factor.text);
    if (known !== undefined) return known;
    for (const [name, { shape }] of Object.entries(this.#program.inputs)) {
      const axis = shape.indexOf(factor.text);
      if (axis < 0) continue;
      const value = this.node("Shape", [name], { start: axis, end: axis + 1 });
      this.#sizes.set(factor.text, value);
      return value;
    }
    throw new Error(`lower: size ${factor.text} is no axis of an input`);
  }

  /** The values of a shape, int64 `[axis]`. */
  shape(shape: Shape): string {
    if (shape.every((size) => typeof size === "number")) return this.list(shape);
    const key = `[${shape.join()}]`;
    const known = this.#sizes.get(key);
    if (known !== undefined) return known;
    const sizes = shape.map((size) => this.size(size));
    const value = sizes.length === 1 ? sizes[0]! : this.node("Concat", sizes, { axis: 0 });
    this.#sizes.set(key, value);
    return value;
  }

  /** Reshapes a value, with as little arithmetic on sizes at run time as possible. */
  reshape(name: string, from: Shape, to: Shape): string {
    const sizes = to.map((size, axis) =>
      typeof size === "number" ? size : size === from[axis] ? 0 : undefined,
    );
    const numUnknown = sizes.filter((size) => size === undefined).length;
    const target = numUnknown <= 1 ? this.list(sizes.map((size) => size ?? -1)) : this.shape(to);
    return this.node("Reshape", [name, target]);
  }

  #apply<K extends keyof LoweringRules>(operation: OperationOf<K>): readonly string[] {
    const rule: LoweringRule<K> = this.#rules[operation.kind];
    return rule(
      this,
      operation,
      operation.inputs.map((tensor) => this.#names.get(tensor.id)!),
    );
  }

  /** Lowers all steps. @returns The value of each output of the program. */
  run(): ReadonlyMap<Tensor, string> {
    const inputs = new Set<string>();
    for (const [name, { id, dtype, shape }] of Object.entries(this.#program.inputs)) {
      this.#names.set(id, this.model.input(name, dtype, shape));
      inputs.add(name);
    }
    for (const operation of this.#program.operations) {
      const { kind } = operation;
      if (kind === "input") continue;
      if (kind === "stopGradient" || kind === "withGradient") {
        throw new Error(`lower: ${kind} is no step of a program`);
      }
      const names = this.#apply(operation);
      operation.outputs.forEach(({ id }, i) => this.#names.set(id, names[i]!));
    }
    const outputs = new Map<Tensor, string>();
    for (const tensor of new Set(Object.values(this.#program.outputs))) {
      // A fresh name each: an output may also be an input, a constant, or alias another value.
      const name = this.node("Identity", [this.#names.get(tensor.id)!]);
      this.model.output(name, tensor.dtype, tensor.shape);
      outputs.set(tensor, name);
    }
    return outputs;
  }
}
