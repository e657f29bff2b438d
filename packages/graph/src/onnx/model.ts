import type { ConstantValues } from "../operation.ts";
import type { Shape } from "../tensor.ts";
import {
  bytesField,
  floatField,
  integerField,
  message,
  textField,
  type Bytes,
} from "../protobuf.ts";

/** ONNX data types that are used, with their numbers in TensorProto. */
export const elementTypes = {
  float32: 1,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
} as const;

/** ONNX data types of values: the data types of tensors, and int64 for shapes. */
export type ElementType = Exclude<keyof typeof elementTypes, "float16" | "bfloat16">;

/** Attribute of a node. A float with an integer value must be marked as `float`. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

/** Version of the standard operator set. */
const opsetVersion = 21;

function attributeField(name: string, value: Attribute): Bytes {
  const parts = [textField(1, name)];
  if (typeof value === "number") parts.push(integerField(3, value), integerField(20, 2));
  else if (typeof value === "string") parts.push(textField(4, value), integerField(20, 3));
  else if ("float" in value) parts.push(floatField(2, value.float), integerField(20, 1));
  else parts.push(...value.map((entry) => integerField(8, entry)), integerField(20, 7));
  return bytesField(5, message(parts));
}

function rawData(type: ElementType, values: ConstantValues): Bytes {
  const data =
    type === "float32"
      ? new Float32Array(values)
      : type === "int32"
        ? new Int32Array(values)
        : type === "int64"
          ? BigInt64Array.from(values, BigInt)
          : new Uint8Array(values);
  return new Uint8Array(data.buffer);
}

function tensorMessage(
  name: string,
  type: ElementType,
  shape: readonly number[],
  values: ConstantValues,
): Bytes {
  return message([
    ...shape.map((size) => integerField(1, size)),
    integerField(2, elementTypes[type]),
    textField(8, name),
    bytesField(9, rawData(type, values)),
  ]);
}

/** Encodes a value; if `shape` is absent, the rank is unspecified. */
function valueMessage(name: string, type: ElementType, shape?: Shape): Bytes {
  const sizes = shape?.map((size) =>
    bytesField(1, typeof size === "number" ? integerField(1, size) : textField(2, size)),
  );
  const fields = [integerField(1, elementTypes[type])];
  if (sizes) fields.push(bytesField(2, message(sizes)));
  const tensor = message(fields);
  return message([textField(1, name), bytesField(2, bytesField(1, tensor))]);
}

function constantKey(type: ElementType, shape: readonly number[], values: ConstantValues): string {
  const entries = Array.from(values, (value) => (Object.is(value, -0) ? "-0" : value));
  return `${type} ${shape.join()} ${entries.join()}`;
}

/** ONNX model under construction. Nodes are in order; equal small constants are shared. */
export class OnnxModel {
  readonly #firstNodes: Bytes[] = [];
  readonly #nodes: Bytes[] = [];
  readonly #initializers: Bytes[] = [];
  readonly #inputs: Bytes[] = [];
  readonly #outputs: Bytes[] = [];
  readonly #constants = new Map<string, string>();
  #numNames = 0;

  #name(): string {
    return `t${this.#numNames++}`;
  }

  /** Declares an input. @returns Its name. */
  input(name: string, type: ElementType, shape?: Shape): string {
    this.#inputs.push(bytesField(11, valueMessage(name, type, shape)));
    return name;
  }

  /** Declares a value as an output. */
  output(name: string, type: ElementType, shape?: Shape): void {
    this.#outputs.push(bytesField(12, valueMessage(name, type, shape)));
  }

  /** Adds a constant. @returns Its name. */
  constant(type: ElementType, shape: readonly number[], values: ConstantValues): string {
    const key = values.length > 16 ? undefined : constantKey(type, shape, values);
    const known = key === undefined ? undefined : this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.#name();
    this.#initializers.push(bytesField(5, tensorMessage(name, type, shape, values)));
    if (key !== undefined) this.#constants.set(key, name);
    return name;
  }

  /** Adds a named constant whose bytes are in the model. */
  embedded(name: string, type: ElementType, shape: readonly number[], bytes: Uint8Array): string {
    const fields = [
      ...shape.map((size) => integerField(1, size)),
      integerField(2, elementTypes[type]),
      textField(8, name),
      bytesField(9, bytes),
    ];
    this.#initializers.push(bytesField(5, message(fields)));
    return name;
  }

  /**
   * Adds a named constant whose bytes are in an external file.
   * @param file - Location of the bytes. Default: the whole file.
   */
  external(
    name: string,
    type: keyof typeof elementTypes,
    shape: readonly number[],
    file: { readonly path: string; readonly offset?: number; readonly numBytes: number },
  ): string {
    const entry = (key: string, value: string): Bytes =>
      bytesField(13, message([textField(1, key), textField(2, value)]));
    const fields = [
      ...shape.map((size) => integerField(1, size)),
      integerField(2, elementTypes[type]),
      textField(8, name),
      entry("location", file.path),
      entry("offset", `${file.offset ?? 0}`),
      entry("length", `${file.numBytes}`),
      integerField(14, 1),
    ];
    this.#initializers.push(bytesField(5, message(fields)));
    return name;
  }

  /**
   * Appends a node.
   * @param operator - Name of the operator; operators of ONNX Runtime start with `com.microsoft.`.
   * @returns The names of its outputs.
   */
  node(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    numOutputs = 1,
  ): readonly string[] {
    return this.#append(this.#nodes, operator, inputs, attributes, numOutputs);
  }

  /**
   * Inserts a node that reads only constants before all other nodes. ONNX Runtime computes the
   * inputs of a node in reverse model order, so the node runs, and its memory is allocated, as late
   * as possible.
   * @returns The name of its output.
   */
  firstNode(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
  ): string {
    return this.#append(this.#firstNodes, operator, inputs, attributes, 1)[0]!;
  }

  #append(
    nodes: Bytes[],
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
    numOutputs: number,
  ): readonly string[] {
    const outputs = Array.from({ length: numOutputs }, () => this.#name());
    const dot = operator.lastIndexOf(".");
    const fields = [
      ...inputs.map((name) => textField(1, name)),
      ...outputs.map((name) => textField(2, name)),
      textField(3, `${operator.slice(dot + 1)}_${outputs[0]}`),
      textField(4, operator.slice(dot + 1)),
      ...Object.entries(attributes).map(([name, value]) => attributeField(name, value)),
      textField(7, operator.slice(0, Math.max(dot, 0))),
    ];
    nodes.push(bytesField(1, message(fields)));
    return outputs;
  }

  /** Serialized model. */
  bytes(): Bytes {
    const graph = message([
      ...this.#firstNodes,
      ...this.#nodes,
      textField(2, "turnwise"),
      ...this.#initializers,
      ...this.#inputs,
      ...this.#outputs,
    ]);
    const operators = (domain: string, version: number): Bytes =>
      bytesField(8, message([textField(1, domain), integerField(2, version)]));
    return message([
      integerField(1, 10),
      textField(2, "turnwise"),
      bytesField(7, graph),
      operators("", opsetVersion),
      operators("com.microsoft", 1),
    ]);
  }
}
