import { CudaOutOfMemory, type CudaDevice } from "../driver/cuda-device.ts";

/** Block of device memory. */
export interface MemoryBlock {
  readonly address: number;
  readonly bytes: number;
}

/** Memory in bytes, by use. */
export interface MemoryUse {
  /** Memory held by tensors. */
  readonly held: number;
  /** Memory for intermediate values of runs, kept between runs and shared by all programs. */
  readonly workspace: number;
  /** Freed memory, cached for later allocations. */
  readonly cached: number;
}

/** Rounds sizes up to fractions of a power of two, so that freed blocks can be reused. */
function roundUp(bytes: number, parts: number): number {
  const least = Math.max(bytes, 512);
  const step = Math.max(512, 2 ** Math.ceil(Math.log2(least)) / parts);
  return Math.ceil(least / step) * step;
}

function showBytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/**
 * Caching allocator of device memory. Freed blocks can be reused immediately, because work on the
 * device runs in call order.
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

  /**
   * Allocates a block.
   * @throws {@link CudaOutOfMemory} with the amounts requested, used and free.
   */
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

  /** Frees a block. */
  free({ address, bytes }: MemoryBlock): void {
    this.#held -= bytes;
    this.#cached += bytes;
    const list = this.#free.get(bytes) ?? [];
    this.#free.set(bytes, list);
    list.push(address);
    // Limit the cache, so that memory remains for other processes.
    if (this.#cached <= Math.max(2 ** 28, this.#held / 4)) return;
    try {
      this.#dropCached();
    } catch {
      // A failed device cannot free memory. Ignore this: the first error was already reported.
    }
  }

  /**
   * Returns the address of a workspace of at least `bytes`. Its contents are undefined at the start
   * of a run.
   */
  workspace(bytes: number): number {
    if (bytes > this.#workspace.bytes) {
      this.#dropWorkspace();
      // Sizes vary between runs, so round up.
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
      `run: out of memory on ${this.#device.name}, ${showBytes(bytes)} requested, ${showBytes(freeBytes)} of ${showBytes(totalBytes)} free, ${showBytes(this.#held)} held by tensors`,
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
 * Assigns memory ranges in a workspace: a value gets a range when it is computed, and the range is
 * freed after the last use.
 */
export class WorkspaceLayout {
  /** Free ranges, ordered by start and never adjacent to one another. */
  #gaps: { start: number; end: number }[] = [];
  #end = 0;
  #most = 0;

  /** Total size in bytes. */
  get bytes(): number {
    return this.#most;
  }

  /** Reserves memory for a value. @returns Offset from the start of the workspace. */
  reserve(bytes: number): number {
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
    // Extend the free range at the end of the workspace, if there is one.
    const last = this.#gaps.at(-1);
    const start = last?.end === this.#end ? this.#gaps.pop()!.start : this.#end;
    this.#end = start + size;
    this.#most = Math.max(this.#most, this.#end);
    return start;
  }

  /** Frees the range of a value. */
  release(start: number, bytes: number): void {
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
