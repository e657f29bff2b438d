/** Number type of a matrix in a product. */
export type CudaNumber = "float32" | "bfloat16" | "float16";

/**
 * Matrix in device memory, or one per product of a batch; rows are contiguous up to `rowStride`.
 */
export interface CudaMatrix {
  /** Address of the first number, in bytes; a multiple of 16 is fastest. */
  readonly address: number;
  readonly type: CudaNumber;
  /** Distance between rows of the matrix as stored, in numbers. */
  readonly rowStride: number;
  /**
   * Distance between the matrices of consecutive products, in numbers; 0, the default, shares one
   * matrix.
   */
  readonly batchStride?: number;
}

/** Factor of a product. */
export interface CudaFactor extends CudaMatrix {
  /**
   * True if memory holds the transpose: `[k, m]` for the left factor, `[n, k]` for the right.
   * Default false.
   */
  readonly transposed?: boolean;
}

/**
 * Rounding of float32 factors: none, TensorFloat32 (10 bits of mantissa), or bfloat16 (7 bits),
 * which are many times faster; sums are always float32.
 */
export type ProductPrecision = "float32" | "tensorfloat32" | "bfloat16";

/**
 * `result = alpha * left [m, k] * right [k, n] + beta * result [m, n]`, once or for a batch.
 *
 * Both factors have the same type. Float32 factors give a float32 result; 16-bit factors give a
 * result of their own type or float32, with exact products and float32 sums.
 */
export interface CudaProduct {
  /** Rows of the left factor and the result. */
  readonly m: number;
  /** Columns of the right factor and the result. */
  readonly n: number;
  /** Columns of the left factor, rows of the right; 0 leaves `beta * result`. */
  readonly k: number;
  readonly left: CudaFactor;
  readonly right: CudaFactor;
  readonly result: CudaMatrix;
  /** Default 1. */
  readonly alpha?: number;
  /** Default 0, which does not read the result's memory. */
  readonly beta?: number;
  /** Number of products. Default 1. */
  readonly batches?: number;
  /** Only for float32 factors; 16-bit ones are never rounded. Default `"float32"`. */
  readonly precision?: ProductPrecision;
}

/** Function of a compiled module, for {@link CudaDevice.launch}. */
export interface CudaKernel {
  readonly name: string;
}

/** Compiled kernels. */
export interface CudaModule {
  /**
   * Returns a kernel by name; it must be declared `extern "C" __global__`.
   *
   * @param sharedBytes - Size of its `extern __shared__` array in each launch, at most the device's
   *   limit (227 KiB on an H100). Default 0.
   * @throws `Error` if there is no such kernel, or it cannot have that much shared memory.
   */
  kernel(name: string, sharedBytes?: number): CudaKernel;
  /**
   * Unloads the module; its kernels must not be launched afterwards. A second call has no effect.
   */
  unload(): void;
}

/** CUDA graph: recorded work that is launched as a whole. */
export interface CudaRecording {
  /** Queues the recorded work, with the addresses and numbers that it was recorded with. */
  repeat(): void;
  /** Releases the recording, which must not be repeated afterwards. A second call has no effect. */
  release(): void;
}

/**
 * NVIDIA GPU. Queued work (uploads, downloads, copies, launches, products) runs in the order of the
 * calls, which return before it has run, so an error on the device is reported by a later call;
 * after that the device only returns errors.
 *
 * Addresses are byte addresses; one may point into the middle of an allocation. All methods throw
 * an `Error` after `close`.
 */
export interface CudaDevice {
  /** Name from the driver, like `NVIDIA H100 80GB HBM3`. */
  readonly name: string;
  /** Like `[9, 0]`. */
  readonly computeCapability: readonly [major: number, minor: number];
  /** Number of streaming multiprocessors: 132 on an H100. */
  readonly multiprocessors: number;
  /** Memory of the whole GPU, other processes included. */
  memory(): { readonly freeBytes: number; readonly totalBytes: number };
  /**
   * Allocates memory with undefined contents. It takes the driver up to a millisecond: allocate
   * large pieces and keep them.
   *
   * @param bytes - At least 1.
   * @returns The address, a multiple of 256.
   * @throws {@link CudaOutOfMemory} if the device has no free piece of that size.
   */
  allocate(bytes: number): number;
  /** Frees an allocation; blocks until all queued work has run. */
  free(address: number): void;
  /** Queues a copy to the device; `data` may change after the call. */
  upload(address: number, data: ArrayBufferView): void;
  /**
   * Queues a copy from the device, of the contents at this point in the queue.
   *
   * More than 64 MiB at once is copied within the call: `synchronize` first if much is queued.
   *
   * @param data - Destination; do not use it until the promise resolves.
   */
  download(address: number, data: ArrayBufferView): Promise<void>;
  /** Queues a copy within the device; the ranges must not overlap. */
  copy(to: number, from: number, bytes: number): void;
  /** Queues a fill with zeros. */
  clear(address: number, bytes: number): void;
  /**
   * Compiles CUDA C++ for this device. The source follows {@link kernelPrelude} and must not
   * include headers.
   *
   * @throws `Error` with the compiler's log.
   */
  compile(source: string): CudaModule;
  /**
   * Queues a kernel.
   *
   * @param grid - Number of blocks, 0 to 2^31 - 1; 0 does nothing.
   * @param block - Threads per block, 1 to 1024.
   * @param parameters - Arguments of the kernel, each declared with 64 bits (a pointer, or
   *   `long long`), in full number; whole numbers within 2^53, or any `bigint`. At most 4096 bytes
   *   in total. The list may change after the call.
   */
  launch(
    kernel: CudaKernel,
    grid: number,
    block: number,
    parameters: BigInt64Array | readonly (number | bigint)[],
  ): void;
  /** Queues a matrix product. An empty result does nothing. */
  multiply(product: CudaProduct): void;
  /**
   * Records the kernels, products, copies and clears that a function queues, without running them
   * (CUDA graph capture). Repeating it costs a few microseconds, whatever its size, and leaves
   * fewer gaps on the device. Run the work once before recording it: functions are loaded at their
   * first call.
   *
   * @param queue - Must make no other calls to the device. The modules of its kernels, and the
   *   memory, must exist as long as the recording is repeated.
   */
  record(queue: () => void): CudaRecording;
  /** Resolves when all queued work has run; rejects if any of it failed. */
  synchronize(): Promise<void>;
  /** Waits for queued work, and releases everything, allocations and modules included. */
  close(): Promise<void>;
}

/** The device has no free piece of memory of the requested size. */
export class CudaOutOfMemory extends Error {
  override readonly name = "CudaOutOfMemory";
}
