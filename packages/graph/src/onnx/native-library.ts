import { thisMachine } from "../machine/machine.ts";
import { nativeLibraryFile } from "../machine/needs.ts";
import { loadKoffi, type Koffi } from "../load-koffi.ts";

/** The address of something that belongs to the library. */
export type Address = bigint;

/** What a function takes: a number, a text, an address, or an array to be read or written. */
export type Argument = number | bigint | string | NodeJS.TypedArray | null;

/**
 * The functions that are used: their places in the library's table, what they return and take. The
 * table is ONNX Runtime's stable interface: functions are added at its end, and none is ever moved.
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

/** C types of the letters above. */
const types: Readonly<Record<string, string>> = { p: "void *", s: "str", i: "int", n: "size_t" };

/** A version of the interface that has all of these. */
const interfaceVersion = 18;

type NativeFunctions = Readonly<
  Record<keyof typeof table, (...values: readonly Argument[]) => unknown>
>;

/** ONNX Runtime's C functions, in the library that onnxruntime-node brings. */
export interface NativeLibrary {
  readonly functions: NativeFunctions;
  /** @throws `Error` with what the library says, if a function returned an error. */
  readonly check: (status: unknown) => void;
  /** Where the entries of an array begin. */
  readonly addressOf: (data: NodeJS.TypedArray) => Address;
  /** Describes the computer's memory. */
  readonly memory: Address;
  readonly environment: Address;
  readonly allocator: Address;
}

/** The file of ONNX Runtime itself in the package onnxruntime-node. */
function libraryFile(): string {
  const machine = thisMachine();
  const folder = machine.findPackage("onnxruntime-node");
  const file = folder === undefined ? undefined : nativeLibraryFile(machine.platform, folder);
  if (file !== undefined && machine.hasFile(file)) return file;
  throw new Error(
    `createOnnxExecutor: onnxruntime-node must hold a library for ${machine.platform}, got ${file ?? "none"}`,
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
      `createOnnxExecutor: ${file} must have version ${interfaceVersion} of its interface, got an older one`,
    );
  }
  const bound = Object.entries(table).map(([name, [place, result, letters]]) => {
    const pointer: unknown = koffi.decode(api, 8 * place, "void *");
    const parameters = letters.split("").map((letter) => types[letter]!);
    return [name, koffi.decode(pointer, koffi.proto(result, parameters))] as const;
  });
  // One of each name.
  const functions = Object.fromEntries(bound) as NativeFunctions;
  const check = (status: unknown): void => {
    if (status === null) return;
    const address = status as Address;
    const message = String(functions.getErrorMessage(address));
    functions.releaseStatus(address);
    throw new Error(message);
  };
  const made = (call: (result: BigUint64Array) => unknown): Address => {
    const result = new BigUint64Array(1);
    check(call(result));
    return result[0]!;
  };
  return {
    functions,
    check,
    addressOf: (data) => koffi.address(data),
    // Of the library's arena, and of the usual kind.
    memory: made((result) => functions.createCpuMemoryInfo(1, 0, result)),
    // A process has one environment, which this shares with the binding; fatal errors are printed.
    environment: made((result) => functions.createEnv(4, "turnwise", result)),
    allocator: made((result) => functions.getAllocator(result)),
  };
}

let opened: Promise<NativeLibrary> | undefined;

/**
 * Opens ONNX Runtime's own library.
 * @throws `Error` if it or koffi is missing.
 */
export function loadNativeLibrary(): Promise<NativeLibrary> {
  opened ??= loadKoffi("createOnnxExecutor").then((koffi) => open(koffi, libraryFile()));
  return opened;
}
