import type * as Ort from "onnxruntime-node";
import type { SpareArrays } from "../executor.ts";
import type { Session, SessionOptions } from "./session.ts";
import type { Address, NativeLibrary } from "./native-library.ts";
import { elementTypes } from "./model.ts";

const optimizationLevels: Readonly<Record<string, number>> = {
  disabled: 0,
  basic: 1,
  extended: 2,
  all: 99,
};

/** Provides a nonzero address for empty arrays. */
const nonEmpty = new Uint8Array(8);

/** Maximum rank of a tensor. */
const maxAxes = 16;

/** List of strings for C functions: addresses of null-terminated strings. */
class TextList {
  readonly #texts: readonly Buffer[];
  readonly addresses: BigUint64Array;

  constructor(library: NativeLibrary, texts: readonly string[]) {
    this.#texts = texts.map((text) => Buffer.from(`${text}\0`));
    this.addresses = BigUint64Array.from(this.#texts, (text) => library.addressOf(text));
  }
}

/** Names of inputs and outputs, with memory for their tensor addresses. */
interface Arguments {
  readonly inputNames: TextList;
  readonly outputNames: TextList;
  readonly inputs: BigUint64Array;
  readonly outputs: BigUint64Array;
}

/**
 * Session that calls ONNX Runtime's C functions: outputs are computed directly into the returned
 * arrays, whereas the Node binding copies them.
 */
export class NativeSession implements Session {
  readonly #library: NativeLibrary;
  readonly #runtime: Pick<typeof Ort, "Tensor">;
  readonly #session: Address;
  readonly #result = new BigUint64Array(1);
  readonly #shape = new BigInt64Array(maxAxes);
  #arguments: Arguments | undefined;

  /** @throws `Error` for a model that ONNX Runtime rejects. */
  constructor(
    library: NativeLibrary,
    runtime: Pick<typeof Ort, "Tensor">,
    model: Uint8Array,
    options: SessionOptions,
  ) {
    const { functions, check, environment } = library;
    this.#library = library;
    this.#runtime = runtime;
    const result = this.#result;
    check(functions.createSessionOptions(result));
    const native = result[0]!;
    try {
      configure(library, native, options);
      check(functions.createSessionFromArray(environment, model, model.byteLength, native, result));
      this.#session = result[0]!;
    } finally {
      functions.releaseSessionOptions(native);
    }
  }

  async run(
    feeds: Readonly<Record<string, Ort.Tensor>>,
    shapes: Readonly<Record<string, readonly number[]>>,
    spare: SpareArrays,
  ): Promise<Record<string, Ort.Tensor>> {
    // Yield to the event loop between runs, like the Node.js binding.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    const { functions, check } = this.#library;
    const { Tensor } = this.#runtime;
    const results: Record<string, Ort.Tensor> = {};
    for (const [name, shape] of Object.entries(shapes)) {
      const count = shape.reduce((product, size) => product * size, 1);
      const entries = spare[name]?.length === count ? spare[name] : new Float32Array(count);
      results[name] = new Tensor("float32", entries, shape);
    }
    this.#arguments ??= this.#argumentsFor(Object.keys(feeds), Object.keys(shapes));
    const { inputNames, outputNames, inputs, outputs } = this.#arguments;
    inputs.fill(0n);
    outputs.fill(0n);
    try {
      this.#wrap(Object.values(feeds), inputs);
      this.#wrap(Object.values(results), outputs);
      check(
        functions.run(
          this.#session,
          null,
          inputNames.addresses,
          inputs,
          inputs.length,
          outputNames.addresses,
          outputs.length,
          outputs,
        ),
      );
    } finally {
      for (const value of inputs) functions.releaseValue(value);
      for (const value of outputs) functions.releaseValue(value);
    }
    return results;
  }

  #argumentsFor(inputs: readonly string[], outputs: readonly string[]): Arguments {
    return {
      inputNames: new TextList(this.#library, inputs),
      outputNames: new TextList(this.#library, outputs),
      inputs: new BigUint64Array(inputs.length),
      outputs: new BigUint64Array(outputs.length),
    };
  }

  /** Creates ONNX Runtime tensors over JavaScript arrays. */
  #wrap(tensors: readonly Ort.Tensor[], values: BigUint64Array): void {
    const { functions, check, memory } = this.#library;
    tensors.forEach(({ data, dims, type }, i) => {
      // Sound because string tensors are never used.
      const entries = data as NodeJS.TypedArray;
      for (let axis = 0; axis < dims.length; axis++) this.#shape[axis] = BigInt(dims[axis]!);
      check(
        functions.createTensorWithData(
          memory,
          entries.byteLength > 0 ? entries : nonEmpty,
          entries.byteLength,
          this.#shape,
          dims.length,
          // Sound because only tensors of these types are fed.
          elementTypes[type as keyof typeof elementTypes],
          this.#result,
        ),
      );
      values[i] = this.#result[0]!;
    });
  }

  endProfiling(): void {
    const { functions, check, allocator } = this.#library;
    check(functions.sessionEndProfiling(this.#session, allocator, this.#result));
    check(functions.allocatorFree(allocator, this.#result[0]!));
  }

  async release(): Promise<void> {
    this.#library.functions.releaseSession(this.#session);
  }
}

/** Flattens a nested configuration; keys are joined by dots. */
function flatten(value: object, prefix = ""): (readonly [key: string, value: string])[] {
  return Object.entries(value).flatMap(([key, entry]: [string, unknown]) =>
    typeof entry === "object" && entry !== null
      ? flatten(entry, `${prefix}${key}.`)
      : [[`${prefix}${key}`, String(entry)] as const],
  );
}

function configure(library: NativeLibrary, native: Address, options: SessionOptions): void {
  const { functions, check } = library;
  const {
    graphOptimizationLevel = "all",
    enableMemPattern = true,
    enableCpuMemArena = true,
    intraOpNumThreads,
    interOpNumThreads,
    logSeverityLevel = 4,
    enableProfiling = false,
    profileFilePrefix = "onnxruntime",
    extra = {},
    externalData = [],
  } = options;
  const level = optimizationLevels[graphOptimizationLevel]!;
  check(functions.setSessionGraphOptimizationLevel(native, level));
  check(functions.setSessionLogSeverityLevel(native, logSeverityLevel));
  if (!enableMemPattern) check(functions.disableMemPattern(native));
  if (!enableCpuMemArena) check(functions.disableCpuMemArena(native));
  if (intraOpNumThreads !== undefined) {
    check(functions.setIntraOpNumThreads(native, intraOpNumThreads));
  }
  if (interOpNumThreads !== undefined) {
    check(functions.setInterOpNumThreads(native, interOpNumThreads));
  }
  if (enableProfiling) check(functions.enableProfiling(native, profileFilePrefix));
  for (const [key, value] of flatten(extra)) {
    check(functions.addSessionConfigEntry(native, key, value));
  }
  if (externalData.length === 0) return;
  const files = externalData.map((file) => {
    if (typeof file === "string" || typeof file.data === "string") {
      throw new TypeError("createOnnxExecutor: external data must be arrays, got a path");
    }
    // Sound because this package always passes files in this form.
    return file as { readonly path: string; readonly data: Uint8Array };
  });
  const paths = new TextList(
    library,
    files.map(({ path }) => path),
  );
  const places = BigUint64Array.from(files, ({ data }) =>
    library.addressOf(data.byteLength > 0 ? data : nonEmpty),
  );
  const lengths = BigUint64Array.from(files, ({ data }) => BigInt(data.byteLength));
  check(functions.addExternalInitializers(native, paths.addresses, places, lengths, files.length));
}
