import { thisMachine } from "../machine/machine.ts";
import { nativeLibraryFile } from "../machine/needs.ts";
import { loadKoffi, type Koffi } from "../load-koffi.ts";

/** Address of an object of the library. */
export type Address = bigint;

/**
 * Argument of a function: a number, a string, an address, or an array that the function reads or
 * writes.
 */
export type Argument = number | bigint | string | NodeJS.TypedArray | null;

/**
 * Functions that are called: index in the library's function table, return type and argument types.
 * Indices are stable, because new versions of ONNX Runtime only append functions.
 */
const table = {
  getErrorMessage: [2, "str", "p"],
  createEnv: [3, "void *", "isp"],
  createSessionFromArray: [8, "void *", "ppnpp"],
  run: [9, "void *", "ppppnpnp"],
  createSessionOptions: [10, "void *", "p"],
  enableProfiling: [14, "void *", "ps"],
  disableMemPattern: [17, "void *", "p"],
  disableCpuMemArena: [19, "void *", "p"],
  setSessionLogSeverityLevel: [22, "void *", "pi"],
  setSessionGraphOptimizationLevel: [23, "void *", "pi"],
  setIntraOpNumThreads: [24, "void *", "pi"],
  setInterOpNumThreads: [25, "void *", "pi"],
  createTensorWithData: [49, "void *", "ppnpnip"],
  createCpuMemoryInfo: [69, "void *", "iip"],
  allocatorFree: [76, "void *", "pp"],
  getAllocator: [78, "void *", "p"],
  releaseStatus: [93, "void", "p"],
  releaseSession: [95, "void", "p"],
  releaseValue: [96, "void", "p"],
  releaseSessionOptions: [100, "void", "p"],
  sessionEndProfiling: [110, "void *", "ppp"],
  addSessionConfigEntry: [130, "void *", "pss"],
  addExternalInitializers: [279, "void *", "ppppn"],
} as const;

/** C type of each letter above. */
const types: Readonly<Record<string, string>> = { p: "void *", s: "str", i: "int", n: "size_t" };

/** Interface version that contains all of these functions. */
const interfaceVersion = 18;

type NativeFunctions = Readonly<
  Record<keyof typeof table, (...values: readonly Argument[]) => unknown>
>;

/** ONNX Runtime's C functions, from the library in onnxruntime-node. */
export interface NativeLibrary {
  readonly functions: NativeFunctions;
  /** Checks a returned status. @throws `Error` with the library's message if a function failed. */
  readonly check: (status: unknown) => void;
  /** Returns the address of an array's entries. */
  readonly addressOf: (data: NodeJS.TypedArray) => Address;
  /** Memory info of the host. */
  readonly memory: Address;
  readonly environment: Address;
  readonly allocator: Address;
}

/** ONNX Runtime's library file in the package onnxruntime-node. */
function findLibraryFile(): string {
  const machine = thisMachine();
  const folder = machine.findPackage("onnxruntime-node");
  const file = folder === undefined ? undefined : nativeLibraryFile(machine.platform, folder);
  if (file !== undefined && machine.hasFile(file)) return file;
  throw new Error(
    `createOnnxExecutor: onnxruntime-node must contain a library for ${machine.platform}, got ${file ?? "none"}`,
  );
}

function open(koffi: Koffi, file: string): NativeLibrary {
  const library = koffi.load(file);
  const base: unknown = library.func("OrtGetApiBase", "void *", [])();
  const getApi = koffi.decode(koffi.decode(base, "void *"), koffi.proto("void *", ["uint32"])) as (
    version: number,
  ) => unknown;
  const api = getApi(interfaceVersion);
  if (api === null) {
    throw new Error(
      `createOnnxExecutor: ${file} must support version ${interfaceVersion} of ONNX Runtime's API, got an older version`,
    );
  }
  const bound = Object.entries(table).map(([name, [place, result, letters]]) => {
    const pointer: unknown = koffi.decode(api, 8 * place, "void *");
    const parameters = letters.split("").map((letter) => types[letter]!);
    return [name, koffi.decode(pointer, koffi.proto(result, parameters))] as const;
  });
  // Sound because there is one function per name.
  const functions = Object.fromEntries(bound) as NativeFunctions;
  const check = (status: unknown): void => {
    if (status === null) return;
    const address = status as Address;
    const message = String(functions.getErrorMessage(address));
    functions.releaseStatus(address);
    throw new Error(message);
  };
  const createObject = (call: (result: BigUint64Array) => unknown): Address => {
    const result = new BigUint64Array(1);
    check(call(result));
    return result[0]!;
  };
  return {
    functions,
    check,
    addressOf: (data) => koffi.address(data),
    // Arena allocator, default memory type.
    memory: createObject((result) => functions.createCpuMemoryInfo(1, 0, result)),
    // Log level 4: only fatal errors. A process has one environment, shared with the Node.js
    // binding.
    environment: createObject((result) => functions.createEnv(4, "turnwise", result)),
    allocator: createObject((result) => functions.getAllocator(result)),
  };
}

let opened: Promise<NativeLibrary> | undefined;

/**
 * Opens ONNX Runtime's library.
 * @throws `Error` if the library or koffi is missing.
 */
export function loadNativeLibrary(): Promise<NativeLibrary> {
  opened ??= loadKoffi("createOnnxExecutor").then((koffi) => open(koffi, findLibraryFile()));
  return opened;
}
