/** Number type of the matrices in a product. */
export type CudaNumber = "float32" | "bfloat16" | "float16";

/**
 * Matrix in device memory, or one matrix per product of a batch. The entries of a row are
 * contiguous.
 */
export interface CudaMatrix {
  /** Address of the first number, in bytes; a multiple of 16 is fastest. */
  readonly address: number;
  readonly type: CudaNumber;
  /** Distance between rows of the matrix as stored, in numbers. */
  readonly rowStride: number;
  /**
   * Distance between the matrices of consecutive products, in numbers. Default 0: all products use
   * the same matrix.
   */
  readonly batchStride?: number;
}

/** Left or right factor of a product. */
export interface CudaFactor extends CudaMatrix {
  /**
   * True if memory contains the transpose: `[k, m]` for the left factor, `[n, k]` for the right.
   * Default false.
   */
  readonly transposed?: boolean;
}

/**
 * Rounding of float32 factors: none, TensorFloat32 (10 mantissa bits) or bfloat16 (7 bits). The
 * rounded types are many times faster. Sums are always float32.
 */
export type ProductPrecision = "float32" | "tensorfloat32" | "bfloat16";

/**
 * `result = alpha * left [m, k] * right [k, n] + beta * result [m, n]`, once or for each product of
 * a batch.
 *
 * Both factors have the same type. Float32 factors give a float32 result; 16-bit factors give a
 * result of the same 16-bit type or float32, with exact products and float32 sums.
 */
export interface CudaProduct {
  /** Number of rows of the left factor and the result. */
  readonly m: number;
  /** Number of columns of the right factor and the result. */
  readonly n: number;
  /**
   * Number of columns of the left factor and rows of the right factor; with 0 the result is `beta *
   * result`.
   */
  readonly k: number;
  readonly left: CudaFactor;
  readonly right: CudaFactor;
  readonly result: CudaMatrix;
  /** Default 1. */
  readonly alpha?: number;
  /** Default 0; the result is then only written, never read. */
  readonly beta?: number;
  /** Number of products in the batch. Default 1. */
  readonly batches?: number;
  /** Rounding of float32 factors; 16-bit factors are never rounded. Default `"float32"`. */
  readonly precision?: ProductPrecision;
}

/** Kernel of a compiled module, for {@link CudaDevice.launch}. */
export interface CudaKernel {
  readonly name: string;
}

/** Compiled kernels. */
export interface CudaModule {
  /**
   * Returns a kernel by name; it must be declared `extern "C" __global__`.
   *
   * @param sharedBytes - Size of the kernel's `extern __shared__` array, same for all launches, at
   *   most the device's limit (227 KiB on an H100). Default 0.
   * @throws `Error` if the module has no such kernel, or the shared memory exceeds the device's
   *   limit.
   */
  kernel(name: string, sharedBytes?: number): CudaKernel;
  /**
   * Unloads the module; its kernels must not be launched afterwards. A second call has no effect.
   */
  unload(): void;
}

/** CUDA graph: recorded work that is launched as a whole. */
export interface CudaRecording {
  /** Queues the recorded work with the recorded addresses and numbers. */
  repeat(): void;
  /** Releases the recording; it must not be repeated afterwards. A second call has no effect. */
  release(): void;
}

/**
 * NVIDIA GPU. Uploads, downloads, copies, launches and products are queued and run in call order.
 * Calls return before the work has run, so a later call reports errors on the device; after such an
 * error every call fails.
 *
 * Addresses are byte addresses, and may point into an allocation. All methods throw
 * an `Error` after `close`.
 */
export interface CudaDevice {
  /** Name from the driver, such as `NVIDIA H100 80GB HBM3`. */
  readonly name: string;
  /** Compute capability, such as `[9, 0]`. */
  readonly computeCapability: readonly [major: number, minor: number];
  /** Number of streaming multiprocessors: 132 on an H100. */
  readonly multiprocessors: number;
  /** Memory of the whole GPU; `freeBytes` accounts for other processes. */
  memory(): { readonly freeBytes: number; readonly totalBytes: number };
  /**
   * Allocates memory with undefined contents. The driver needs up to a millisecond, so allocate
   * large blocks and keep them.
   *
   * @param bytes - At least 1.
   * @returns The address, a multiple of 256.
   * @throws {@link CudaOutOfMemory} if the device has no free block of that size.
   */
  allocate(bytes: number): number;
  /** Frees an allocation; blocks until all queued work has run. */
  free(address: number): void;
  /** Queues an upload to the device; `data` may change after the call. */
  upload(address: number, data: ArrayBufferView): void;
  /**
   * Queues a download from the device; the result has the contents at this point in the queue.
   *
   * A download of more than 64 MiB blocks until it is complete: call `synchronize` first if much
   * work is queued.
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
   * @param parameters - All arguments of the kernel, each declared with 64 bits (a pointer or `long
   *   long`): integers up to 2^53 in absolute value, or any `bigint`. At most 4096 bytes in total.
   *   The list may change after the call.
   */
  launch(
    kernel: CudaKernel,
    grid: number,
    block: number,
    parameters: BigInt64Array | readonly (number | bigint)[],
  ): void;
  /** Queues a matrix product. If the result is empty, this has no effect. */
  multiply(product: CudaProduct): void;
  /**
   * Records the kernels, products, copies and clears that a function queues, without running them
   * (CUDA graph capture). Repeating a recording costs a few microseconds of host time, whatever its
   * size, and leaves fewer gaps on the device. Run the work once before recording it, because
   * functions are loaded on first use.
   *
   * @param queue - Queues the work; must make no other calls to the device. The kernels' modules
   *   and the memory must exist as long as the recording is repeated.
   */
  record(queue: () => void): CudaRecording;
  /** Resolves when all queued work has run; rejects if some of the work failed. */
  synchronize(): Promise<void>;
  /** Waits for queued work and releases all resources, including allocations and modules. */
  close(): Promise<void>;
}

/** Thrown if the device has no free block of memory of the requested size. */
export class CudaOutOfMemory extends Error {
  override readonly name = "CudaOutOfMemory";
}
