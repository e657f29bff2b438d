import { evaluateShape, type Sizes } from "../bind-feeds.ts";
import { dimensionTerms, subtractDimensions, type Dimension, type Factor } from "../dimension.ts";
import { mapRecord } from "../map-record.ts";
import type { Operation, OperationKind, OperationOf, ExecutableKind } from "../operation.ts";
import type { FrozenFeeds } from "../file-feed.ts";
import type { Feed, Program } from "../program.ts";
import type { DataType, Shape, Tensor } from "../tensor.ts";
import { chooseBlockSizes, describeFile, MappedWeight, type BlockSizes } from "./mapped-weight.ts";
import { elementTypes, type Attribute, type OnnxModel } from "./model.ts";

/**
 * Lowers one kind of operation to ONNX nodes: takes the names of the inputs, returns the names of
 * the outputs.
 */
export type LoweringRule<K extends OperationKind> = (
  lowering: Lowering,
  operation: OperationOf<K>,
  inputs: readonly string[],
) => readonly string[];

/** Rules of one execution provider. */
export type LoweringRules = {
  readonly [K in ExecutableKind]: LoweringRule<K>;
};

/**
 * Source of sizes that are known only at run time: computed in the model from the shapes of its
 * inputs, or fed as additional inputs (see {@link SizeInput}).
 */
export type SizeSource = "computed" | "fed";

/** Additional input of a model that depends only on the sizes of a run. */
export interface SizeInput {
  readonly name: string;
  /**
   * `list`: the sizes of a shape, int64 `[axis]`. `scalar`: one size, an int32 scalar. `range`: the
   * integers from a first size to below a second size, int32.
   */
  readonly form: "list" | "scalar" | "range";
  readonly shape: Shape;
}

/** Computes the value of a size input for a run. Lists are int64, all others int32. */
export function evaluateSizeInput({ form, shape }: SizeInput, sizes: Sizes): Feed {
  const values = evaluateShape(shape, sizes);
  if (form === "list") return { data: Int32Array.from(values), shape: [values.length] };
  if (form === "scalar") return { data: Int32Array.from(values), shape: [] };
  return rangeFeed(values[0]!, values[1]!);
}

function rangeFeed(start: number, end: number): Feed & { readonly data: Int32Array } {
  const data = Int32Array.from({ length: end - start }, (_, i) => start + i);
  return { data, shape: [data.length] };
}

/**
 * Lowers an operation that reads memory-mapped weights; returns `undefined` if the operation needs
 * a whole weight.
 */
export type LowerMapped = (
  lowering: Lowering,
  operation: Operation,
  stored: readonly (MappedWeight | undefined)[],
  findName: (input: number) => string,
) => string | undefined;

/** Lowers a program to a model; helps rules with sizes that are known only at run time. */
export class Lowering {
  readonly model: OnnxModel;
  readonly #program: Program;
  readonly #rules: LoweringRules;
  readonly #source: SizeSource;
  readonly #lowerStored: LowerMapped;
  readonly #names = new Map<number, string>();
  readonly #stored = new Map<number, MappedWeight>();
  readonly #sizes = new Map<Dimension, string>();
  readonly #sizeInputs = new Map<string, SizeInput>();

  constructor(
    model: OnnxModel,
    program: Program,
    rules: LoweringRules,
    source: SizeSource,
    lowerStored: LowerMapped,
  ) {
    this.model = model;
    this.#program = program;
    this.#rules = rules;
    this.#source = source;
    this.#lowerStored = lowerStored;
  }

  /** Additional inputs of the model. */
  get sizeInputs(): readonly SizeInput[] {
    return [...this.#sizeInputs.values()];
  }

  /** Appends a node with one output. @returns Its name. */
  node(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    return this.model.node(operator, inputs, attributes)[0]!;
  }

  /** Adds a constant int64 list. @returns Its name. */
  list(values: readonly number[]): string {
    return this.model.constant("int64", [values.length], values);
  }

  #fed(form: SizeInput["form"], shape: Shape): string {
    const name = `${form} ${shape.join(", ")}`;
    if (!this.#sizeInputs.has(name)) {
      const range = shape.length === 2 ? [subtractDimensions(shape[1]!, shape[0]!)] : [];
      const given = form === "list" ? [shape.length] : form === "range" ? range : [];
      this.model.input(name, form === "list" ? "int64" : "int32", given);
      this.#sizeInputs.set(name, { name, form, shape });
    }
    return name;
  }

  /** Adds a size as an int32 scalar. @returns Its name. */
  scalar(dimension: Dimension): string {
    if (typeof dimension === "number") return this.model.constant("int32", [], [dimension]);
    if (this.#source === "fed") return this.#fed("scalar", [dimension]);
    const value = this.node("Reshape", [this.size(dimension), this.list([])]);
    return this.node("Cast", [value], { to: elementTypes.int32 });
  }

  /** Adds the integers from `start` to below `end`, int32. @returns The name of the list. */
  range(start: Dimension, end: Dimension): string {
    if (typeof start === "number" && typeof end === "number") {
      const { data, shape } = rangeFeed(start, end);
      return this.model.constant("int32", shape, data);
    }
    if (this.#source === "fed") return this.#fed("range", [start, end]);
    const one = this.model.constant("int32", [], [1]);
    return this.node("Range", [this.scalar(start), this.scalar(end), one]);
  }

  /** Adds a size as int64 `[1]`, computed once for the whole model. @returns Its name. */
  size(dimension: Dimension): string {
    if (typeof dimension === "number") return this.list([dimension]);
    if (this.#source === "fed") return this.#fed("list", [dimension]);
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
    for (const [name, { id, shape }] of Object.entries(this.#program.inputs)) {
      const axis = shape.indexOf(factor.text);
      if (axis < 0) continue;
      const stored = this.#stored.get(id);
      const value = stored
        ? this.list([stored.shape[axis]!])
        : this.node("Shape", [name], { start: axis, end: axis + 1 });
      this.#sizes.set(factor.text, value);
      return value;
    }
    throw new Error(`lower: size ${factor.text} must be an axis of an input`);
  }

  /** Adds the sizes of a shape, int64 `[axis]`. @returns The name of the list. */
  shape(shape: Shape): string {
    if (shape.every((size) => typeof size === "number")) return this.list(shape);
    if (this.#source === "fed") return this.#fed("list", shape);
    const key = `[${shape.join()}]`;
    const known = this.#sizes.get(key);
    if (known !== undefined) return known;
    const sizes = shape.map((size) => this.size(size));
    const value = sizes.length === 1 ? sizes[0]! : this.node("Concat", sizes, { axis: 0 });
    this.#sizes.set(key, value);
    return value;
  }

  /** Adds a reshape, with minimal size arithmetic at run time. @returns The name of the result. */
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
    const stored = operation.inputs.map(({ id }) => this.#stored.get(id));
    const findName = (i: number): string =>
      stored[i]?.upcastRows() ?? this.#names.get(operation.inputs[i]!.id)!;
    if (stored.some((weight) => weight !== undefined)) {
      const lowered = this.#lowerStored(this, operation, stored, findName);
      if (lowered) return [lowered];
    }
    return rule(
      this,
      operation,
      operation.inputs.map((_, i) => findName(i)),
    );
  }

  /**
   * Lowers all operations.
   * @param frozen - Inputs that become constants, with their values.
   * @param blocks - Block sizes of memory-mapped weights.
   * @param own - Outputs that must not alias another value. Other outputs may share a value if they
   *   are the same tensor.
   * @returns The name of each output's value.
   */
  run(
    frozen: FrozenFeeds = {},
    own: ReadonlySet<string> = new Set(),
    blocks: BlockSizes = chooseBlockSizes(1),
  ): Readonly<Record<string, string>> {
    const takesFiles = Object.values(frozen).some((feed) => "file" in feed);
    for (const [name, { id, dtype, shape }] of Object.entries(this.#program.inputs)) {
      const fixed = frozen[name];
      if (!fixed) this.model.input(name, dtype, shape);
      else if ("data" in fixed) this.#freeze(name, dtype, fixed, takesFiles);
      else if (fixed.type === "F32")
        this.model.external(name, dtype, fixed.shape, describeFile(fixed));
      else this.#stored.set(id, new MappedWeight(this.model, name, fixed, blocks));
      this.#names.set(id, name);
    }
    for (const operation of moveResultsLast(this.#program.operations)) {
      const { kind } = operation;
      if (kind === "input") continue;
      if (kind === "stopGradient" || kind === "withGradient") {
        throw new Error(`lower: ${kind} must not be an operation of a program`);
      }
      const names = this.#apply(operation);
      operation.outputs.forEach(({ id }, i) => this.#names.set(id, names[i]!));
    }
    const shared = new Map<Tensor, string>();
    return mapRecord(this.#program.outputs, (tensor, name) => {
      const known = own.has(name) ? undefined : shared.get(tensor);
      if (known !== undefined) return known;
      // Always use a new name: an output may be an input, a constant, or an alias of another value.
      const stored = this.#stored.get(tensor.id);
      const value = this.node("Identity", [stored?.upcastRows() ?? this.#names.get(tensor.id)!]);
      this.model.output(value, tensor.dtype, tensor.shape);
      if (!own.has(name)) shared.set(tensor, value);
      return value;
    });
  }

  #freeze(name: string, dtype: DataType, { data, shape }: Feed, takesFiles: boolean): void {
    // A session that gets any files from memory does not read files from disk.
    if (takesFiles) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      this.model.embedded(name, dtype, shape, bytes);
      return;
    }
    const file = { path: `frozen/${name}`, numBytes: data.byteLength };
    this.model.external(name, dtype, shape, file);
  }
}

/**
 * Moves operations without readers to the end, in reverse order. ONNX Runtime starts with the
 * dependencies of the last node, so this order computes each gradient as early as possible and
 * frees its inputs early.
 */
function moveResultsLast(operations: readonly Operation[]): readonly Operation[] {
  const used = new Set(operations.flatMap(({ inputs }) => inputs.map(({ id }) => id)));
  const isResult = ({ outputs }: Operation): boolean => !outputs.some(({ id }) => used.has(id));
  return [
    ...operations.filter((operation) => !isResult(operation)),
    ...operations.filter(isResult).reverse(),
  ];
}
