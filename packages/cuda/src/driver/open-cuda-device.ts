import { checkDriver, driverStatus } from "./check-status.ts";
import { compileKernels } from "./compile-kernels.ts";
import {
  CudaOutOfMemory,
  type CudaDevice,
  type CudaKernel,
  type CudaModule,
  type CudaProduct,
  type CudaRecording,
} from "./cuda-device.ts";
import { DownloadStaging } from "./download-staging.ts";
import { Kernel, Launcher } from "./launcher.ts";
import { loadCuda, type Cuda } from "./load-cuda.ts";
import { Products } from "./products.ts";
import { Recorder } from "./recorder.ts";
import { UploadRing } from "./upload-ring.ts";
import { StreamWaiter } from "./stream-waiter.ts";

// Enumeration values from cuda.h.
const attribute = { multiprocessors: 16, major: 75, minor: 76 } as const;
const nonBlockingStream = 1;
const maxDynamicSharedBytes = 8;

/** Shared memory that a kernel may use without setting an attribute. */
const defaultSharedBytes = 48 * 1024;

/** CUDA context that is current on this thread. */
let current: number | undefined;

class Device implements CudaDevice {
  readonly name: string;
  readonly computeCapability: readonly [number, number];
  readonly multiprocessors: number;
  readonly #cuda: Cuda;
  readonly #ordinal: number;
  readonly #context: number;
  readonly #stream: number;
  readonly #products: Products;
  readonly #launcher: Launcher;
  readonly #recorder: Recorder;
  readonly #uploads: UploadRing;
  readonly #downloads: DownloadStaging;
  readonly #waiting: StreamWaiter;
  readonly #allocations = new Map<number, number>();
  readonly #modules = new Set<() => void>();
  readonly #pending = new Set<Promise<void>>();
  #closing: Promise<void> | undefined;

  // Memory for results returned through pointers.
  readonly #result = new BigInt64Array(new ArrayBuffer(512));
  readonly #resultAddress: number;
  readonly #resultInt = new Int32Array(this.#result.buffer);
  readonly #name = new Uint8Array(new ArrayBuffer(1024));
  readonly #nameAddress: number;

  constructor(cuda: Cuda, ordinal: number) {
    this.#cuda = cuda;
    this.#resultAddress = cuda.addressOf(this.#result);
    const result = this.#resultAddress;
    this.#check(cuda.cuInit(0), "open", "start");
    this.#check(cuda.cuDeviceGetCount(result), "open", "count devices");
    const count = this.#resultInt[0]!;
    if (!Number.isInteger(ordinal) || ordinal < 0 || ordinal >= count) {
      throw new RangeError(
        `openCudaDevice: deviceId must be the number of one of the ${count} devices, from 0, got ${ordinal}`,
      );
    }
    this.#check(cuda.cuDeviceGet(result, ordinal), "open", "find the device");
    this.#ordinal = this.#resultInt[0]!;
    this.name = this.#askName();
    this.computeCapability = [this.#ask(attribute.major), this.#ask(attribute.minor)];
    this.multiprocessors = this.#ask(attribute.multiprocessors);
    this.#check(cuda.cuDevicePrimaryCtxRetain(result, this.#ordinal), "open", "create a context");
    this.#context = Number(this.#result[0]);
    this.#check(cuda.cuCtxSetCurrent(this.#context), "open", "set its context");
    current = this.#context;
    this.#check(cuda.cuStreamCreate(result, nonBlockingStream), "open", "create a stream");
    this.#stream = Number(this.#result[0]);
    this.#products = new Products(cuda, this.#stream);
    this.#launcher = new Launcher(cuda, this.#stream);
    this.#recorder = new Recorder(cuda, this.#stream);
    this.#waiting = new StreamWaiter(cuda, this.#stream);
    this.#uploads = new UploadRing(cuda, this.#stream, this.#waiting);
    this.#downloads = new DownloadStaging(cuda, this.#stream, this.#waiting);
    this.#nameAddress = cuda.addressOf(this.#name);
  }

  #check(status: number, method: string, what: string): void {
    if (status !== driverStatus.success) {
      checkDriver(this.#cuda, status, method === "open" ? "openCudaDevice" : method, what);
    }
  }

  #ask(which: number): number {
    const status = this.#cuda.cuDeviceGetAttribute(this.#resultAddress, which, this.#ordinal);
    this.#check(status, "open", "return the attributes of the device");
    return this.#resultInt[0]!;
  }

  #askName(): string {
    const { byteLength } = this.#result;
    const status = this.#cuda.cuDeviceGetName(this.#resultAddress, byteLength, this.#ordinal);
    this.#check(status, "open", "return the name of the device");
    return this.#cuda.textAt(this.#resultAddress);
  }

  /**
   * Checks that the device is open, and makes its context current. Every method calls this first.
   */
  #use(method: string): Cuda {
    if (this.#closing !== undefined) {
      throw new Error(`${method}: device must not be used after close()`);
    }
    if (current !== this.#context) this.#makeCurrent(method);
    return this.#cuda;
  }

  /** Like `#use`, but also throws while recording. */
  #useAtOnce(method: string): Cuda {
    if (this.#recorder.isRecording) {
      throw new Error(`${method}: must not be called while the device is recording`);
    }
    return this.#use(method);
  }

  #makeCurrent(method: string): void {
    this.#check(this.#cuda.cuCtxSetCurrent(this.#context), method, "set its context");
    current = this.#context;
  }

  memory(): { readonly freeBytes: number; readonly totalBytes: number } {
    const cuda = this.#use("memory");
    const status = cuda.cuMemGetInfo_v2(this.#resultAddress, this.#resultAddress + 8);
    this.#check(status, "memory", "return the amount of free memory");
    return { freeBytes: Number(this.#result[0]), totalBytes: Number(this.#result[1]) };
  }

  allocate(bytes: number): number {
    const cuda = this.#useAtOnce("allocate");
    checkWhole("allocate", "bytes", bytes, 1);
    const status = cuda.cuMemAlloc_v2(this.#resultAddress, bytes);
    if (status === driverStatus.outOfMemory) {
      const { freeBytes, totalBytes } = this.memory();
      throw new CudaOutOfMemory(
        `allocate: out of device memory, ${mebibytes(bytes)} requested, ${mebibytes(freeBytes)} of ${mebibytes(totalBytes)} free`,
      );
    }
    this.#check(status, "allocate", "allocate memory");
    const address = Number(this.#result[0]);
    this.#allocations.set(address, bytes);
    return address;
  }

  free(address: number): void {
    const cuda = this.#useAtOnce("free");
    if (!this.#allocations.delete(address)) {
      throw new RangeError(`free: address must come from allocate, got ${address}`);
    }
    this.#check(cuda.cuMemFree_v2(address), "free", "free memory");
  }

  upload(address: number, data: ArrayBufferView): void {
    this.#useAtOnce("upload");
    this.#uploads.upload(address, toBytes(data));
  }

  async download(address: number, data: ArrayBufferView): Promise<void> {
    this.#useAtOnce("download");
    await this.#track(this.#downloads.download(address, toBytes(data)));
  }

  /** Registers asynchronous work, so that `close` waits for it. */
  async #track(work: Promise<void>): Promise<void> {
    this.#pending.add(work);
    try {
      await work;
    } finally {
      this.#pending.delete(work);
    }
  }

  copy(to: number, from: number, bytes: number): void {
    const cuda = this.#use("copy");
    checkWhole("copy", "bytes", bytes, 0);
    if (bytes === 0) return;
    this.#check(cuda.cuMemcpyDtoDAsync_v2(to, from, bytes, this.#stream), "copy", "copy");
  }

  clear(address: number, bytes: number): void {
    const cuda = this.#use("clear");
    checkWhole("clear", "bytes", bytes, 0);
    if (bytes === 0) return;
    this.#check(cuda.cuMemsetD8Async(address, 0, bytes, this.#stream), "clear", "write zeros");
  }

  compile(source: string): CudaModule {
    const cuda = this.#useAtOnce("compile");
    const [major, minor] = this.computeCapability;
    const image = compileKernels(cuda, source, major * 10 + minor);
    const status = cuda.cuModuleLoadData(this.#resultAddress, cuda.addressOf(image));
    this.#check(status, "compile", `load ${image.byteLength} bytes of machine code`);
    const module = Number(this.#result[0]);
    const kernels: Kernel[] = [];
    const unload = (): void => {
      if (!this.#modules.delete(unload)) return;
      for (const kernel of kernels) kernel.handle = 0;
      if (current !== this.#context) this.#makeCurrent("unload");
      // After an error on the device this call fails too; there is then nothing left to unload.
      cuda.cuModuleUnload(module);
    };
    this.#modules.add(unload);
    return {
      kernel: (name, sharedBytes = 0) => {
        if (!this.#modules.has(unload)) {
          throw new Error("kernel: module must not be used after unload()");
        }
        const kernel = this.#kernel(module, name, sharedBytes);
        kernels.push(kernel);
        return kernel;
      },
      unload,
    };
  }

  #kernel(module: number, name: string, sharedBytes: number): Kernel {
    const cuda = this.#useAtOnce("kernel");
    checkWhole("kernel", "sharedBytes", sharedBytes, 0);
    this.#name.fill(0);
    new TextEncoder().encodeInto(name, this.#name.subarray(0, -1));
    const status = cuda.cuModuleGetFunction(this.#resultAddress, module, this.#nameAddress);
    this.#check(status, "kernel", `find a kernel named ${name}`);
    const handle = Number(this.#result[0]);
    if (sharedBytes > defaultSharedBytes) {
      this.#check(
        cuda.cuFuncSetAttribute(handle, maxDynamicSharedBytes, sharedBytes),
        "kernel",
        `reserve ${sharedBytes} bytes of shared memory for ${name}`,
      );
    }
    return new Kernel(name, handle, sharedBytes);
  }

  launch(
    kernel: CudaKernel,
    grid: number,
    block: number,
    parameters: BigInt64Array | readonly (number | bigint)[],
  ): void {
    this.#use("launch");
    this.#launcher.launch(kernel, grid, block, parameters);
  }

  multiply(product: CudaProduct): void {
    this.#use("multiply");
    this.#products.multiply(product);
  }

  record(queue: () => void): CudaRecording {
    this.#useAtOnce("record");
    const recording = this.#recorder.record(queue);
    return {
      repeat: () => {
        this.#useAtOnce("repeat");
        this.#recorder.repeat(recording);
      },
      release: () => {
        // If the device was closed, all recordings are already released.
        if (!this.#recorder.holds(recording)) return;
        if (current !== this.#context) this.#makeCurrent("release");
        this.#recorder.release(recording);
      },
    };
  }

  async synchronize(): Promise<void> {
    this.#useAtOnce("synchronize");
    await this.#track(this.#waiting.waitForAll("synchronize"));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const cuda = this.#cuda;
    this.#makeCurrent("close");
    // Report an error on the device only after releasing everything.
    const [queue] = await Promise.allSettled([this.#waiting.waitForAll("close"), ...this.#pending]);
    this.#makeCurrent("close");
    this.#recorder.close();
    for (const unload of this.#modules) unload();
    for (const address of this.#allocations.keys()) cuda.cuMemFree_v2(address);
    this.#allocations.clear();
    this.#uploads.close();
    this.#downloads.close();
    this.#waiting.close();
    this.#products.close();
    cuda.cuStreamDestroy_v2(this.#stream);
    cuda.cuDevicePrimaryCtxRelease_v2(this.#ordinal);
    current = undefined;
    if (queue.status === "rejected") throw queue.reason;
  }
}

function toBytes(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function checkWhole(method: string, name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(
      `${method}: ${name} must be a whole number, at least ${least}, got ${value}`,
    );
  }
}

/** Options of {@link openCudaDevice}. */
export interface CudaDeviceOptions {
  /** Index among the GPUs that `CUDA_VISIBLE_DEVICES` exposes. Default 0. */
  readonly deviceId?: number;
  /**
   * Path to search first for CUDA libraries: a toolkit, a folder of libraries, or a Python
   * environment with NVIDIA's packages. Separate several paths as in `PATH`. Default:
   * `TURNWISE_CUDA_PATH`.
   */
  readonly path?: string;
}

/**
 * Opens an NVIDIA GPU. Requires its driver, NVRTC and cuBLAS of CUDA 12 or 13, and the package
 * koffi.
 *
 * @throws `Error` naming the missing part.
 */
export async function openCudaDevice({
  deviceId = 0,
  path,
}: CudaDeviceOptions = {}): Promise<CudaDevice> {
  const cuda = path === undefined ? await loadCuda() : await loadCuda(path);
  return new Device(cuda, deviceId);
}
