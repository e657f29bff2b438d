import {
  OwnedTensor,
  readFrozen,
  type CompileOptions,
  type Feed,
  type Output,
  type Program,
  type ResidentTensor,
  type RunFeeds,
  type Sizes,
} from "@turnwise/graph/executor";
import type { ProductType } from "../program/device-program.ts";
import type { CudaProduct } from "../driver/cuda-device.ts";
import { DeviceTensor, type DeviceContext } from "./device-context.ts";
import type { MemoryBlock } from "./device-memory.ts";
import { FeedCheck } from "./feed-check.ts";
import { planProgram, type Plan } from "../plan/plan.ts";
import type { RunHistory } from "./repeated-runs.ts";
import { scheduleRun, type Action, type Schedule, type ValueSources } from "./schedule.ts";

/** Thresholds that determine how a program runs. */
export interface DeviceLimits {
  /** Maximum number of entries for 32-bit indices. Default: all that fit. */
  readonly maxNarrowEntries?: number;
  /**
   * Number of runs with the same sizes and addresses after which the next run is recorded. Default
   * 2.
   */
  readonly recordAfter?: number;
}

/** Maximum number of size combinations whose schedules are cached. */
const maxSchedules = 64;

/** Product whose addresses are set before each call. */
interface PatchableProduct {
  readonly left: { address: number };
  readonly right: { address: number };
  readonly result: { address: number };
}

/** Schedule with the addresses of its latest launch. */
interface ReadySchedule {
  readonly schedule: Schedule;
  readonly addresses: Float64Array;
  readonly history: RunHistory;
}

const halfRange = 2 ** 32;

/** Compiled program on a device: planned once, and scheduled for each combination of sizes. */
export class DeviceExecutable {
  readonly #context: DeviceContext;
  readonly #plan: Plan;
  readonly #products: ProductType;
  readonly #maxNarrowEntries: number;
  readonly #recordAfter: number;
  readonly #resident: ReadonlySet<string>;
  readonly #consumed: ReadonlySet<string>;
  readonly #check: FeedCheck;
  readonly #frozen = new Map<string, DeviceTensor>();
  /** Frozen inputs, for feed checks: handles for floats, arrays for ids. */
  readonly #bound: Record<string, Feed | ResidentTensor> = {};
  readonly #constants = new Map<number, DeviceTensor>();
  readonly #schedules = new Map<string, ReadySchedule>();
  #last: { readonly sizes: Sizes; readonly ready: ReadySchedule } | undefined;
  /** Inputs that are read only as bfloat16 copies. */
  readonly #bfloat16Only: ReadonlySet<number>;

  private constructor(
    context: DeviceContext,
    program: Program,
    plan: Plan,
    products: ProductType,
    { resident = [], consumed = [] }: CompileOptions<string>,
    { maxNarrowEntries = 2 ** 31 - 1, recordAfter = 2 }: DeviceLimits,
  ) {
    this.#maxNarrowEntries = maxNarrowEntries;
    this.#check = new FeedCheck(program, this.#bound);
    this.#recordAfter = recordAfter;
    this.#context = context;
    this.#plan = plan;
    this.#products = products;
    this.#resident = new Set(resident);
    this.#consumed = new Set(consumed);
    this.#bfloat16Only = findBfloat16Only(plan);
  }

  static async create(
    context: DeviceContext,
    program: Program,
    products: ProductType,
    options: CompileOptions<string>,
    limits: DeviceLimits = {},
  ): Promise<DeviceExecutable> {
    const plan = planProgram(program, products, new Set(options.consumed));
    const kernels = plan.steps.flatMap(({ work }) =>
      work.kind === "kernels" ? work.step.kernels : [],
    );
    context.kernels.add(kernels, false);
    const result = new DeviceExecutable(context, program, plan, products, options, limits);
    try {
      for (const [name, feed] of Object.entries(options.frozen ?? {})) {
        // Read one file at a time: all together may exceed host memory.
        const { [name]: array } = await readFrozen("compile", { [name]: feed });
        const { data, shape } = array!;
        const tensor = result.#hold(Object.hasOwn(plan.inputs, name) ? data : new Float32Array());
        result.#frozen.set(name, tensor);
        result.#bound[name] =
          data instanceof Float32Array ? new OwnedTensor(context, shape, tensor) : array!;
      }
      for (const { tensor, data } of plan.constants) {
        result.#constants.set(tensor.id, result.#hold(data));
      }
    } catch (error) {
      result.release();
      throw error;
    }
    return result;
  }

  /** Resident tensors among the feeds, by name. */
  #residentFeeds(feeds: RunFeeds): ReadonlyMap<string, DeviceTensor> {
    const held = new Map<string, DeviceTensor>();
    for (const [name, feed] of Object.entries(feeds)) {
      if ("data" in feed) {
        if (!(feed.data instanceof Float64Array)) continue;
        throw new TypeError(`run: feed ${name} must be a Float32Array, got a Float64Array`);
      }
      held.set(name, OwnedTensor.of("run", name, feed, this.#context).storage("run"));
    }
    return held;
  }

  #hold(data: Feed["data"]): DeviceTensor {
    const { device, memory } = this.#context;
    const block = memory.allocate(data.byteLength);
    if (data.length > 0) device.upload(block.address, data);
    return new DeviceTensor(memory, block);
  }

  release(): void {
    for (const tensor of this.#frozen.values()) tensor.drop();
    for (const tensor of this.#constants.values()) tensor.drop();
    this.#frozen.clear();
    this.#constants.clear();
    for (const { history } of this.#schedules.values()) this.#context.repeated.release(history);
    this.#schedules.clear();
    this.#last = undefined;
  }

  #scheduleFor(feeds: RunFeeds, sizes: Sizes): ReadySchedule {
    // `sizes` is the same object only if the feeds are of the same kinds.
    if (this.#last?.sizes === sizes) return this.#last.ready;
    const ready = this.#findSchedule(feeds, sizes);
    this.#last = { sizes, ready };
    return ready;
  }

  #findSchedule(feeds: RunFeeds, sizes: Sizes): ReadySchedule {
    const arrays = Object.keys(this.#plan.inputs).filter(
      (name) => !this.#frozen.has(name) && "data" in feeds[name]!,
    );
    const key = `${[...sizes].join(" ")} ${arrays.join(" ")}`;
    const known = this.#schedules.get(key);
    if (known) {
      // Map order is recency: reinsert the schedule at the end.
      this.#schedules.delete(key);
      this.#schedules.set(key, known);
      return known;
    }
    const { inputs, program } = this.#plan;
    const id = (name: string): number => inputs[name]!.id;
    const isFed = new Set(arrays);
    const sources: ValueSources = {
      arrays: new Set(arrays.map(id)),
      consumed: new Set(
        [...this.#consumed]
          .filter((name) => Object.hasOwn(inputs, name) && !isFed.has(name))
          .map(id),
      ),
      resident: new Set([...this.#resident].map((name) => program.outputs[name]!.base.id)),
    };
    const schedule = scheduleRun(
      {
        plan: this.#plan,
        kernels: this.#context.kernels,
        precision: this.#products === "float32" ? "float32" : "tensorfloat32",
        blocks: this.#context.device.multiprocessors,
        maxNarrowEntries: this.#maxNarrowEntries,
      },
      sizes,
      sources,
    );
    const addresses = new Float64Array(schedule.numValues);
    const ready: ReadySchedule = { schedule, addresses, history: [] };
    this.#schedules.set(key, ready);
    if (this.#schedules.size > maxSchedules) {
      const [oldest] = this.#schedules;
      this.#schedules.delete(oldest![0]);
      this.#context.repeated.release(oldest![1].history);
    }
    return ready;
  }

  /** Checks feeds and queues a run; resolves when its arrays are downloaded. */
  async run(feeds: RunFeeds): Promise<Record<string, Output | ResidentTensor>> {
    const { device, memory } = this.#context;
    const { inputs, program } = this.#plan;
    const sizes = this.#check.sizes(feeds);
    const held = this.#residentFeeds(feeds);
    const ready = this.#scheduleFor(feeds, sizes);
    const { schedule, addresses } = ready;
    const tensors = new Map<number, DeviceTensor>();
    for (const [name, { id }] of Object.entries(inputs)) {
      const tensor = this.#frozen.get(name) ?? held.get(name);
      if (tensor) tensors.set(id, tensor);
    }
    for (const [id, tensor] of this.#constants) tensors.set(id, tensor);

    // Allocate all memory before queuing work, so that running out of memory leaves nothing queued.
    const made = new Map<number, MemoryBlock>();
    const copies = new Map<string, MemoryBlock>();
    const owner = new Map<number, string>();
    /** Tensors whose bfloat16 copy this run must compute. */
    const fresh = new Set<DeviceTensor>();
    try {
      for (const [name, { base }] of Object.entries(program.outputs)) {
        if (!this.#resident.has(name)) continue;
        const bytes = schedule.bytes(base);
        const isGiven = ["input", "constant"].includes(program.producer(base).kind);
        if (isGiven || owner.has(base.id)) {
          copies.set(name, memory.allocate(bytes));
          continue;
        }
        owner.set(base.id, name);
        if (!schedule.reusedInputs.has(base.id)) made.set(base.id, memory.allocate(bytes));
      }
      for (const [input, { bytes }] of schedule.bfloat16Copies) {
        const tensor = tensors.get(input)!;
        if (tensor.bfloat16Address !== undefined) continue;
        tensor.allocateBfloat16(bytes);
        fresh.add(tensor);
      }
      this.#fillAddresses(ready, tensors, made);
      for (const [name, { id }] of Object.entries(inputs)) {
        const feed = feeds[name];
        if (feed === undefined || !("data" in feed) || feed.data.length === 0) continue;
        device.upload(addresses[schedule.index(id)]!, feed.data);
      }
      const queue = (): void => this.#queue(schedule.actions, addresses, tensors, fresh);
      // This run also computes bfloat16 copies, so do not record it.
      if (fresh.size > 0) queue();
      else this.#context.repeated.queue(ready.history, addresses, this.#recordAfter, queue);
    } catch (error) {
      for (const block of [...made.values(), ...copies.values()]) memory.free(block);
      for (const tensor of fresh) tensor.freeBfloat16();
      throw error;
    }
    for (const [name, tensor] of this.#frozen) {
      if (this.#bfloat16Only.has(inputs[name]?.id ?? -1) && tensor.bfloat16Address !== undefined) {
        tensor.keepOnlyBfloat16();
      }
    }

    const outputs: Record<string, Output | ResidentTensor> = {};
    const downloads: Promise<void>[] = [];
    for (const [name, { base, shape: symbolic }] of Object.entries(program.outputs)) {
      const shape = schedule.shape({ shape: symbolic });
      const bytes = schedule.bytes(base);
      const from = addresses[schedule.index(base.id)]!;
      if (!this.#resident.has(name)) {
        const data = new Float32Array(bytes / 4);
        if (bytes > 0) downloads.push(device.download(from, data));
        outputs[name] = { shape, data };
        continue;
      }
      const copy = copies.get(name);
      if (copy && bytes > 0) device.copy(copy.address, from, bytes);
      const taken = schedule.reusedInputs.get(base.id);
      const block =
        copy ?? (taken === undefined ? made.get(base.id)! : tensors.get(taken)!.takeBlock());
      outputs[name] = new OwnedTensor(this.#context, shape, new DeviceTensor(memory, block));
    }
    await Promise.all(downloads);
    return outputs;
  }

  /** Fills in the addresses of all values of a run. */
  #fillAddresses(
    { schedule, addresses }: ReadySchedule,
    tensors: ReadonlyMap<number, DeviceTensor>,
    made: ReadonlyMap<number, MemoryBlock>,
  ): void {
    const workspace = this.#context.memory.workspace(Math.max(1, schedule.workspaceBytes));
    for (const [value, offset] of schedule.offsets) addresses[value] = workspace + offset;
    for (const [id, tensor] of tensors) addresses[schedule.index(id)] = tensor.address;
    for (const [id, block] of made) addresses[schedule.index(id)] = block.address;
    for (const [input, { result }] of schedule.bfloat16Copies) {
      addresses[result] = tensors.get(input)!.bfloat16Address!;
    }
  }

  #queue(
    actions: readonly Action[],
    addresses: Float64Array,
    tensors: ReadonlyMap<number, DeviceTensor>,
    fresh: ReadonlySet<DeviceTensor>,
  ): void {
    const { device } = this.#context;
    for (const action of actions) {
      switch (action.kind) {
        case "launch": {
          const { words, patches } = action;
          for (let i = 0; i < patches.length; i += 2) {
            const address = addresses[patches[i + 1]!]!;
            words[2 * patches[i]!] = address % halfRange;
            words[2 * patches[i]! + 1] = Math.floor(address / halfRange);
          }
          device.launch(action.kernel, action.grid, 256, action.parameters);
          break;
        }
        case "multiply": {
          // The schedule owns this object, so it may be mutated.
          const product = action.product as unknown as PatchableProduct;
          product.left.address = addresses[action.left[0]]! + action.left[1];
          product.right.address = addresses[action.right[0]]! + action.right[1];
          product.result.address = addresses[action.result[0]]! + action.result[1];
          device.multiply(action.product satisfies CudaProduct);
          break;
        }
        case "clear":
          device.clear(addresses[action.value]!, action.bytes);
          break;
        case "copy":
          device.copy(addresses[action.to]!, addresses[action.from]!, action.bytes);
          break;
        case "bfloat16Copy":
          if (fresh.has(tensors.get(action.input)!)) {
            this.#queue(action.actions, addresses, tensors, fresh);
          }
          break;
      }
    }
  }
}

/** Finds inputs that are read only through their bfloat16 copies. */
function findBfloat16Only(plan: Plan): ReadonlySet<number> {
  const ids = new Set(
    plan.steps.flatMap(({ bfloat16CopyOf }) =>
      bfloat16CopyOf === undefined ? [] : [bfloat16CopyOf],
    ),
  );
  for (const { reads, bfloat16CopyOf } of plan.steps) {
    for (const id of reads) if (id !== bfloat16CopyOf) ids.delete(id);
  }
  for (const { base } of Object.values(plan.program.outputs)) ids.delete(base.id);
  return ids;
}
