import { checkDriver, driverStatus } from "./check-status.ts";
import type { CudaKernel } from "./cuda-device.ts";
import type { Cuda } from "./load-cuda.ts";

/** CU_LAUNCH_PARAM_END, _BUFFER_POINTER and _BUFFER_SIZE of cuda.h. */
const launchParameter = { end: 0n, pointer: 1n, size: 2n } as const;
/** Limit of the driver: 4096 bytes of parameters. */
const maxParameters = 512;

/** Kernel of a loaded module. */
export class Kernel implements CudaKernel {
  readonly name: string;
  readonly sharedBytes: number;
  /** Driver handle; 0 after the module is unloaded. */
  handle: number;

  constructor(name: string, handle: number, sharedBytes: number) {
    this.name = name;
    this.handle = handle;
    this.sharedBytes = sharedBytes;
  }
}

/**
 * Launches kernels on one stream. Memory for launch parameters is allocated once, because a decode
 * step has hundreds of launches.
 */
export class Launcher {
  readonly #cuda: Cuda;
  readonly #stream: number;
  readonly #parameters = new BigInt64Array(maxParameters);
  readonly #words = new Uint32Array(this.#parameters.buffer);
  readonly #size = new Uint32Array(new ArrayBuffer(128));
  readonly #extra = new BigInt64Array(new ArrayBuffer(128));
  readonly #extraAddress: number;

  constructor(cuda: Cuda, stream: number) {
    this.#cuda = cuda;
    this.#stream = stream;
    this.#extraAddress = cuda.addressOf(this.#extra);
    this.#extra.set([
      launchParameter.pointer,
      BigInt(cuda.addressOf(this.#parameters)),
      launchParameter.size,
      BigInt(cuda.addressOf(this.#size)),
      launchParameter.end,
    ]);
  }

  launch(
    kernel: CudaKernel,
    grid: number,
    block: number,
    parameters: BigInt64Array | readonly (number | bigint)[],
  ): void {
    if (!(kernel instanceof Kernel) || kernel.handle === 0) {
      throw new Error(
        `launch: module of kernel ${kernel.name} must be loaded, got an unloaded module`,
      );
    }
    if (grid === 0) return;
    this.#setParameters(parameters);
    const status = this.#cuda.cuLaunchKernel(
      kernel.handle,
      grid,
      1,
      1,
      block,
      1,
      1,
      kernel.sharedBytes,
      this.#stream,
      0,
      parameters.length === 0 ? 0 : this.#extraAddress,
    );
    if (status !== driverStatus.success) {
      const what = `launch ${kernel.name} with ${grid} blocks of ${block} threads and ${parameters.length} parameters`;
      checkDriver(this.#cuda, status, "launch", what);
    }
  }

  #setParameters(parameters: BigInt64Array | readonly (number | bigint)[]): void {
    const { length } = parameters;
    if (length > maxParameters) {
      throw new RangeError(
        `launch: kernel must have at most ${maxParameters} parameters, got ${length}`,
      );
    }
    this.#size[0] = length * 8;
    if (parameters instanceof BigInt64Array) {
      this.#parameters.set(parameters);
      return;
    }
    for (let i = 0; i < length; i++) {
      const value = parameters[i]!;
      if (typeof value === "bigint") {
        this.#parameters[i] = value;
      } else if (Number.isSafeInteger(value)) {
        // Write numbers as two 32-bit halves, lower half first: creating bigints would dominate the
        // launch time.
        this.#words[2 * i] = value;
        this.#words[2 * i + 1] = Math.floor(value / 2 ** 32);
      } else {
        throw new RangeError(`launch: parameters[${i}] must be a whole number, got ${value}`);
      }
    }
  }
}
