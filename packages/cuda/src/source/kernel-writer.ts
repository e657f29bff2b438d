import type { DataType, Dimension, Tensor } from "@turnwise/graph/executor";

/** What a kernel is given, in the order of its parameters. */
export type KernelParameter =
  /** Where a value lies. */
  | { readonly kind: "value"; readonly id: number }
  /** The value of a formula over the program's sizes. */
  | { readonly kind: "size"; readonly dimension: Dimension }
  /** What a size is divided by with; see `divisorOf`. */
  | { readonly kind: "divisor"; readonly dimension: Dimension }
  /** A number or an address that is known when a launch is arranged. */
  | { readonly kind: "argument"; readonly name: string };

/** A kernel without its name, so that equal ones are compiled once. */
export interface KernelText {
  /** Parameters and body; `NAME` stands for its name. */
  readonly source: string;
  readonly parameters: readonly KernelParameter[];
}

const types = {
  float32: "float",
  int32: "int",
  bool: "unsigned char",
  bfloat16: "unsigned short",
} as const;

/** Loops with longer bodies are left as they are. */
const maxUnrolledLines = 40;

/** Longer reads are done one at a time. */
const maxReadLines = 30;
const readsAtOnce = 4;

/** Threads of a block, in all kernels. */
export const blockThreads = 256;

/**
 * Writes the body of a kernel line by line. Each expression gets a variable, and is written once for
 * all that use it.
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

  /** A line as it is. */
  line(text: string): void {
    this.#lines.push(text);
  }

  /** Lines in braces; what is computed inside is not known behind them. */
  block(head: string, write: () => void): void {
    this.line(`${head} {`);
    this.#scopes.push(new Map());
    write();
    this.#scopes.pop();
    this.line("}");
  }

  /** A loop; where little is done in it, of several rounds at once, so that they need not wait for memory. */
  loop(head: string, write: () => void): void {
    const start = this.#lines.length;
    this.block(head, write);
    const isShort = this.#lines.length - start <= maxUnrolledLines;
    if (isShort) this.#lines.splice(start, 0, "#pragma unroll 4");
  }

  /**
   * A loop over indices that only reads: where a read is short, several are on their way at once.
   * @param read - Writes what gives the value at an index.
   * @param use - Writes what is done with a value.
   */
  readingLoop(
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
        // Behind the end the first is read again, and left out below.
        this.line(`const I ${name}${k} = isIn${k} ? ${name} + ${k} * ${stride} : ${name};`);
        values.push(read(`${name}${k}`));
      }
      use(values[0]!);
      for (let k = 1; k < count; k++) this.block(`if (isIn${k})`, () => use(values[k]!));
    });
    const step = count === 1 ? stride : `${count} * ${stride}`;
    this.#lines[head] = `for (I ${name} = ${start}; ${name} < ${end}; ${name} += ${step}) {`;
  }

  /** A variable for an expression, the same for the same key. */
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

  /** Makes a name known for a key, as {@link variable} does. */
  know(type: string, key: string, name: string): void {
    this.#scopes.at(-1)!.set(`${type} ${key}`, name);
  }

  /** A new name, for a variable that is written to. */
  fresh(): string {
    return `v${this.#numVariables++}`;
  }

  /** An index: a variable, or the text itself where that is no longer. */
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

  /** Where a value lies. */
  address({ id, dtype }: { readonly id: number; readonly dtype: DataType }): string {
    const type = this.#isHalf(id) ? types.bfloat16 : types[dtype];
    return this.#parameter(`value ${id}`, { kind: "value", id }, (name) => `${type}* ${name}`);
  }

  /** Where something else lies, of float32. */
  scratch(name: string): string {
    return this.#parameter(
      `argument ${name}`,
      { kind: "argument", name },
      (own) => `float* ${own}`,
    );
  }

  /** A size as text: a number, or a parameter. */
  size(dimension: Dimension): string {
    if (typeof dimension === "number") return `${dimension}`;
    const name = this.#parameter(
      `size ${dimension}`,
      { kind: "size", dimension },
      (own) => `long long ${own}`,
    );
    return this.#number(name);
  }

  /** `index / dimension`, without a division where the size is only known in a run. */
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

  /** `index % dimension`. */
  remainder(index: string, dimension: Dimension): string {
    if (dimension === 1 || index === "0") return "0";
    if (typeof dimension === "number") return this.index(`${index} % ${dimension}`);
    const quotient = this.quotient(index, dimension);
    return this.index(`${index} - ${quotient} * ${this.size(dimension)}`);
  }

  /** A number that is known when a launch is arranged. */
  argument(name: string): string {
    const own = this.#parameter(
      `argument ${name}`,
      { kind: "argument", name },
      (text) => `long long ${text}`,
    );
    return this.#number(own);
  }

  /** Parameters have 64 bits; indices may have fewer. */
  #number(parameter: string): string {
    return `n${parameter.slice(1)}`;
  }

  /** A stored entry as a number to compute with. */
  load(tensor: Tensor, at: string): string {
    const entry = `${this.address(tensor)}[${at}]`;
    return tensor.dtype === "bool" ? `(${entry} != 0)` : entry;
  }

  /** How a number is stored. */
  store(tensor: Tensor, at: string, value: string): void {
    this.#written.add(this.address(tensor));
    const entry = `${this.address(tensor)}[${at}]`;
    this.line(`${entry} = ${this.#isHalf(tensor.id) ? `floatToBfloat16(${value})` : value};`);
  }

  /**
   * The kernel.
   * @param shared - Values in whose memory the kernel may write.
   */
  finish(shared: ReadonlySet<number>): KernelText {
    // What nobody writes to can be read early.
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

/** The type that entries have in registers. */
export function registerType(dtype: DataType): string {
  return dtype === "bool" ? "bool" : types[dtype];
}

/** Bytes of an entry in memory. */
export function entryBytes(dtype: DataType, isHalf: boolean): number {
  if (isHalf) return 2;
  return dtype === "bool" ? 1 : 4;
}

/**
 * Functions that kernels use. `I` is the type of indices; it has 64 bits where some value has more
 * entries than 31 can count.
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
 * What an index below 2^31 is multiplied with, in 32 bits, and shifted by, above them, to be divided by a
 * size: a division of whole numbers takes a device twenty instructions.
 */
export function divisorOf(size: number): bigint {
  if (size < 1) return 0n;
  const shift = 31n + BigInt(Math.ceil(Math.log2(size)));
  const divisor = BigInt(size);
  // Rounded up by less than the divisor's share of 2^31: no index below that is off by one.
  return (shift << 32n) | ((2n ** shift + divisor - 1n) / divisor);
}
