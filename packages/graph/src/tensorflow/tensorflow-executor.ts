import { bindFeeds, type Sizes } from "../bind-feeds.ts";
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
} from "../executor.ts";
import { readFrozen } from "../file-feed.ts";
import { checkIds, idLimits } from "../id-limits.ts";
import type { Feed, Program } from "../program.ts";
import {
  OwnedTensor,
  runWithTensors,
  type StorageOwner,
  type ResidentTensor,
  type RunFeeds,
} from "../resident-tensor.ts";
import { createEmptyCheck, removeEmpty } from "../remove-empty.ts";
import { tensorFlowPackages, type TensorFlowPackage } from "./packages.ts";
import { runOperation } from "./run-operation.ts";
import {
  checkModule,
  loadTensorFlow,
  type TensorFlow,
  type TensorFlowModule,
  type TensorFlowTensor,
} from "./tensorflow-module.ts";

/** Options of {@link createTensorFlowExecutor}. */
export interface TensorFlowOptions {
  /**
   * TensorFlow.js module that the caller imported. Default: the first of `packages` that can be
   * imported.
   */
  readonly module?: TensorFlowModule;
  /** Packages to try, in this order. Default `tfjs-node-gpu`, `tfjs-node`, `tfjs`. */
  readonly packages?: readonly TensorFlowPackage[];
  /** Backend of the module, such as `"cpu"` or `"wasm"`. Default: chosen by the module. */
  readonly backend?: string;
}

type Tensors = Map<number, TensorFlowTensor>;

function toTensor(tf: TensorFlow, name: string, { data, shape }: Feed): TensorFlowTensor {
  if (data instanceof Float64Array) {
    throw new TypeError(`run: feed ${name} must be a Float32Array, got a Float64Array`);
  }
  const dtype =
    data instanceof Float32Array ? "float32" : data instanceof Int32Array ? "int32" : "bool";
  return tf.keep(tf.tensor(data, [...shape], dtype));
}

/** Runs a computation, returns its results, and disposes of all other tensors that it created. */
function keepResults(tf: TensorFlow, compute: () => TensorFlowTensor[]): TensorFlowTensor[] {
  tf.engine().startScope();
  try {
    return compute().map((result) => tf.keep(result));
  } finally {
    tf.engine().endScope();
  }
}

/** Lists, for each operation, those of its inputs and outputs that nothing uses afterwards. */
function findLastUses(program: Program): ReadonlyMap<number, readonly number[]> {
  const last = new Map<number, number>();
  program.operations.forEach(({ inputs, outputs }, index) => {
    for (const { id } of [...outputs, ...inputs]) last.set(id, index);
  });
  for (const { id } of Object.values(program.outputs)) last.delete(id);
  const uses = new Map<number, number[]>();
  for (const [id, index] of last) uses.set(index, [...(uses.get(index) ?? []), id]);
  return uses;
}

/** Runs all operations. Tensors are disposed of after their last use, except inputs. */
function runOperations(tf: TensorFlow, program: Program, inputs: Tensors, sizes: Sizes): Tensors {
  const tensors = new Map(inputs);
  const uses = findLastUses(program);
  try {
    program.operations.forEach((operation, index) => {
      if (operation.kind !== "input") {
        const operands = operation.inputs.map(({ id }) => tensors.get(id)!);
        const results = keepResults(tf, () => runOperation(tf, operation, operands, sizes));
        operation.outputs.forEach(({ id }, i) => tensors.set(id, results[i]!));
      }
      for (const id of uses.get(index) ?? []) {
        if (!inputs.has(id)) tensors.get(id)?.dispose();
      }
    });
  } catch (error) {
    for (const [id, tensor] of tensors) {
      if (!inputs.has(id) && !tensor.isDisposed) tensor.dispose();
    }
    throw error;
  }
  return tensors;
}

class TensorFlowStorage implements StorageOwner<TensorFlowTensor> {
  readonly name = "TensorFlow.js";

  async read(tensor: TensorFlowTensor): Promise<Float32Array> {
    return Float32Array.from(await tensor.data());
  }

  drop(tensor: TensorFlowTensor): void {
    tensor.dispose();
  }
}

/** Storage by module, so that executors with the same module can share tensors. */
const storages = new WeakMap<TensorFlow, TensorFlowStorage>();

function getStorage(tf: TensorFlow): TensorFlowStorage {
  const storage = storages.get(tf) ?? new TensorFlowStorage();
  storages.set(tf, storage);
  return storage;
}

/** Converts outputs for the caller, and disposes of all other tensors. */
async function collect(
  tf: TensorFlow,
  program: Program,
  tensors: Tensors,
  inputs: Tensors,
  resident: ReadonlySet<string>,
): Promise<Record<string, Output | ResidentTensor>> {
  const outputs: Record<string, Output | ResidentTensor> = {};
  const done = new Set<TensorFlowTensor>();
  for (const [name, { id }] of Object.entries(program.outputs)) {
    const tensor = tensors.get(id)!;
    const shape = [...tensor.shape];
    if (resident.has(name)) {
      // Create a separate handle, so that disposing of another name of the same entries has no
      // effect.
      const [own] = keepResults(tf, () => [tf.reshape(tensor, shape)]);
      outputs[name] = new OwnedTensor(getStorage(tf), shape, own!);
    } else {
      outputs[name] = { shape, data: Float32Array.from(await tensor.data()) };
    }
    if (!inputs.has(id)) done.add(tensor);
  }
  for (const tensor of done) tensor.dispose();
  return outputs;
}

async function chooseBackend(tf: TensorFlow, backend: string): Promise<void> {
  let cause: unknown;
  try {
    if (await tf.setBackend(backend)) return;
  } catch (error) {
    cause = error;
  }
  throw new Error(
    `createTensorFlowExecutor: backend must be a backend of the module, got ${backend}`,
    {
      cause,
    },
  );
}

/**
 * {@link Executor} on TensorFlow.js, an optional package of the user's choice. Operations run one
 * by one, with tensors freed after their last use; resident tensors stay in the memory of the
 * module's backend.
 *
 * @throws `compile` and `upload` throw an `Error` that says what to install if no package can be
 *   imported, and if the module does not have the backend.
 */
export function createTensorFlowExecutor({
  module,
  packages = tensorFlowPackages,
  backend,
}: TensorFlowOptions = {}): Executor {
  let loading: Promise<TensorFlow> | undefined;
  const load = (): Promise<TensorFlow> => {
    loading ??= (async () => {
      const tf = checkModule(module ?? (await loadTensorFlow(packages)));
      if (backend !== undefined) await chooseBackend(tf, backend);
      await tf.ready();
      return tf;
    })();
    return loading;
  };

  return {
    compile: async <Name extends string, Resident extends Name = never>(
      program: Program<Name>,
      options: CompileOptions<Resident> = {},
    ): Promise<Executable<Name, Resident>> => {
      checkOutputs("compile", program, options);
      const { consumed = [] } = options;
      const stays = new Set<string>(options.resident);
      checkFrozen("compile", program, options.frozen ?? {});
      const frozen = await readFrozen("compile", options.frozen ?? {});
      const tf = await load();
      const limits = idLimits(program);
      const emptiness = createEmptyCheck(program);
      const fixed = new Map(
        Object.entries(frozen).map(([name, feed]) => [name, toTensor(tf, name, feed)]),
      );
      let isReleased = false;

      const runNonEmpty = async (
        full: Program,
        feeds: RunFeeds,
        sizes: Sizes,
      ): Promise<Record<string, Output | ResidentTensor>> => {
        const inputs: Tensors = new Map();
        const own: TensorFlowTensor[] = [];
        const resident: OwnedTensor<TensorFlowTensor>[] = [];
        for (const [name, { id }] of Object.entries(full.inputs)) {
          const feed = feeds[name];
          if (feed === undefined) {
            inputs.set(id, fixed.get(name)!);
          } else if ("data" in feed) {
            const tensor = toTensor(tf, name, feed);
            own.push(tensor);
            inputs.set(id, tensor);
          } else {
            const tensor = OwnedTensor.of("run", name, feed, getStorage(tf));
            resident.push(tensor);
            inputs.set(id, tensor.storage("run"));
          }
        }
        try {
          return await runWithTensors(resident, () =>
            collect(tf, full, runOperations(tf, full, inputs, sizes), inputs, stays),
          );
        } finally {
          for (const tensor of own) tensor.dispose();
        }
      };

      return {
        run: (feeds) =>
          runConsuming(consumed, feeds, async () => {
            if (isReleased) {
              throw new Error(
                "run: executable must not be run after release(); compile the program again",
              );
            }
            refuseFrozen("run", feeds, frozen);
            const all = { ...feeds, ...frozen };
            const sizes = bindFeeds("run", program, all);
            checkIds("run", limits, all, sizes);
            let outputs: Record<string, Output | ResidentTensor>;
            if (emptiness(sizes) === "none") {
              outputs = await runNonEmpty(program, feeds, sizes);
            } else {
              const { program: full, emptyOutputs } = removeEmpty(program, sizes);
              outputs = await runNonEmpty(full, feeds, sizes);
              for (const [name, shape] of Object.entries(emptyOutputs)) {
                const data = new Float32Array();
                outputs[name] = stays.has(name)
                  ? new OwnedTensor(getStorage(tf), shape, toTensor(tf, name, { data, shape }))
                  : { shape, data };
              }
            }
            // Sound because the names determine which outputs are resident.
            return outputs as Outputs<Name, Resident>;
          }),
        release: async () => {
          if (isReleased) return;
          isReleased = true;
          for (const tensor of fixed.values()) tensor.dispose();
        },
      };
    },
    upload: async (feed) => {
      const data = checkUpload(feed).slice();
      const tf = await load();
      const { shape } = feed;
      return new OwnedTensor(getStorage(tf), shape, toTensor(tf, "upload", { data, shape }));
    },
  };
}
