/** WebAssembly value type: 32-bit integer, 32-bit float, or a SIMD register of four values. */
export type WasmType = "i32" | "f32" | "v128";

const typeBytes: Readonly<Record<WasmType, number>> = { i32: 0x7f, f32: 0x7d, v128: 0x7b };

/** Opcodes of single-byte instructions, and of SIMD instructions after the prefix 0xfd. */
const instructions = {
  "i32.eqz": [0x45],
  "i32.lt_s": [0x48],
  "i32.gt_s": [0x4a],
  "i32.ge_s": [0x4e],
  "i32.add": [0x6a],
  "i32.sub": [0x6b],
  "i32.mul": [0x6c],
  "i32.div_u": [0x6e],
  "i32.rem_u": [0x70],
  "i32.and": [0x71],
  "i32.shl": [0x74],
  "i32.shr_u": [0x76],
  "f32.add": [0x92],
  "f32.div": [0x95],
  "f32.max": [0x97],
  "i32x4.splat": [0xfd, 17],
  "f32x4.splat": [0xfd, 19],
  "i32x4.lt_s": [0xfd, 57],
  "f32x4.gt": [0xfd, 68],
  "v128.and": [0xfd, 78],
  "v128.bitselect": [0xfd, 82],
  "f32x4.nearest": [0xfd, 106],
  "i32x4.shl": [0xfd, 171, 1],
  "i32x4.add": [0xfd, 174, 1],
  "f32x4.sqrt": [0xfd, 227, 1],
  "f32x4.add": [0xfd, 228, 1],
  "f32x4.sub": [0xfd, 229, 1],
  "f32x4.mul": [0xfd, 230, 1],
  "f32x4.div": [0xfd, 231, 1],
  "f32x4.max": [0xfd, 233, 1],
  "i32x4.trunc_sat_f32x4_s": [0xfd, 248, 1],
} as const;

/** Instructions that {@link FunctionWriter.op} supports. */
export type Instruction = keyof typeof instructions;

function encodeUnsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return bytes;
}

function encodeSigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest < -64 || rest >= 64) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>= 7;
  }
  return [...bytes, rest & 0x7f];
}

const float = (value: number): number[] => [...new Uint8Array(Float32Array.of(value).buffer)];
const text = (value: string): number[] => [...encodeUnsigned(value.length), ...Buffer.from(value)];
const list = (items: readonly (readonly number[])[]): number[] => [
  ...encodeUnsigned(items.length),
  ...items.flat(),
];
const section = (id: number, content: readonly number[]): number[] => [
  id,
  ...encodeUnsigned(content.length),
  ...content,
];

/** Assembles the body of one function. */
export class FunctionWriter {
  readonly name: string;
  readonly #numParameters: number;
  readonly #locals: WasmType[] = [];
  readonly #code: number[] = [];

  /** @param numParameters - Number of parameters, all i32; there is no result. */
  constructor(name: string, numParameters: number) {
    this.name = name;
    this.#numParameters = numParameters;
  }

  /** Declares a variable. @returns Its index; parameters have the first indices. */
  local(type: WasmType): number {
    return this.#numParameters + this.#locals.push(type) - 1;
  }
  /** Declares several variables of the same type. @returns Their indices. */
  locals(type: WasmType, count: number): number[] {
    return Array.from({ length: count }, () => this.local(type));
  }

  get(variable: number): this {
    return this.#emit(0x20, ...encodeUnsigned(variable));
  }
  set(variable: number): this {
    return this.#emit(0x21, ...encodeUnsigned(variable));
  }
  tee(variable: number): this {
    return this.#emit(0x22, ...encodeUnsigned(variable));
  }
  int(value: number): this {
    return this.#emit(0x41, ...encodeSigned(value));
  }
  float(value: number): this {
    return this.#emit(0x43, ...float(value));
  }
  /** Pushes four equal floats. */
  floats(value: number): this {
    return this.#emit(0xfd, 12, ...float(value), ...float(value), ...float(value), ...float(value));
  }
  /** Pushes the integers 0, 1, 2, 3. */
  lanes(): this {
    return this.#emit(0xfd, 12, ...[0, 1, 2, 3].flatMap((lane) => [lane, 0, 0, 0]));
  }
  op(...names: readonly Instruction[]): this {
    return this.#emit(...names.flatMap((name) => [...instructions[name]]));
  }
  /** Extracts one of four floats. */
  lane(index: number): this {
    return this.#emit(0xfd, 31, index);
  }
  loadInt(offset = 0): this {
    return this.#emit(0x28, 2, ...encodeUnsigned(offset));
  }
  load(offset = 0): this {
    return this.#emit(0xfd, 0, 2, ...encodeUnsigned(offset));
  }
  /** Loads one float into all four lanes. */
  loadSplat(offset = 0): this {
    return this.#emit(0xfd, 9, 2, ...encodeUnsigned(offset));
  }
  /** Stores four floats; the stack has the address, then the value. */
  store(offset = 0): this {
    return this.#emit(0xfd, 11, 2, ...encodeUnsigned(offset));
  }
  /** Calls a function by its index in the module. */
  call(index: number): this {
    return this.#emit(0x10, ...encodeUnsigned(index));
  }
  /** Repeats the body while it leaves a nonzero value on the stack; runs it at least once. */
  repeat(body: () => void): this {
    this.#emit(0x03, 0x40);
    body();
    return this.#emit(0x0d, 0, 0x0b);
  }
  /** Runs the body if the top of the stack is not 0. */
  when(body: () => void): this {
    this.#emit(0x04, 0x40);
    body();
    return this.#emit(0x0b);
  }

  #emit(...bytes: readonly number[]): this {
    this.#code.push(...bytes);
    return this;
  }

  /** Encodes the function for the code section. */
  body(): number[] {
    const locals = list(this.#locals.map((type) => [1, typeBytes[type]]));
    const content = [...locals, ...this.#code, 0x0b];
    return [...encodeUnsigned(content.length), ...content];
  }
  /** Encodes the type of the function: i32 parameters, no result. */
  signature(): number[] {
    const parameters = Array.from({ length: this.#numParameters }, () => [typeBytes.i32]);
    return [0x60, ...list(parameters), 0];
  }
}

/** Maximum size of a memory with 32-bit addresses, in pages of 64 KiB. */
export const maxMemoryPages = 65536;

/** Encodes a module that imports a memory as `env.memory` and exports its functions by name. */
export function wasmModule(
  functions: readonly FunctionWriter[],
  { sharedMemory = false }: { readonly sharedMemory?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  const memoryType = [
    sharedMemory ? 3 : 1,
    ...encodeUnsigned(1),
    ...encodeUnsigned(maxMemoryPages),
  ];
  return Uint8Array.from([
    0,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    ...section(1, list(functions.map((each) => each.signature()))),
    ...section(2, list([[...text("env"), ...text("memory"), 2, ...memoryType]])),
    ...section(3, list(functions.map((_, index) => encodeUnsigned(index)))),
    ...section(
      7,
      list(functions.map(({ name }, index) => [...text(name), 0, ...encodeUnsigned(index)])),
    ),
    ...section(10, list(functions.map((each) => each.body()))),
  ]);
}
