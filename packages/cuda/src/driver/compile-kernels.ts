import { kernelPrelude } from "./kernel-prelude.ts";
import type { Compiler } from "./load-cuda.ts";

const sourceName = "kernels.cu";

/** Output parameters of C functions: memory for values returned through pointers. */
class Results {
  readonly address: number;
  readonly words: Int32Array = new Int32Array(new ArrayBuffer(1024));

  constructor(cuda: Compiler) {
    this.address = cuda.addressOf(this.words);
  }

  long(): number {
    return Number(new BigInt64Array(this.words.buffer)[0]);
  }

  setLong(value: number): void {
    new BigInt64Array(this.words.buffer)[0] = BigInt(value);
  }
}

/**
 * Input parameters of C functions: memory for values passed through pointers, at fixed addresses.
 */
class Parameters {
  readonly #cuda: Compiler;
  readonly #held: ArrayBufferView[] = [];

  constructor(cuda: Compiler) {
    this.#cuda = cuda;
  }

  #hold(bytes: Uint8Array): number {
    this.#held.push(bytes);
    return this.#cuda.addressOf(bytes);
  }

  /** Stores a C string and returns its address. */
  text(text: string): number {
    const { length } = Buffer.from(text);
    const bytes = new Uint8Array(new ArrayBuffer(length + 128));
    new TextEncoder().encodeInto(text, bytes);
    return this.#hold(bytes);
  }

  /** Stores a list of C strings and returns its address. */
  texts(texts: readonly string[]): number {
    const list = BigInt64Array.from([...texts.map((text) => BigInt(this.text(text))), 0n]);
    return this.#hold(new Uint8Array(list.buffer));
  }

  release(): void {
    this.#held.length = 0;
  }
}

/**
 * Chooses the device's architecture, or the newest older architecture that the compiler supports.
 */
function architecture(cuda: Compiler, results: Results, capability: number): string {
  check(
    cuda,
    cuda.nvrtcGetNumSupportedArchs(results.address),
    "return its number of architectures",
  );
  const count = results.words[0]!;
  check(cuda, cuda.nvrtcGetSupportedArchs(results.address), "list its architectures");
  const known = Array.from(results.words.subarray(0, count));
  if (known.includes(capability)) return `sm_${capability}`;
  const older = known.filter((each) => each < capability);
  if (older.length === 0) {
    throw new Error(
      `compile: the device's compute capability must be at least ${Math.min(...known) / 10} for this NVRTC, got ${capability / 10}`,
    );
  }
  // The driver compiles PTX of an older virtual architecture for the device.
  return `compute_${Math.max(...older)}`;
}

function check(cuda: Compiler, status: number, what: string): void {
  if (status === 0) return;
  throw new Error(`compile: NVRTC failed to ${what}: ${cuda.nvrtcGetErrorString(status)}`);
}

function log(cuda: Compiler, results: Results, program: number): string {
  check(cuda, cuda.nvrtcGetProgramLogSize(program, results.address), "return its log");
  const bytes = new Uint8Array(new ArrayBuffer(Math.max(128, results.long())));
  check(cuda, cuda.nvrtcGetProgramLog(program, cuda.addressOf(bytes)), "return its log");
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0))).trim();
}

/**
 * Compiles CUDA C++, preceded by {@link kernelPrelude}, for one architecture.
 *
 * @param capability - Compute capability of the device as a whole number: 90 for 9.0.
 * @returns Image that the driver can load as a module.
 * @throws `Error` with the compiler's log.
 */
export function compileKernels(cuda: Compiler, source: string, capability: number): Uint8Array {
  const results = new Results(cuda);
  const parameters = new Parameters(cuda);
  const arch = architecture(cuda, results, capability);
  const create = cuda.nvrtcCreateProgram(
    results.address,
    parameters.text(`${kernelPrelude}${source}`),
    parameters.text(sourceName),
    0,
    0,
    0,
  );
  check(cuda, create, "accept the source");
  const program = results.long();
  try {
    const options = [`--gpu-architecture=${arch}`, "--std=c++17"];
    const status = cuda.nvrtcCompileProgram(program, options.length, parameters.texts(options));
    if (status !== 0) {
      throw new Error(
        `compile: the source does not compile (${cuda.nvrtcGetErrorString(status)}):\n${log(cuda, results, program)}`,
      );
    }
    return image(cuda, results, program, arch.startsWith("sm_"));
  } finally {
    results.setLong(program);
    cuda.nvrtcDestroyProgram(results.address);
    parameters.release();
  }
}

/** Returns the compiled image: machine code, or PTX for the driver to compile. */
function image(
  cuda: Compiler,
  results: Results,
  program: number,
  isMachineCode: boolean,
): Uint8Array {
  const { address } = results;
  const sized = isMachineCode
    ? cuda.nvrtcGetCUBINSize(program, address)
    : cuda.nvrtcGetPTXSize(program, address);
  check(cuda, sized, "return the size of its output");
  const bytes = new Uint8Array(new ArrayBuffer(Math.max(128, results.long())));
  const to = cuda.addressOf(bytes);
  const given = isMachineCode ? cuda.nvrtcGetCUBIN(program, to) : cuda.nvrtcGetPTX(program, to);
  check(cuda, given, "return its output");
  return bytes;
}
