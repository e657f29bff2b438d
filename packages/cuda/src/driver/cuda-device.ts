/** How numbers lie in a matrix that a device multiplies. */
export type CudaNumber = "float32" | "bfloat16" | "float16";

/** A matrix in device memory, or one of each product of a batch; rows lie one after the other. */
export interface CudaMatrix {
  /** Where the first number lies, in bytes; a multiple of 16 is fastest. */
  readonly address: number;
  readonly type: CudaNumber;
  /** From the start of a row of the matrix as it lies in memory to the next row's, in numbers. */
  readonly rowStride: number;
  /** From one product's matrix to the next one's, in numbers; 0, the default, shares one matrix. */
  readonly batchStride?: number;
}

/** A factor of a product. */
export interface CudaFactor extends CudaMatrix {
  /** Whether memory holds the transpose: `[k, m]` for the left factor, `[n, k]` for the right. Default false. */
  readonly transposed?: boolean;
}

/**
 * How float32 factors are multiplied: as they are, or rounded to TensorFloat32 (10 bits of mantissa)
 * or to bfloat16 (7 bits), many times faster; sums are float32 always.
 */
export type ProductPrecision = "float32" | "tensorfloat32" | "bfloat16";

/**
 * `result = alpha * left [m, k] * right [k, n] + beta * result [m, n]`, once or for a batch.
 *
 * Both factors have the same type. Float32 factors give a float32 result; 16-bit factors give a
 * result of their own type or float32, and their products are exact with float32 sums.
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
  /** How many products. Default 1. */
  readonly batches?: number;
  /** For float32 factors; 16-bit ones are always as they are. Default `"float32"`. */
  readonly precision?: ProductPrecision;
}

/** A function of a compiled module, to be given to {@link CudaDevice.launch}. */
export interface CudaKernel {
  readonly name: string;
}

/** Compiled kernels. */
export interface CudaModule {
  /**
   * The kernel of this name; declare it `extern "C" __global__`.
   *
   * @param sharedBytes - Size of its `extern __shared__` array in each launch, at most what the
   *   device has (227 KiB on an H100). Default 0.
   * @throws `Error` if there is no such kernel, or it cannot have that much.
   */
  kernel(name: string, sharedBytes?: number): CudaKernel;
  /** Gives the module back; its kernels must not be launched again. Again, it does nothing. */
  unload(): void;
}

/** Work that was recorded to be repeated as a whole. */
export interface CudaRecording {
  /** Queues all of it, with the addresses and numbers that it was recorded with. */
  repeat(): void;
  /** Gives the recording back; it must not be repeated again. Again, it does nothing. */
  release(): void;
}

/**
 * An NVIDIA GPU. What is queued (uploads, downloads, copies, launches, products) runs in the order
 * of the calls and returns before it has run, so a call that breaks on the device is reported by a
 * later one; after that the device answers nothing but errors.
 *
 * Addresses are numbers of bytes; one may point into the middle of an allocation. All methods throw
 * an `Error` after `close`.
 */
export interface CudaDevice {
  /** What the driver calls it, like `NVIDIA H100 80GB HBM3`. */
  readonly name: string;
  /** Like `[9, 0]`. */
  readonly computeCapability: readonly [major: number, minor: number];
  /** How many blocks of few threads run at once is a multiple of this: 132 on an H100. */
  readonly multiprocessors: number;
  /** Of the whole GPU, other processes' included. */
  memory(): { readonly freeBytes: number; readonly totalBytes: number };
  /**
   * Takes memory, whose contents are undefined. It takes the driver up to a millisecond: allocate
   * large pieces and keep them.
   *
   * @param bytes - At least 1.
   * @returns The address, a multiple of 256.
   * @throws {@link CudaOutOfMemory} if the device has no such piece left.
   */
  allocate(bytes: number): number;
  /** Gives an allocation back when all that was queued has run; it waits for that. */
  free(address: number): void;
  /** Queues a copy to the device; `data` may change after the call. */
  upload(address: number, data: ArrayBufferView): void;
  /**
   * Queues a copy from the device, of the contents at this place in the queue.
   *
   * More than 64 MiB at once waits in the call itself until it is copied: `synchronize` before, where
   * much is queued.
   *
   * @param data - Where to; hold nothing else there until the promise resolves.
   */
  download(address: number, data: ArrayBufferView): Promise<void>;
  /** Queues a copy within the device; the two must not overlap. */
  copy(to: number, from: number, bytes: number): void;
  /** Queues a filling with zeros. */
  clear(address: number, bytes: number): void;
  /**
   * Compiles CUDA C++ for this device. The source comes after {@link kernelPrelude}, and includes no
   * header.
   *
   * @throws `Error` with the compiler's log.
   */
  compile(source: string): CudaModule;
  /**
   * Queues a kernel.
   *
   * @param grid - Number of blocks, 0 to 2^31 - 1; 0 does nothing.
   * @param block - Threads of a block, 1 to 1024.
   * @param parameters - The kernel's, each declared with 64 bits (a pointer, or `long long`), as many
   *   as it has; whole numbers within 2^53, or any `bigint`. At most 4096 bytes in all. The list may
   *   change after the call.
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
   * Records the kernels, products, copies and clears that a function queues, without running them. A
   * repetition costs a few microseconds, whatever it is made of, and leaves fewer gaps on the device.
   * Record what has run before: what is called the first time may have to be loaded.
   *
   * @param queue - It must call nothing else of the device. The modules of its kernels, and the
   *   memory, must be there as long as the recording is repeated.
   */
  record(queue: () => void): CudaRecording;
  /** Resolves when all that is queued has run; rejects if any of it broke. */
  synchronize(): Promise<void>;
  /** Waits for what is queued, and gives everything back: allocations and modules too. */
  close(): Promise<void>;
}

/** The device has no piece of memory left that is as large. */
export class CudaOutOfMemory extends Error {
  override readonly name = "CudaOutOfMemory";
}
