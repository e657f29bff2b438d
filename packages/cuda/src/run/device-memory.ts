import { CudaOutOfMemory, type CudaDevice } from "../driver/cuda-device.ts";

/** A piece of device memory. */
export interface MemoryBlock {
  readonly address: number;
  readonly bytes: number;
}

/** What memory is used for, in bytes. */
export interface MemoryUse {
  /** By tensors that are held. */
  readonly held: number;
  /** For what runs compute on their way; kept from run to run, and shared by all programs. */
  readonly workspace: number;
  /** Given back, and kept for the next that asks. */
  readonly cached: number;
}

/** Sizes are rounded up to parts of a power of two, so that what was given back fits again. */
function roundUp(bytes: number, parts: number): number {
  const least = Math.max(bytes, 512);
  const step = Math.max(512, 2 ** Math.ceil(Math.log2(least)) / parts);
  return Math.ceil(least / step) * step;
}

function showBytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/**
 * Memory of a device. What is given back is kept for others: all that uses it is queued in the order of
 * the calls, so nothing has to be waited for.
 */
export class DeviceMemory {
  readonly #device: CudaDevice;
  readonly #free = new Map<number, number[]>();
  #workspace: MemoryBlock = { address: 0, bytes: 0 };
  #held = 0;
  #cached = 0;

  constructor(device: CudaDevice) {
    this.#device = device;
  }

  get use(): MemoryUse {
    return { held: this.#held, workspace: this.#workspace.bytes, cached: this.#cached };
  }

  /** @throws {@link CudaOutOfMemory} that says how much was asked for, is used, and is free. */
  allocate(bytes: number): MemoryBlock {
    const rounded = roundUp(bytes, 64);
    const address = this.#free.get(rounded)?.pop();
    if (address !== undefined) {
      this.#cached -= rounded;
      this.#held += rounded;
      return { address, bytes: rounded };
    }
    const block = { address: this.#take(rounded), bytes: rounded };
    this.#held += rounded;
    return block;
  }

  /** Gives a block back. */
  free({ address, bytes }: MemoryBlock): void {
    this.#held -= bytes;
    this.#cached += bytes;
    const list = this.#free.get(bytes) ?? [];
    this.#free.set(bytes, list);
    list.push(address);
    // What is kept must not crowd out what others need.
    if (this.#cached <= Math.max(2 ** 28, this.#held / 4)) return;
    try {
      this.#dropCached();
    } catch {
      // A device that broke takes nothing back. What broke it has said so, and must be heard.
    }
  }

  /** The address of a workspace of some bytes, whose contents no run leaves to another. */
  workspace(bytes: number): number {
    if (bytes > this.#workspace.bytes) {
      this.#dropWorkspace();
      // Runs differ in their sizes: the next that is a little larger has room.
      const rounded = roundUp(bytes, 16);
      this.#workspace = { address: this.#take(rounded), bytes: rounded };
    }
    return this.#workspace.address;
  }

  #take(bytes: number): number {
    const attempts = [() => {}, () => this.#dropCached(), () => this.#dropWorkspace()];
    let last: unknown;
    for (const attempt of attempts) {
      attempt();
      try {
        return this.#device.allocate(bytes);
      } catch (error) {
        if (!(error instanceof CudaOutOfMemory)) throw error;
        last = error;
      }
    }
    const { freeBytes, totalBytes } = this.#device.memory();
    throw new CudaOutOfMemory(
      `run: ${this.#device.name} must have ${showBytes(bytes)} more, got ${showBytes(freeBytes)} free of ${showBytes(totalBytes)}, with ${showBytes(this.#held)} held by tensors`,
      { cause: last },
    );
  }

  #dropCached(): void {
    for (const list of this.#free.values()) for (const address of list) this.#device.free(address);
    this.#free.clear();
    this.#cached = 0;
  }

  #dropWorkspace(): void {
    if (this.#workspace.bytes > 0) this.#device.free(this.#workspace.address);
    this.#workspace = { address: 0, bytes: 0 };
  }
}

/**
 * Lays values out in a workspace: each gets a place when it is made, which is free again when it is
 * not needed any more.
 */
export class WorkspaceLayout {
  /** Free pieces by their start, with none next to another. */
  #gaps: { start: number; end: number }[] = [];
  #end = 0;
  #most = 0;

  /** Bytes that all of it takes. */
  get bytes(): number {
    return this.#most;
  }

  /** @returns Where the value lies, from the start of the workspace. */
  place(bytes: number): number {
    const size = Math.max(256, Math.ceil(bytes / 256) * 256);
    let best: { start: number; end: number } | undefined;
    for (const gap of this.#gaps) {
      const length = gap.end - gap.start;
      if (length >= size && (!best || length < best.end - best.start)) best = gap;
    }
    if (best) {
      const { start } = best;
      best.start += size;
      if (best.start === best.end) this.#gaps.splice(this.#gaps.indexOf(best), 1);
      return start;
    }
    // What is free at the end is a beginning.
    const last = this.#gaps.at(-1);
    const start = last?.end === this.#end ? this.#gaps.pop()!.start : this.#end;
    this.#end = start + size;
    this.#most = Math.max(this.#most, this.#end);
    return start;
  }

  /** Frees the place of so many bytes. */
  leave(start: number, bytes: number): void {
    const end = start + Math.max(256, Math.ceil(bytes / 256) * 256);
    let low = 0;
    let high = this.#gaps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#gaps[middle]!.start < start) low = middle + 1;
      else high = middle;
    }
    const [before, after] = [this.#gaps[low - 1], this.#gaps[low]];
    if (before?.end === start) {
      before.end = end;
      if (after?.start === end) {
        before.end = after.end;
        this.#gaps.splice(low, 1);
      }
    } else if (after?.start === end) {
      after.start = start;
    } else {
      this.#gaps.splice(low, 0, { start, end });
    }
  }
}
