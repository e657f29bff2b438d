import type { DataType, Dimension, Tensor } from "@turnwise/graph/executor";

/** Kernel parameter; the list is in order. */
export type KernelParameter =
  /** Address of a value in memory. */
  | { readonly kind: "value"; readonly id: number }
  /** Size, as a formula over the program's named sizes. */
  | { readonly kind: "size"; readonly dimension: Dimension }
  /** Encoded divisor for divisions by a size; see `encodeDivisor`. */
  | { readonly kind: "divisor"; readonly dimension: Dimension }
  /** Number or address that each launch provides by name. */
  | { readonly kind: "argument"; readonly name: string };

/** Source of a kernel without its name, so that equal kernels are compiled once. */
export interface KernelText {
  /** Parameters and body, with the placeholder `NAME` for the kernel's name. */
  readonly source: string;
  readonly parameters: readonly KernelParameter[];
}

const types = {
  float32: "float",
  int32: "int",
  bool: "unsigned char",
  bfloat16: "unsigned short",
} as const;

/** Maximum number of lines in the body of a loop that is unrolled. */
const maxUnrolledLines = 40;

/** Maximum number of lines of a read that is repeated to have several loads in flight. */
const maxReadLines = 30;
const readsAtOnce = 4;

/** Threads per block, in all kernels. */
export const blockThreads = 256;

/**
 * Writes the body of a kernel line by line. Each expression is assigned to a variable once and then
 * reused.
 */
export class KernelWriter {
  readonly #lines: string[] = [];
  readonly #parameters: KernelParameter[] = [];
  readonly #names = new Map<string, string>();
  readonly #declarations: string[] = [];
  readonly #written = new Set<string>();
  readonly #scopes: Map<string, string>[] = [new Map()];
  readonly #isHalf: (id: number) => boolean;
  #numVariables = 0;

  constructor(isHalf: (id: number) => boolean) {
    this.#isHalf = isHalf;
  }

  /** Writes a line verbatim. */
  line(text: string): void {
    this.#lines.push(text);
  }

  /** Writes lines in braces. Variables declared inside are not reused outside. */
  block(head: string, write: () => void): void {
    this.line(`${head} {`);
    this.#scopes.push(new Map());
    write();
    this.#scopes.pop();
    this.line("}");
  }

  /** Writes a loop, unrolled if its body is short, to hide memory latency. */
  loop(head: string, write: () => void): void {
    const start = this.#lines.length;
    this.block(head, write);
    const isShort = this.#lines.length - start <= maxUnrolledLines;
    if (isShort) this.#lines.splice(start, 0, "#pragma unroll 4");
  }

  /**
   * Writes a loop that only reads. If the code of a read is short, several loads are in flight at
   * once.
   * @param read - Writes the load of the value at an index.
   * @param use - Writes the use of a value.
   */
  readLoop(
    { name, start, end, stride }: Readonly<Record<"name" | "start" | "end" | "stride", string>>,
    read: (index: string) => string,
    use: (value: string) => void,
  ): void {
    const head = this.#lines.length;
    let count = 1;
    this.block("", () => {
      const values = [read(name)];
      count = this.#lines.length - head <= maxReadLines ? readsAtOnce : 1;
      for (let k = 1; k < count; k++) {
        this.line(`const bool isIn${k} = ${name} + ${k} * ${stride} < ${end};`);
        // Past the end, read the first index again; its value is ignored below.
        this.line(`const I ${name}${k} = isIn${k} ? ${name} + ${k} * ${stride} : ${name};`);
        values.push(read(`${name}${k}`));
      }
      use(values[0]!);
      for (let k = 1; k < count; k++) this.block(`if (isIn${k})`, () => use(values[k]!));
    });
    const step = count === 1 ? stride : `${count} * ${stride}`;
    this.#lines[head] = `for (I ${name} = ${start}; ${name} < ${end}; ${name} += ${step}) {`;
  }

  /**
   * Declares a variable for an expression, or returns the variable already declared for the key.
   */
  variable(type: string, key: string, expression: () => string): string {
    const whole = `${type} ${key}`;
    for (const scope of this.#scopes) {
      const known = scope.get(whole);
      if (known !== undefined) return known;
    }
    const text = expression();
    const name = `v${this.#numVariables++}`;
    this.line(`const ${type} ${name} = ${text};`);
    this.#scopes.at(-1)!.set(whole, name);
    return name;
  }

  /** Registers an existing variable for a key, see {@link variable}. */
  know(type: string, key: string, name: string): void {
    this.#scopes.at(-1)!.set(`${type} ${key}`, name);
  }

  /** Returns a new name for a mutable variable. */
  fresh(): string {
    return `v${this.#numVariables++}`;
  }

  /** Returns an index as a variable, or as the text itself if it is short. */
  index(text: string): string {
    return /^\w+$/u.test(text) ? text : this.variable("I", text, () => text);
  }

  #parameter(key: string, parameter: KernelParameter, declare: (name: string) => string): string {
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const name = `p${this.#parameters.length}`;
    this.#names.set(key, name);
    this.#parameters.push(parameter);
    this.#declarations.push(declare(name));
    return name;
  }

  /** Returns the parameter with the address of a value. */
  address({ id, dtype }: { readonly id: number; readonly dtype: DataType }): string {
    const type = this.#isHalf(id) ? types.bfloat16 : types[dtype];
    return this.#parameter(`value ${id}`, { kind: "value", id }, (name) => `${type}* ${name}`);
  }

  /** Returns the parameter with the address of float32 scratch memory. */
  scratch(name: string): string {
    return this.#parameter(
      `argument ${name}`,
      { kind: "argument", name },
      (own) => `float* ${own}`,
    );
  }

  /** Returns a size as text: a number, or the name of a parameter. */
  size(dimension: Dimension): string {
    if (typeof dimension === "number") return `${dimension}`;
    const name = this.#parameter(
      `size ${dimension}`,
      { kind: "size", dimension },
      (own) => `long long ${own}`,
    );
    return this.#number(name);
  }

  /**
   * Writes `index / dimension`; avoids the division instruction if the size is known only at run
   * time.
   */
  quotient(index: string, dimension: Dimension): string {
    if (dimension === 1 || index === "0") return index;
    if (typeof dimension === "number") return this.index(`${index} / ${dimension}`);
    const divisor = this.#parameter(
      `divisor ${dimension}`,
      { kind: "divisor", dimension },
      (own) => `long long ${own}`,
    );
    return this.index(`divided(${index}, ${divisor}, ${this.size(dimension)})`);
  }

  /** Writes `index % dimension`. */
  remainder(index: string, dimension: Dimension): string {
    if (dimension === 1 || index === "0") return "0";
    if (typeof dimension === "number") return this.index(`${index} % ${dimension}`);
    const quotient = this.quotient(index, dimension);
    return this.index(`${index} - ${quotient} * ${this.size(dimension)}`);
  }

  /** Returns the parameter for a number that each launch provides. */
  argument(name: string): string {
    const own = this.#parameter(
      `argument ${name}`,
      { kind: "argument", name },
      (text) => `long long ${text}`,
    );
    return this.#number(own);
  }

  /** Returns the variable with a parameter (64 bits) converted to the index type (32 or 64 bits). */
  #number(parameter: string): string {
    return `n${parameter.slice(1)}`;
  }

  /** Writes the load of an entry, converted to the type used in computations. */
  load(tensor: Tensor, at: string): string {
    const entry = `${this.address(tensor)}[${at}]`;
    return tensor.dtype === "bool" ? `(${entry} != 0)` : entry;
  }

  /** Writes the store of a number, converted to the type in memory. */
  store(tensor: Tensor, at: string, value: string): void {
    this.#written.add(this.address(tensor));
    const entry = `${this.address(tensor)}[${at}]`;
    this.line(`${entry} = ${this.#isHalf(tensor.id) ? `floatToBfloat16(${value})` : value};`);
  }

  /**
   * Finishes the kernel.
   * @param shared - Values whose memory the kernel may overwrite.
   */
  finish(shared: ReadonlySet<number>): KernelText {
    // Mark parameters that are never written as constant, so that loads may be moved ahead of
    // stores.
    const declarations = this.#declarations.map((declaration, i) => {
      const parameter = this.#parameters[i]!;
      if (parameter.kind !== "value") return declaration;
      if (shared.has(parameter.id) || this.#written.has(`p${i}`)) return declaration;
      return `const ${declaration.replace("*", "* __restrict__")}`;
    });
    const numbers = this.#declarations.flatMap((declaration, i) => {
      const isNumber =
        declaration.startsWith("long long") && this.#parameters[i]!.kind !== "divisor";
      return isNumber ? [`  const I n${i} = (I)p${i};`] : [];
    });
    const source = [
      `extern "C" __global__ void __launch_bounds__(${blockThreads}) NAME(${declarations.join(", ")}) {`,
      ...numbers,
      ...this.#lines.map((text) => `  ${text}`),
      "}",
    ].join("\n");
    return { source, parameters: this.#parameters };
  }
}

/** C++ type of an entry in registers. */
export function registerType(dtype: DataType): string {
  return dtype === "bool" ? "bool" : types[dtype];
}

/** Size of an entry in memory, in bytes. */
export function entryBytes(dtype: DataType, isHalf: boolean): number {
  if (isHalf) return 2;
  return dtype === "bool" ? 1 : 4;
}

/**
 * Functions used by kernels. `I` is the index type: 64 bits if a value has 2^31 entries or more,
 * else 32 bits.
 */
export const kernelFunctions = `
__device__ __forceinline__ float smaller(float a, float b) { return a < b || a != a ? a : b; }
__device__ __forceinline__ float larger(float a, float b) { return a > b || a != a ? a : b; }
__device__ __forceinline__ int smaller(int a, int b) { return a < b ? a : b; }
__device__ __forceinline__ int larger(int a, int b) { return a > b ? a : b; }
__device__ __forceinline__ int quotient(int a, int b) {
  if (b == 0) return 0;
  return b == -1 ? (int)(0u - (unsigned int)a) : a / b;
}
__device__ __forceinline__ float quotient(float a, float b) { return a / b; }
__device__ __forceinline__ float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }
__device__ __forceinline__ float silu(float x) { return x / (1.0f + expf(-x)); }
__device__ __forceinline__ unsigned int divided(unsigned int x, long long divisor, unsigned int) {
  return (unsigned int)(((unsigned long long)x * (unsigned int)divisor) >> (divisor >> 32));
}
__device__ __forceinline__ unsigned long long divided(unsigned long long x, long long, unsigned long long size) {
  return x / size;
}
__device__ __forceinline__ I row(int id, I rows) { return (I)(unsigned int)id < rows ? (I)id : 0; }
`;

/**
 * Encodes a divisor as a multiplier (lower 32 bits) and a shift (upper bits), with which kernels
 * divide an index below 2^31. An integer division would take about twenty instructions.
 */
export function encodeDivisor(size: number): bigint {
  if (size < 1) return 0n;
  const shift = 31n + BigInt(Math.ceil(Math.log2(size)));
  const divisor = BigInt(size);
  // The multiplier is rounded up by so little that the quotient is exact for every index below
  // 2^31.
  return (shift << 32n) | ((2n ** shift + divisor - 1n) / divisor);
}
