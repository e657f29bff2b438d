import {
  compilerPrototypes,
  driverPrototypes,
  productPrototypes,
  type CompilerFunctions,
  type DriverFunctions,
  type ProductFunctions,
} from "./cuda-functions.ts";
import { loadKoffi, type Koffi } from "@turnwise/graph/executor";
import { findCudaLibraries, type CudaLibrary } from "@turnwise/graph/machine";

/** Access to memory as C functions see it. */
interface NativeMemory {
  /** Address of an array's data; valid while the array is referenced. */
  addressOf(data: ArrayBufferView): number;
  /** Reads a C string. */
  textAt(address: number): string;
  /** Wraps native memory as a buffer; the memory must not be freed while the buffer is used. */
  bufferAt(address: number, bytes: number): ArrayBuffer;
}

/** NVRTC functions and memory access. */
export interface Compiler extends CompilerFunctions, NativeMemory {}

/** CUDA functions and memory access. */
export interface Cuda extends DriverFunctions, ProductFunctions, Compiler {}

/** C type of each prototype letter. */
const types: Readonly<Record<string, string>> = { i: "int32", u: "uint32", b: "uint8", l: "int64" };

// RTLD_NOW and RTLD_NODELETE of dlopen. Without NODELETE, a CUDA library is unloaded when the
// thread that loaded it ends, which crashes the process.
const stay = 0x2 | 0x1000;

class Loader {
  readonly #koffi: Koffi;
  readonly #dlopen: (path: string, flags: number) => number;

  constructor(koffi: Koffi) {
    this.#koffi = koffi;
    this.#dlopen = koffi.load(null).func("dlopen", "int64", ["str", "int"]);
  }

  bind<Functions>(
    path: string,
    companions: readonly string[],
    prototypes: Readonly<Record<keyof Functions, string>>,
  ): Functions {
    for (const each of [...companions, path]) this.#dlopen(each, stay);
    const library = this.#koffi.load(path);
    const list = Object.entries<string>(prototypes).map(([name, prototype]) => {
      const letters = prototype.replace("text", "").replaceAll(" ", "").split("");
      const result = prototype.endsWith("text") ? "str" : "int32";
      return [
        name,
        library.func(
          name,
          result,
          letters.map((letter) => types[letter]!),
        ),
      ];
    });
    // Sound because `list` has one entry per prototype name.
    return Object.fromEntries(list) as Functions;
  }

  /** Binds the functions of the first file that loads and is not newer than the driver. */
  bindFirst<Functions>(
    what: string,
    files: readonly CudaLibrary[],
    prototypes: Readonly<Record<keyof Functions, string>>,
    driverMajor: number,
  ): Functions {
    const reasons: string[] = [];
    for (const { path, major, companions } of files) {
      if (major > driverMajor) {
        reasons.push(`${path}: the driver supports CUDA up to ${driverMajor}`);
        continue;
      }
      try {
        return this.bind(path, companions, prototypes);
      } catch (cause) {
        reasons.push(`${path}: ${cause instanceof Error ? cause.message : String(cause)}`);
      }
    }
    throw new Error(
      `openCudaDevice: ${what} could not be loaded (searched TURNWISE_CUDA_PATH, the loader's folders, /usr/local/cuda and Python's packages): ${reasons.length > 0 ? reasons.join("; ") : "no file found"}`,
    );
  }
}

function bindDriver(loader: Loader, path: string): DriverFunctions {
  try {
    return loader.bind<DriverFunctions>(path, [], driverPrototypes);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `openCudaDevice: NVIDIA's driver could not be loaded from ${path}: ${message}`,
      {
        cause,
      },
    );
  }
}

function nativeMemory(koffi: Koffi): NativeMemory {
  return {
    addressOf: (data) => Number(koffi.address(data)),
    textAt: (address) => koffi.decode.string(address),
    bufferAt: (address, bytes) => koffi.view(BigInt(address), bytes),
  };
}

async function load(path: string | undefined): Promise<Cuda> {
  if (process.platform !== "linux") {
    throw new Error(`openCudaDevice: the platform must be linux, got ${process.platform}`);
  }
  const koffi = await loadKoffi("openCudaDevice");
  const loader = new Loader(koffi);
  const memory = nativeMemory(koffi);
  const files = findCudaLibraries(path);
  const driver = bindDriver(loader, files.driver);
  const version = new Int32Array(new ArrayBuffer(128));
  const status = driver.cuDriverGetVersion(memory.addressOf(version));
  if (status !== 0) {
    throw new Error(
      `openCudaDevice: NVIDIA's driver did not return its version, got error ${status}`,
    );
  }
  const major = Math.floor(version[0]! / 1000);
  return {
    ...memory,
    ...driver,
    ...loader.bindFirst<CompilerFunctions>("NVRTC", files.compiler, compilerPrototypes, major),
    ...loader.bindFirst<ProductFunctions>("cuBLAS", files.products, productPrototypes, major),
  };
}

/**
 * Loads only NVRTC, to compile kernels without a GPU.
 * @param path - See {@link findCudaLibraries}.
 * @throws `Error` if koffi or NVRTC is missing.
 */
export async function loadCompiler(path?: string): Promise<Compiler> {
  const koffi = await loadKoffi("openCudaDevice");
  const { compiler } = findCudaLibraries(path);
  const loader = new Loader(koffi);
  return {
    ...nativeMemory(koffi),
    ...loader.bindFirst<CompilerFunctions>("NVRTC", compiler, compilerPrototypes, Infinity),
  };
}

const loaded = new Map<string | undefined, Promise<Cuda>>();

/**
 * Loads the CUDA libraries, once per path.
 * @param path - See {@link findCudaLibraries}.
 * @throws `Error` naming the missing library.
 */
export function loadCuda(path?: string): Promise<Cuda> {
  const key = path ?? process.env["TURNWISE_CUDA_PATH"];
  let cuda = loaded.get(key);
  if (cuda === undefined) {
    cuda = load(path);
    loaded.set(key, cuda);
    // Retry after a failure: the missing library may have been installed.
    cuda.catch(() => loaded.delete(key));
  }
  return cuda;
}
