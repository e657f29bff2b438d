import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CudaDevice, CudaNumber, CudaProduct, ProductPrecision } from "./cuda-device.ts";
import { CudaOutOfMemory } from "./cuda-device.ts";
import { openCudaDevice } from "./open-cuda-device.ts";
import { softwareCuda } from "../testing/software-cuda.ts";

const software = softwareCuda();
if (software.missing !== undefined) console.warn(`skipped: ${software.missing}`);

/** Kernel that adds a number to each entry of a vector. */
const addSource = `
extern "C" __global__ void add(const float* x, float* y, long long n, long long bits) {
  long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = x[i] + __int_as_float((int)bits);
}`;

function bitsOf(x: number): number {
  return new Int32Array(Float32Array.of(x).buffer)[0]!;
}

describe.skipIf(software.missing !== undefined)("a CUDA device", () => {
  let device: CudaDevice;
  const open = (): Promise<CudaDevice> => openCudaDevice({ path: software.path! });

  beforeAll(async () => {
    device = await open();
  });
  afterAll(async () => {
    await device.close();
  });

  /** Allocates device memory and uploads an array. */
  function put(data: ArrayBufferView): number {
    const address = device.allocate(Math.max(1, data.byteLength));
    device.upload(address, data);
    return address;
  }

  async function read(address: number, length: number): Promise<Float32Array> {
    const data = new Float32Array(length);
    await device.download(address, data);
    return data;
  }

  it("reports its name and capability", () => {
    expect(device.name).toBe("Software CUDA");
    expect(device.computeCapability).toEqual([9, 0]);
    expect(device.multiprocessors).toBe(2);
    const { freeBytes, totalBytes } = device.memory();
    expect(freeBytes).toBeLessThanOrEqual(totalBytes);
  });

  it("copies to, within and from the device, in order", async () => {
    const data = Float32Array.of(1, 2, 3, 4);
    const [from, to] = [put(data), device.allocate(16)];
    expect(from % 256).toBe(0);
    data.fill(9); // This change must not affect the queued upload, which has its own copy.
    device.clear(to, 16);
    const cleared = read(to, 4);
    device.copy(to + 4, from, 8);
    expect(Array.from(await read(to, 4))).toEqual([0, 1, 2, 0]);
    expect(Array.from(await cleared)).toEqual([0, 0, 0, 0]);
    const bytes = new Uint8Array(20);
    await device.download(from + 4, bytes.subarray(3, 11));
    expect(Array.from(new Float32Array(bytes.slice(3, 11).buffer))).toEqual([2, 3]);
    device.free(from);
    device.free(to);
  });

  it("copies more than its staging memory holds", async () => {
    const data = new Uint8Array(70 * 2 ** 20 + 5);
    for (let i = 0; i < data.length; i++) data[i] = i * 7 + (i >> 12);
    const address = put(data);
    const back = new Uint8Array(data.length);
    const download = device.download(address, back);
    device.clear(address, data.length);
    await download;
    expect(Buffer.compare(back, data)).toBe(0);
    await device.download(address, back);
    expect(Buffer.compare(back, new Uint8Array(data.length))).toBe(0);
    device.free(address);
  });

  it("keeps many small uploads apart", async () => {
    const address = device.allocate(4 * 40_000);
    for (let i = 0; i < 40_000; i++) device.upload(address + 4 * i, Float32Array.of(i));
    const data = await read(address, 40_000);
    expect(data.every((x, i) => x === i)).toBe(true);
    device.free(address);
  });

  it("runs a kernel with addresses and numbers as parameters", async () => {
    const module = device.compile(addSource);
    const add = module.kernel("add");
    expect(add.name).toBe("add");
    const x = put(Float32Array.from({ length: 1000 }, (_, i) => i));
    const y = device.allocate(4000);
    device.launch(add, Math.ceil(1000 / 128), 128, [x, y, 1000, bitsOf(0.5)]);
    device.launch(add, 1, 128, BigInt64Array.of(BigInt(y), BigInt(x), 100n, 0n));
    device.launch(add, 0, 128, []); // A grid of 0 blocks has no effect.
    const result = await read(x, 1000);
    expect(result.every((value, i) => value === (i < 100 ? i + 0.5 : i))).toBe(true);
    module.unload();
    module.unload();
    expect(() => device.launch(add, 1, 1, [x, y, 1, 0])).toThrow(
      "launch: module of kernel add must be loaded, got an unloaded module",
    );
    expect(() => module.kernel("add")).toThrow("kernel: module must not be used after unload()");
    device.free(x);
    device.free(y);
  });

  it("passes whole numbers to kernels as 64 bits", async () => {
    const module = device.compile(
      `extern "C" __global__ void keep(long long* to, long long a, long long b, long long c, long long d) {
        to[0] = a; to[1] = b; to[2] = c; to[3] = d;
      }`,
    );
    const to = device.allocate(32);
    const numbers = [-1, 2 ** 53 - 1, -(2 ** 40) - 3, 2n ** 62n];
    device.launch(module.kernel("keep"), 1, 1, [to, ...numbers]);
    const data = new BigInt64Array(4);
    await device.download(to, data);
    expect(Array.from(data)).toEqual(numbers.map(BigInt));
    expect(() => device.launch(module.kernel("keep"), 1, 1, [to, 0.5, 0, 0, 0])).toThrow(
      "launch: parameters[1] must be a whole number, got 0.5",
    );
    expect(() => device.launch(module.kernel("keep"), 1, 1, [to])).toThrow(
      "launch: CUDA failed to launch keep with 1 blocks of 1 threads and 1 parameters: CUDA_ERROR_INVALID_VALUE",
    );
    module.unload();
    device.free(to);
  });

  it("supports shared memory, barriers and warp shuffles", async () => {
    const module = device.compile(`
      __device__ float warpSum(float x) {
        for (int by = 16; by > 0; by >>= 1) x += __shfl_down_sync(0xffffffffu, x, by);
        return x;
      }
      extern "C" __global__ void sumRows(const float* x, float* y, long long columns) {
        __shared__ float parts[32];
        float sum = 0;
        for (long long i = threadIdx.x; i < columns; i += blockDim.x) sum += x[blockIdx.x * columns + i];
        sum = warpSum(sum);
        if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = sum;
        __syncthreads();
        if (threadIdx.x < 32) {
          sum = warpSum(threadIdx.x < blockDim.x / 32 ? parts[threadIdx.x] : 0.0f);
          if (threadIdx.x == 0) y[blockIdx.x] = sum;
        }
      }
      extern "C" __global__ void reverse(float* x) {
        extern __shared__ float all[];
        all[threadIdx.x] = x[threadIdx.x];
        __syncthreads();
        x[threadIdx.x] = all[blockDim.x - 1 - threadIdx.x];
      }`);
    const [rows, columns] = [5, 300];
    const x = put(Float32Array.from({ length: rows * columns }, (_, i) => i % 11));
    const y = device.allocate(4 * rows);
    device.launch(module.kernel("sumRows"), rows, 256, [x, y, columns]);
    const sums = Array.from({ length: rows }, (_, row) =>
      Array.from({ length: columns }, (_, i) => (row * columns + i) % 11).reduce((a, b) => a + b),
    );
    expect(Array.from(await read(y, rows))).toEqual(sums);
    device.launch(module.kernel("reverse", 4 * 1024), 1, 1024, [x]);
    expect(Array.from(await read(x, 2))).toEqual([1023 % 11, 1022 % 11]);
    expect(() => module.kernel("reverse", 2 ** 20)).toThrow(
      "kernel: CUDA failed to reserve 1048576 bytes of shared memory for reverse",
    );
    expect(() => module.kernel("other")).toThrow(
      "kernel: CUDA failed to find a kernel named other: ",
    );
    module.unload();
    device.free(x);
    device.free(y);
  });

  it("reads and rounds 16-bit numbers", async () => {
    const module = device.compile(`
      extern "C" __global__ void round16(const float* x, unsigned short* bits, float* y) {
        int i = threadIdx.x, n = blockDim.x;
        bits[i] = floatToBfloat16(x[i]);
        bits[n + i] = floatToHalf(x[i]);
        y[i] = bfloat16ToFloat(bits[i]);
        y[n + i] = halfToFloat(bits[n + i]);
      }`);
    const values = [
      1,
      -2.5,
      1 + 2 ** -8,
      1 + 3 * 2 ** -8,
      1 + 2 ** -11,
      65519,
      65520,
      2 ** -24,
      1e30,
    ];
    const n = values.length + 2;
    const x = put(Float32Array.of(...values, -Infinity, NaN));
    const [bits, y] = [device.allocate(4 * n), device.allocate(8 * n)];
    device.launch(module.kernel("round16"), 1, n, [x, bits, y]);
    const result = Array.from(await read(y, 2 * n));
    const bfloat16 = [1, -2.5, 1, 1 + 2 ** -6, 1, 65536, 65536, 2 ** -24];
    expect(result.slice(0, 8)).toEqual(bfloat16);
    expect(result.slice(9, 11)).toEqual([-Infinity, NaN]);
    const half = [1, -2.5, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 1, 65504, Infinity, 2 ** -24, Infinity];
    expect(result.slice(n)).toEqual([...half, -Infinity, NaN]);
    module.unload();
    for (const address of [x, bits, y]) device.free(address);
  });

  it("reports compile errors of a source", () => {
    expect(() =>
      device.compile('extern "C" __global__ void k(float* x) {\n  y[0] = 1;\n}'),
    ).toThrow(
      /compile: the source does not compile \(NVRTC_ERROR_COMPILATION\):\n[^]*kernels\.cu[:(]2[^]*y/u,
    );
  });

  it("reports free memory when there is too little", () => {
    const { freeBytes } = device.memory();
    expect(() => device.allocate(freeBytes + 1)).toThrow(CudaOutOfMemory);
    expect(() => device.allocate(freeBytes + 1)).toThrow(
      /requested, [\d.]+ MiB of [\d.]+ MiB free/u,
    );
    expect(() => device.allocate(0)).toThrow("allocate: bytes must be a whole number, at least 1");
    expect(() => device.free(12)).toThrow("free: address must come from allocate, got 12");
  });

  // Reference implementation of products, in float64.
  function multiplySlowly(product: CudaProduct, left: Float32Array, right: Float32Array): number[] {
    const { m, n, k, batches = 1, alpha = 1 } = product;
    const at = (
      data: Float32Array,
      matrix: CudaProduct["left"],
      batch: number,
      row: number,
      column: number,
    ): number => {
      const [i, j] = matrix.transposed === true ? [column, row] : [row, column];
      return data[batch * (matrix.batchStride ?? 0) + i * matrix.rowStride + j]!;
    };
    const result: number[] = [];
    for (let batch = 0; batch < batches; batch++) {
      for (let row = 0; row < m; row++) {
        for (let column = 0; column < n; column++) {
          let sum = 0;
          for (let i = 0; i < k; i++) {
            sum +=
              at(left, product.left, batch, row, i) * at(right, product.right, batch, i, column);
          }
          result.push(alpha * sum);
        }
      }
    }
    return result;
  }

  const small = (length: number, by: number): Float32Array =>
    Float32Array.from({ length }, (_, i) => ((i * by) % 9) - 4);
  /** Small integers are exact in all types. */
  const encode = (type: CudaNumber, data: Float32Array): ArrayBufferView => {
    if (type === "float32") return data;
    const half = (x: number): number => {
      if (x === 0) return 0;
      const exponent = Math.floor(Math.log2(Math.abs(x)));
      const mantissa = (Math.abs(x) / 2 ** exponent - 1) * 1024;
      return (x < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | mantissa;
    };
    const bfloat = (x: number): number => bitsOf(x) >>> 16;
    return Uint16Array.from(data, type === "float16" ? half : bfloat);
  };

  for (const type of ["float32", "bfloat16", "float16"] as const) {
    for (const [leftTransposed, rightTransposed] of [
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ] as const) {
      const transposes = `${leftTransposed ? "T" : "N"}${rightTransposed ? "T" : "N"}`;
      it(`multiplies batches of ${type}: ${transposes}`, async () => {
        const [m, n, k, batches] = [3, 5, 4, 2];
        const left = small(100, 5);
        const right = small(100, 7);
        const [a, b, c] = [put(encode(type, left)), put(encode(type, right)), device.allocate(800)];
        const product: CudaProduct = {
          m,
          n,
          k,
          batches,
          alpha: 0.5,
          left: { address: a, type, rowStride: 6, batchStride: 40, transposed: leftTransposed },
          // All products of the batch use the same right factor.
          right: { address: b, type, rowStride: 7, transposed: rightTransposed },
          result: { address: c, type: "float32", rowStride: n, batchStride: m * n },
        };
        device.multiply(product);
        const expected = multiplySlowly(product, left, right);
        expect(Array.from(await read(c, m * n * batches))).toEqual(expected);
        // With beta 2, add a second product to the first result of the batch.
        device.multiply({ ...product, batches: 1, beta: 2 });
        const again = await read(c, m * n);
        expect(Array.from(again)).toEqual(expected.slice(0, m * n).map((x) => 3 * x));
        for (const address of [a, b, c]) device.free(address);
      });
    }
  }

  it("rounds results to 16 bits, and factors as requested", async () => {
    const x = 1 + 2 ** -12;
    const one = put(Float32Array.of(x));
    const to = device.allocate(4);
    const type = "float32";
    const multiply = async (precision: ProductPrecision): Promise<number> => {
      const matrix = { address: one, type, rowStride: 1 } as const;
      const result = { address: to, type, rowStride: 1 } as const;
      device.multiply({ m: 1, n: 1, k: 1, left: matrix, right: matrix, result, precision });
      return (await read(to, 1))[0]!;
    };
    expect(await multiply("float32")).toBe(Math.fround(x * x));
    expect(await multiply("tensorfloat32")).toBe(1);
    expect(await multiply("bfloat16")).toBe(1);
    const bits = put(Uint16Array.of(bitsOf(1.0078125) >>> 16));
    const half = { address: bits, type: "bfloat16", rowStride: 1 } as const;
    device.multiply({
      m: 1,
      n: 1,
      k: 1,
      left: half,
      right: half,
      result: { ...half, address: to },
    });
    const rounded = new Uint16Array(1);
    await device.download(to, rounded);
    expect(rounded[0]).toBe(bitsOf(1.015625) >>> 16);
    for (const address of [one, to, bits]) device.free(address);
  });

  it("leaves an empty product alone, and writes beta's part of a product without terms", async () => {
    const to = put(Float32Array.of(3, 5));
    const matrix = { address: to, type: "float32", rowStride: 2 } as const;
    device.multiply({ m: 0, n: 2, k: 1, left: matrix, right: matrix, result: matrix });
    expect(Array.from(await read(to, 2))).toEqual([3, 5]);
    device.multiply({ m: 1, n: 2, k: 0, left: matrix, right: matrix, result: matrix, beta: 2 });
    expect(Array.from(await read(to, 2))).toEqual([6, 10]);
    expect(() =>
      device.multiply({ m: 1, n: 2, k: 3, left: matrix, right: matrix, result: matrix }),
    ).toThrow("multiply: left.rowStride must");
    device.free(to);
  });

  it("repeats a recording", async () => {
    const module = device.compile(addSource);
    const add = module.kernel("add");
    const [x, y, z] = [put(Float32Array.of(1, 2)), device.allocate(8), device.allocate(8)];
    const matrix = (address: number) => ({ address, type: "float32", rowStride: 2 }) as const;
    const parameters = [x, x, 2, bitsOf(1)];
    const recording = device.record(() => {
      device.launch(add, 1, 32, parameters);
      device.clear(z, 8);
      device.copy(y, x, 8);
      const [left, right, result] = [matrix(x), matrix(y), matrix(z)];
      device.multiply({ m: 1, n: 2, k: 1, left, right, result, beta: 1 });
    });
    parameters.fill(0); // Must not affect the recording, which has a copy.
    expect(Array.from(await read(x, 2))).toEqual([1, 2]);
    recording.repeat();
    expect(Array.from(await read(z, 2))).toEqual([2 * 2, 2 * 3]);
    recording.repeat();
    recording.repeat();
    expect(Array.from(await read(x, 2))).toEqual([4, 5]);
    expect(Array.from(await read(z, 2))).toEqual([4 * 4, 4 * 5]);
    recording.release();
    recording.release();
    expect(() => recording.repeat()).toThrow("repeat: recording must not be used after release()");
    module.unload();
    for (const address of [x, y, z]) device.free(address);
  });

  it("refuses to record transfers with the host, and continues after a failure", async () => {
    const x = put(Float32Array.of(1));
    const message = "must not be called while the device is recording";
    const upload = (): void => device.upload(x, Float32Array.of(2));
    expect(() => device.record(upload)).toThrow(`upload: ${message}`);
    expect(() => device.record(() => device.free(x))).toThrow(`free: ${message}`);
    expect(() => device.record(() => void device.record(() => {}))).toThrow(`record: ${message}`);
    let refused: Promise<void> | undefined;
    const empty = device.record(() => {
      refused = device.synchronize();
    });
    await expect(refused).rejects.toThrow(`synchronize: ${message}`);
    empty.repeat();
    expect(Array.from(await read(x, 1))).toEqual([1]);
    device.free(x);
  });

  it("lets other work of the thread continue while it waits", async () => {
    const x = put(new Float32Array(4));
    const steps: string[] = [];
    const waiting = device.synchronize().then(() => steps.push("device"));
    await Promise.resolve().then(() => steps.push("other"));
    await waiting;
    expect(steps).toEqual(["other", "device"]);
    device.free(x);
  });

  it("answers nothing after close, which waits for queued work", async () => {
    const other = await open();
    const address = other.allocate(16);
    other.upload(address, Float32Array.of(1, 2, 3, 4));
    const data = new Float32Array(4);
    const download = other.download(address, data);
    const module = other.compile(addSource);
    const recording = other.record(() => other.clear(address, 16));
    const closed = other.close();
    expect(() => other.allocate(16)).toThrow("allocate: device must not be used after close()");
    await closed;
    await download;
    expect(Array.from(data)).toEqual([1, 2, 3, 4]);
    await other.close();
    module.unload();
    recording.release();
    const message = "device must not be used after close()";
    expect(() => other.memory()).toThrow(`memory: ${message}`);
    expect(() => other.upload(address, data)).toThrow(`upload: ${message}`);
    await expect(other.download(address, data)).rejects.toThrow(`download: ${message}`);
    await expect(other.synchronize()).rejects.toThrow(`synchronize: ${message}`);
  });

  it("names a device number that does not exist", async () => {
    await expect(openCudaDevice({ path: software.path!, deviceId: 1 })).rejects.toThrow(
      "openCudaDevice: deviceId must be the number of one of the 1 devices, from 0, got 1",
    );
  });

  it("names libraries that do not load, and those that are too new for the driver", async () => {
    const folder = mkdtempSync(join(tmpdir(), "turnwise-cuda-"));
    try {
      const driver = join(folder, "libcuda.so.1");
      writeFileSync(driver, "no library");
      await expect(openCudaDevice({ path: folder })).rejects.toThrow(
        `openCudaDevice: NVIDIA's driver could not be loaded from ${driver}`,
      );
      rmSync(driver);
      symlinkSync(join(software.path!, "libcuda.so.1"), driver);
      writeFileSync(join(folder, "libnvrtc.so.13"), "no library");
      writeFileSync(join(folder, "libnvrtc.so.12"), "no library");
      await expect(openCudaDevice({ path: folder })).rejects.toThrow(
        /openCudaDevice: NVRTC could not be loaded .*libnvrtc\.so\.13: the driver supports CUDA up to 12; .*libnvrtc\.so\.12: /u,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  // Must be the last test: after an error the device is unusable while another device object holds
  // the context.
  it("reports an error on the device, and still closes", async () => {
    const module = device.compile(addSource);
    const x = device.allocate(16);
    device.launch(module.kernel("add"), 1, 32, [x + 2 ** 44, x, 4, 0]);
    await expect(device.synchronize()).rejects.toThrow(
      /synchronize: CUDA failed to run the queued work: CUDA_ERROR_ILLEGAL_ADDRESS .*kernel add.*outside of memory/u,
    );
    expect(() => device.allocate(16)).toThrow("CUDA_ERROR_ILLEGAL_ADDRESS");
    await expect(device.close()).rejects.toThrow(
      "close: CUDA failed to record an event in its queue",
    );
    device = await open();
    expect(device.memory().totalBytes).toBeGreaterThan(0);
  });
});
