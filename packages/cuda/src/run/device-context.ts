import type { StorageOwner } from "@turnwise/graph/executor";
import type { CudaDevice } from "../driver/cuda-device.ts";
import { DeviceMemory, type MemoryBlock } from "./device-memory.ts";
import { KernelCache } from "./kernel-cache.ts";
import { RepeatedRuns } from "./repeated-runs.ts";

/** Resident tensor on the device, with an optional bfloat16 copy. */
export class DeviceTensor {
  readonly #memory: DeviceMemory;
  #block: MemoryBlock | undefined;
  #bfloat16Block: MemoryBlock | undefined;

  constructor(memory: DeviceMemory, block: MemoryBlock) {
    this.#memory = memory;
    this.#block = block;
  }

  /** Address of the float32 entries. */
  get address(): number {
    const block = this.#block ?? this.#bfloat16Block;
    if (block) return block.address;
    throw new Error("run: resident tensor must not be used after another run has consumed it");
  }

  /** Address of the bfloat16 copy, if there is one. */
  get bfloat16Address(): number | undefined {
    return this.#bfloat16Block?.address;
  }

  /** Allocates memory for a bfloat16 copy. */
  allocateBfloat16(bytes: number): void {
    this.#bfloat16Block = this.#memory.allocate(bytes);
  }

  /** Frees the bfloat16 copy. */
  freeBfloat16(): void {
    if (this.#bfloat16Block) this.#memory.free(this.#bfloat16Block);
    this.#bfloat16Block = undefined;
  }

  /**
   * Transfers ownership of the memory of the entries, and frees the bfloat16 copy, which would
   * become stale.
   */
  takeBlock(): MemoryBlock {
    const block = this.#block!;
    this.#block = undefined;
    this.freeBfloat16();
    return block;
  }

  /** Frees the entries and keeps only the bfloat16 copy, if nothing reads the entries. */
  keepOnlyBfloat16(): void {
    if (this.#block) this.#memory.free(this.#block);
    this.#block = undefined;
  }

  drop(): void {
    if (this.#block) this.#memory.free(this.#block);
    this.#block = undefined;
    this.freeBfloat16();
  }
}

/** State shared by all executors of one device. */
export class DeviceContext implements StorageOwner<DeviceTensor> {
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

  /** Uploads entries to the device. */
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

/** One context per device, so that executors share kernels, memory and resident tensors. */
const contexts = new WeakMap<CudaDevice, DeviceContext>();

/** Returns the context of a device. */
export function getDeviceContext(device: CudaDevice): DeviceContext {
  const known = contexts.get(device) ?? new DeviceContext(device);
  contexts.set(device, known);
  return known;
}
