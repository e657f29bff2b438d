import type { Keeper } from "@turnwise/graph/executor";
import type { CudaDevice } from "../driver/cuda-device.ts";
import { DeviceMemory, type MemoryBlock } from "./device-memory.ts";
import { KernelCache } from "./kernel-cache.ts";
import { RepeatedRuns } from "./repeated-runs.ts";

/** The entries of a resident tensor, and what was made of them. */
export class DeviceTensor {
  readonly #memory: DeviceMemory;
  #block: MemoryBlock | undefined;
  #twin: MemoryBlock | undefined;

  constructor(memory: DeviceMemory, block: MemoryBlock) {
    this.#memory = memory;
    this.#block = block;
  }

  /** Where the entries are. */
  get address(): number {
    const block = this.#block ?? this.#twin;
    if (block) return block.address;
    throw new Error("run: resident tensor must not be used by another run, got a consumed one");
  }

  /** Where they are in bfloat16, if they were needed so. */
  get twin(): number | undefined {
    return this.#twin?.address;
  }

  /** Takes memory for the entries in bfloat16. */
  addTwin(bytes: number): void {
    this.#twin = this.#memory.allocate(bytes);
  }

  /** Gives the twin back. */
  dropTwin(): void {
    if (this.#twin) this.#memory.free(this.#twin);
    this.#twin = undefined;
  }

  /** Gives the memory of the entries to another; a twin would not be theirs any more. */
  takeBlock(): MemoryBlock {
    const block = this.#block!;
    this.#block = undefined;
    this.dropTwin();
    return block;
  }

  /** Keeps only the twin: nothing reads the entries themselves. */
  keepTwin(): void {
    if (this.#block) this.#memory.free(this.#block);
    this.#block = undefined;
  }

  drop(): void {
    if (this.#block) this.#memory.free(this.#block);
    this.#block = undefined;
    this.dropTwin();
  }
}

/** What all executors of one device share. */
export class DeviceContext implements Keeper<DeviceTensor> {
  readonly device: CudaDevice;
  readonly memory: DeviceMemory;
  readonly kernels: KernelCache;
  readonly repeated: RepeatedRuns;

  constructor(device: CudaDevice) {
    this.device = device;
    this.memory = new DeviceMemory(device);
    this.kernels = new KernelCache(device);
    this.repeated = new RepeatedRuns(device);
  }

  get name(): string {
    return this.device.name;
  }

  /** Copies entries to the device. */
  upload(data: Float32Array): DeviceTensor {
    const block = this.memory.allocate(data.byteLength);
    if (data.length > 0) this.device.upload(block.address, data);
    return new DeviceTensor(this.memory, block);
  }

  async read(tensor: DeviceTensor, shape: readonly number[]): Promise<Float32Array> {
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
    if (data.length > 0) await this.device.download(tensor.address, data);
    return data;
  }

  drop(tensor: DeviceTensor): void {
    tensor.drop();
  }
}

/** Of each device one: its executors share kernels, memory and resident tensors. */
const contexts = new WeakMap<CudaDevice, DeviceContext>();

/** The context of a device. */
export function contextOf(device: CudaDevice): DeviceContext {
  const known = contexts.get(device) ?? new DeviceContext(device);
  contexts.set(device, known);
  return known;
}
