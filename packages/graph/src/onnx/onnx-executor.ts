import { availableParallelism } from "node:os";
import { checkInteger } from "@turnwise/core";
import type * as Ort from "onnxruntime-node";
import { bindFeeds, evaluateShape, type Sizes } from "../bind-feeds.ts";
import {
  checkFrozen,
  checkOutputs,
  checkUpload,
  runConsuming,
  refuseFrozen,
  type CompileOptions,
  type Executable,
  type Executor,
  type Output,
  type Outputs,
  type SpareArrays,
} from "../executor.ts";
import { checkIds, idLimits } from "../id-limits.ts";
import { readFrozen, type FrozenFeeds } from "../file-feed.ts";
import { mapRecord } from "../map-record.ts";
import type { Program } from "../program.ts";
import type { Shape } from "../tensor.ts";
import {
  OwnedTensor,
  runWithTensors,
  type ResidentTensor,
  type RunFeeds,
} from "../resident-tensor.ts";
import { createEmptyCheck, removeEmpty } from "../remove-empty.ts";
import { lowerToOnnx } from "./lower-to-onnx.ts";
import { TensorSession, type StoredTensor } from "./tensor-session.ts";
import { evaluateSizeInput } from "./lowering.ts";
import {
  checkProvider,
  explainFailure,
  loadOnnxRuntime,
  type OnnxRuntime,
} from "./onnx-runtime.ts";
import { getSessionFactory, type Binding, type CreateSession } from "./create-session.ts";
import { providers, type ProductType, type Provider, type ProviderTraits } from "./providers.ts";
import {
  chooseBlockSizes,
  readSmallFrozen,
  findSharedRoot,
  type BlockSizes,
} from "./mapped-weight.ts";
import { fromOrt, OnnxStorage, toOrt } from "./tensors.ts";

/** Options of {@link createOnnxExecutor}. */
export interface OnnxOptions {
  /**
   * Device: `"cpu"`; `"webgpu"`, any GPU with a Vulkan driver; or `"cuda"`, an NVIDIA GPU (its
   * libraries must be installed separately). Default `"cpu"`.
   */
  readonly provider?: Provider;
  /**
   * Number type of matrix products. `"float16"` (GPUs only) is faster but has three significant
   * digits; everything else remains float32. Gradients below 6e-8 underflow in float16 products:
   * scale the loss up, and reduce AdamW's `gradientScale` accordingly. Default `"float32"`.
   */
  readonly products?: ProductType;
  /** GPU number, for `"cuda"` only. Default 0. */
  readonly deviceId?: number;
  /**
   * Number of threads per operation, `>= 1`. Default: chosen by ONNX Runtime, the number of
   * physical cores.
   */
  readonly threads?: number;
  /**
   * Lets waiting threads spin, which is a few percent faster on an idle machine, but more than
   * twice as slow on a shared one. Default false.
   */
  readonly allowSpinning?: boolean;
  /** Level of ONNX Runtime's graph optimizations. Default `"all"`. */
  readonly optimization?: "disabled" | "basic" | "extended" | "all";
  /**
   * Binding to ONNX Runtime: `"node"`, the onnxruntime-node package, which copies all outputs; or
   * `"koffi"`, only on the CPU, which needs the optional package koffi. Default `"koffi"` if it can
   * be loaded.
   */
  readonly binding?: Binding;
  /**
   * Path prefix of Chrome traces; each executable writes one when it is released. Default: no
   * traces.
   */
  readonly profilePrefix?: string;
}

/** One storage per device, so that executors of a device can share resident tensors. */
const storages = new Map<string, OnnxStorage>();

/** Maximum number of cached sessions for size combinations with empty tensors. */
const maxEmptySessions = 16;

/** Program in a session, for all sizes or for one combination of sizes. */
class CompiledModel {
  readonly #runtime: OnnxRuntime;
  readonly #storage: OnnxStorage;
  readonly #program: Program;
  readonly #lowered: ReturnType<typeof lowerToOnnx>;
  readonly #resident: ReadonlySet<string>;
  readonly #frozen: ReadonlySet<string>;
  /** Shapes of the outputs, by their names in the model. */
  readonly #outputs: Readonly<Record<string, Shape>>;
  readonly session: TensorSession;

  private constructor(
    { runtime, storage, program, resident, frozen }: ModelParts,
    lowered: ReturnType<typeof lowerToOnnx>,
    session: TensorSession,
  ) {
    this.#runtime = runtime;
    this.#storage = storage;
    this.#program = program;
    this.#resident = new Set(resident);
    // Keep only the names: the arrays may be large, and the session has its own copy.
    this.#frozen = new Set(Object.keys(frozen));
    this.#lowered = lowered;
    this.#outputs = Object.fromEntries(
      Object.entries(lowered.outputNames).map(([name, value]) => [
        value,
        program.outputs[name]!.shape,
      ]),
    );
    this.session = session;
  }

  static async create(parts: ModelParts): Promise<CompiledModel> {
    const { provider, products, blocks, program, options } = parts;
    const frozen = pickKeys(parts.frozen, program.inputs);
    const resident = parts.resident.filter((name) => Object.hasOwn(program.outputs, name));
    const lowered = lowerToOnnx(program, { provider, products, frozen, resident, blocks });
    const { residence } = providers[provider];
    const locations = Object.entries(lowered.outputNames).map(
      ([name, value]) => [value, resident.includes(name) ? residence : "cpu"] as const,
    );
    try {
      const session = await parts.createSession(lowered.bytes, {
        ...addFrozen(options, providers[provider], frozen),
        ...(resident.length > 0 && residence !== "cpu"
          ? { preferredOutputLocation: Object.fromEntries(locations) }
          : {}),
      });
      const lasting = new TensorSession(session);
      return new CompiledModel({ ...parts, frozen, resident }, lowered, lasting);
    } catch (cause) {
      throw explainFailure(provider, cause);
    }
  }

  async run(
    feeds: RunFeeds,
    sizes: Sizes,
    spare: SpareArrays = {},
  ): Promise<Record<string, Output | ResidentTensor>> {
    const tensors: Record<string, Ort.Tensor> = {};
    const held: OwnedTensor<StoredTensor>[] = [];
    for (const name of Object.keys(this.#program.inputs)) {
      if (this.#frozen.has(name)) continue;
      const feed = feeds[name]!;
      if ("data" in feed) {
        tensors[name] = toOrt(this.#runtime, name, feed);
        continue;
      }
      const tensor = OwnedTensor.of("run", name, feed, this.#storage);
      held.push(tensor);
      tensors[name] = tensor.storage("run").tensor;
    }
    for (const input of this.#lowered.sizeInputs) {
      const { data, shape } = evaluateSizeInput(input, sizes);
      const { Tensor } = this.#runtime;
      tensors[input.name] =
        input.form === "list"
          ? new Tensor("int64", BigInt64Array.from(data, BigInt), shape)
          : new Tensor("int32", data, shape);
    }
    const shapes = mapRecord(this.#outputs, (shape) => evaluateShape(shape, sizes));
    const into: Record<string, Float32Array> = {};
    for (const [name, value] of Object.entries(this.#lowered.outputNames)) {
      if (spare[name] && !this.#resident.has(name)) into[value] = spare[name];
    }
    const results = await runWithTensors(held, () => this.session.run(tensors, shapes, into));
    const outputs: Record<string, Output | ResidentTensor> = {};
    for (const [name, value] of Object.entries(this.#lowered.outputNames)) {
      const tensor = results[value]!;
      outputs[name] = this.#resident.has(name)
        ? new OwnedTensor(this.#storage, tensor.dims, this.session.register(tensor))
        : fromOrt(tensor);
    }
    return outputs;
  }
}

/** Parts of a {@link CompiledModel}. */
interface ModelParts {
  readonly runtime: OnnxRuntime;
  readonly createSession: CreateSession;
  readonly storage: OnnxStorage;
  readonly provider: Provider;
  readonly products: ProductType;
  readonly blocks: BlockSizes;
  readonly program: Program;
  readonly resident: readonly string[];
  readonly frozen: FrozenFeeds;
  readonly options: Ort.InferenceSession.SessionOptions;
}

function pickKeys<T>(
  record: Readonly<Record<string, T>>,
  keys: Readonly<Record<string, unknown>>,
): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => Object.hasOwn(keys, key)));
}

/** Sessions for size combinations with empty tensors; the oldest are evicted. */
class EmptyTensorModels {
  readonly #parts: ModelParts;
  readonly #models = new Map<string, Promise<EmptyTensorModel>>();

  constructor(parts: ModelParts) {
    this.#parts = parts;
  }

  async run(feeds: RunFeeds, sizes: Sizes): Promise<Record<string, Output | ResidentTensor>> {
    const key = [...sizes].join(" ");
    let special = this.#models.get(key);
    if (!special) {
      special = this.#create(sizes);
      this.#models.set(key, special);
      const [oldest] = this.#models;
      if (this.#models.size > maxEmptySessions) {
        this.#models.delete(oldest![0]);
        await (await oldest![1]).model?.session.release();
      }
    }
    const { model, empty } = await special;
    return { ...(await model?.run(feeds, sizes)), ...(await empty()) };
  }

  async #create(sizes: Sizes): Promise<EmptyTensorModel> {
    const { storage, resident } = this.#parts;
    const { program, emptyOutputs } = removeEmpty(this.#parts.program, sizes);
    const hasOutputs = Object.keys(program.outputs).length > 0;
    const model = hasOutputs ? await CompiledModel.create({ ...this.#parts, program }) : undefined;
    const empty = async (): Promise<Record<string, Output | ResidentTensor>> => {
      const outputs: Record<string, Output | ResidentTensor> = {};
      for (const [name, shape] of Object.entries(emptyOutputs)) {
        const data = new Float32Array();
        outputs[name] = resident.includes(name)
          ? await storage.upload(data, shape)
          : { shape, data };
      }
      return outputs;
    };
    return { model, empty };
  }

  async release(): Promise<void> {
    for (const special of this.#models.values()) await (await special).model?.session.release();
    this.#models.clear();
  }
}

/** Adds session options with the constants outside the model: all in memory, or some in files. */
function addFrozen(
  options: Ort.InferenceSession.SessionOptions,
  { extra }: ProviderTraits,
  frozen: FrozenFeeds,
): Ort.InferenceSession.SessionOptions {
  const root = findSharedRoot(frozen);
  if (root === undefined) {
    const externalData = Object.entries(frozen).flatMap(([name, feed]) => {
      if ("file" in feed) return [];
      const { buffer, byteOffset, byteLength } = feed.data;
      return [{ path: `frozen/${name}`, data: new Uint8Array(buffer, byteOffset, byteLength) }];
    });
    return { ...options, externalData };
  }
  // Disable constant folding, which would upcast all weights at once and keep the results.
  const disabled = [extra.optimization?.["disable_specified_optimizers"] ?? [], "ConstantFolding"];
  return {
    ...options,
    extra: {
      ...options.extra,
      // This option's key is flat, while the session's other options are nested.
      "session.model_external_initializers_file_folder_path": root,
      optimization: {
        ...extra.optimization,
        disable_specified_optimizers: disabled.flat().join(";"),
      },
    },
  };
}

/** Returns the program without its frozen inputs. */
function dropInputs(program: Program, frozen: FrozenFeeds): Program {
  const inputs = Object.entries(program.inputs).filter(([name]) => !Object.hasOwn(frozen, name));
  return { ...program, inputs: Object.fromEntries(inputs) };
}

function refuseEmpty(sizes: Sizes): RangeError {
  const text = [...sizes].map(([name, size]) => `${name} ${size}`).join(", ");
  return new RangeError(`run: sizes must be at least 1 with keepsFrozen: false, got ${text}`);
}

interface EmptyTensorModel {
  readonly model: CompiledModel | undefined;
  readonly empty: () => Promise<Record<string, Output | ResidentTensor>>;
}

function sessionOptions({
  provider = "cpu",
  deviceId = 0,
  threads,
  allowSpinning = false,
  optimization = "all",
  profilePrefix,
}: OnnxOptions): Ort.InferenceSession.SessionOptions {
  const { extra } = providers[provider];
  return {
    executionProviders: [provider === "cuda" ? { name: provider, deviceId } : provider],
    graphOptimizationLevel: optimization,
    // Memory patterns assume constant sizes, but here sizes change between runs.
    enableMemPattern: false,
    interOpNumThreads: 1,
    // Log only fatal errors; other errors are thrown.
    logSeverityLevel: 4,
    extra: {
      ...extra,
      session: { ...extra.session, intra_op: { allow_spinning: allowSpinning ? "1" : "0" } },
    },
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    ...(profilePrefix === undefined
      ? {}
      : { enableProfiling: true, profileFilePrefix: profilePrefix }),
  };
}

/**
 * {@link Executor} on onnxruntime-node, on the CPU or a GPU. The native module is loaded when the
 * first program is compiled. On the CPU feeds are read in place, without a copy; a run blocks the
 * calling thread.
 *
 * On `"webgpu"` all operations run on the GPU (otherwise `compile` throws), and resident tensors
 * are in GPU memory. On `"cuda"` resident tensors are in host memory, because the binding copies
 * all inputs and outputs through it. Executors of one provider and device share their resident
 * tensors.
 *
 * @throws `RangeError` for an unknown provider, or options that are not integers. `compile` throws
 *   an
 *   `Error` that says how to install a missing native module, library or GPU driver.
 */
export function createOnnxExecutor(options: OnnxOptions = {}): Executor {
  const { provider = "cpu", products = "float32", deviceId = 0, threads, profilePrefix } = options;
  const { binding } = options;
  if (binding === "koffi" && provider !== "cpu") {
    throw new RangeError(
      `createOnnxExecutor: binding must be node for provider ${provider}, got koffi`,
    );
  }
  if (!Object.hasOwn(providers, provider)) {
    throw new RangeError(
      `createOnnxExecutor: provider must be one of ${Object.keys(providers).join(", ")}, got ${provider}`,
    );
  }
  if (!providers[provider].products.includes(products)) {
    throw new RangeError(
      `createOnnxExecutor: products must be one of ${providers[provider].products.join(", ")} on ${provider}, got ${products}`,
    );
  }
  checkInteger("createOnnxExecutor", { deviceId }, { min: 0 });
  if (threads !== undefined) checkInteger("createOnnxExecutor", { threads }, { min: 1 });
  const session = sessionOptions(options);
  const blocks = chooseBlockSizes(threads ?? availableParallelism());
  const device = `${provider} ${deviceId}`;
  const storage =
    storages.get(device) ?? new OnnxStorage(provider, session.executionProviders![0]!);
  storages.set(device, storage);
  return {
    compile: async <Name extends string, Resident extends Name = never>(
      program: Program<Name>,
      compileOptions: CompileOptions<Resident> = {},
    ): Promise<Executable<Name, Resident>> => {
      checkOutputs("compile", program, compileOptions);
      const {
        resident = [],
        consumed = [],
        keepsFrozen = true,
        keepsMemory = true,
      } = compileOptions;
      const given = compileOptions.frozen ?? {};
      checkFrozen("compile", program, given);
      const frozen = providers[provider].readsFiles
        ? await readSmallFrozen("compile", given, blocks)
        : await readFrozen("compile", given);
      // Reference the frozen arrays only if `keepsFrozen` is set, so that they can be freed.
      const kept = keepsFrozen ? frozen : {};
      const bound = keepsFrozen ? program : dropInputs(program, frozen);
      checkProvider(provider);
      const runtime = await loadOnnxRuntime();
      const parts = {
        runtime,
        createSession: await getSessionFactory(runtime, provider, binding),
        storage,
        provider,
        products,
        blocks,
        program,
        resident,
        frozen,
        options: { ...session, enableCpuMemArena: keepsMemory },
      };
      const limits = idLimits(program);
      const emptiness = createEmptyCheck(program);
      let model: CompiledModel | undefined = await CompiledModel.create(parts);
      const special = new EmptyTensorModels({ ...parts, frozen: kept });
      return {
        run: (feeds, spare) =>
          runConsuming(consumed, feeds, async () => {
            if (!model)
              throw new Error(
                "run: executable must not be run after release(); compile the program again",
              );
            refuseFrozen("run", feeds, kept);
            const all = { ...feeds, ...kept };
            const sizes = bindFeeds("run", bound, all);
            checkIds("run", limits, all, sizes);
            const empty = emptiness(sizes);
            if (!keepsFrozen && empty !== "none") throw refuseEmpty(sizes);
            const isSpecial =
              empty === "computed" || (empty === "harmless" && !providers[provider].takesEmpty);
            const outputs = await (isSpecial
              ? special.run(feeds, sizes)
              : model.run(feeds, sizes, spare));
            // Sound because the names determine which outputs are resident.
            return outputs as Outputs<Name, Resident>;
          }),
        release: async () => {
          const held = model;
          model = undefined;
          if (!held) return;
          if (profilePrefix !== undefined) held.session.endProfiling();
          await held.session.release();
          await special.release();
        },
      };
    },
    upload: async (feed) => storage.upload(checkUpload(feed), feed.shape),
  };
}
