/**
 * Checks a CUDA device for correct results, and measures the cost of calls, copies and matrix products.
 *
 * npx tsx --conditions=turnwise-source bench/cuda-device.bench.ts [size]
 */
import { openCudaDevice, type CudaDevice, type CudaNumber, type CudaProduct } from "@turnwise/cuda";

const [size = 4096] = process.argv.slice(2).map(Number);
const rounds = 5;

const source = `
extern "C" __global__ void add(const float* x, float* y, long long n, long long bits) {
  long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = x[i] + __int_as_float((int)bits);
}
extern "C" __global__ void toHalf(const float* x, unsigned short* y, long long n, long long isHalf) {
  long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = isHalf ? floatToHalf(x[i]) : floatToBfloat16(x[i]);
}
extern "C" __global__ void fromHalf(const unsigned short* x, float* y, long long n, long long isHalf) {
  long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = isHalf ? halfToFloat(x[i]) : bfloat16ToFloat(x[i]);
}
extern "C" __global__ void sumShared(const float* x, float* y, long long n) {
  extern __shared__ float parts[];
  float sum = 0;
  for (long long i = threadIdx.x; i < n; i += blockDim.x) sum += x[i];
  for (int by = 16; by > 0; by >>= 1) sum += __shfl_down_sync(0xffffffffu, sum, by);
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x == 0) {
    sum = 0;
    for (int i = 0; i < (int)(blockDim.x / 32); i++) sum += parts[i];
    y[0] = sum;
  }
}
extern "C" __global__ void nothing() {}
extern "C" __global__ void broken(float* x) { x[1ll << 44] = 1; }
`;

let failures = 0;

function report(what: string, holds: boolean, detail: unknown = ""): void {
  if (!holds) failures++;
  console.log(`${holds ? "ok   " : "WRONG"} ${what} ${String(detail)}`);
}

/** Makes pseudo-random numbers in [-1, 1]. */
function numbers(length: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

function bitsOf(x: number): number {
  return new Int32Array(Float32Array.of(x).buffer)[0]!;
}

/** Measures the median duration over some rounds, milliseconds. */
async function milliseconds(run: () => Promise<void> | void): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return times.toSorted((a, b) => a - b)[rounds >> 1]!;
}

async function checkKernels(device: CudaDevice): Promise<void> {
  const start = performance.now();
  const module = device.compile(source);
  console.log(`compiled in ${(performance.now() - start).toFixed(0)} ms`);
  const n = 1_000_003;
  const x = numbers(n, 1);
  const [a, b] = [device.allocate(4 * n), device.allocate(4 * n)];
  device.upload(a, x);
  const blocks = Math.ceil(n / 256);
  device.launch(module.kernel("add"), blocks, 256, [a, b, n, bitsOf(0.25)]);
  const back = new Float32Array(n);
  await device.download(b, back);
  report(
    "an addition kernel",
    back.every((value, i) => value === Math.fround(x[i]! + 0.25)),
  );
  for (const isHalf of [0, 1]) {
    device.launch(module.kernel("toHalf"), blocks, 256, [a, b, n, isHalf]);
    device.launch(module.kernel("fromHalf"), blocks, 256, [b, a, n, isHalf]);
    await device.download(a, back);
    const error = back.reduce((max, value, i) => Math.max(max, Math.abs(value - x[i]!)), 0);
    const bound = isHalf === 1 ? 2 ** -12 : 2 ** -9;
    report(`16 bits, ${isHalf === 1 ? "float16" : "bfloat16"}`, error > 0 && error <= bound, error);
    device.upload(a, x);
  }
  device.launch(module.kernel("sumShared", 100_000), 1, 1024, [a, b, n]);
  await device.download(b, back.subarray(0, 1));
  const sum = x.reduce((total, value) => total + value, 0);
  report("shared memory and warps", Math.abs(back[0]! - sum) < 0.1, `${back[0]} for ${sum}`);
  const recording = device.record(() => {
    device.clear(b, 8);
    device.copy(b + 4, a, 4);
  });
  device.upload(b, Float32Array.of(7, 7));
  recording.repeat();
  await device.download(b, back.subarray(0, 2));
  report("recorded copies and clears", back[0] === 0 && back[1] === x[0]);
  try {
    device.compile('extern "C" __global__ void k(float* x) { y[0] = 1; }');
    report("a source that does not compile", false);
  } catch (error) {
    report("a source that does not compile", /undefined|declared/u.test(String(error)));
  }
  try {
    device.allocate(2 ** 45);
    report("too much memory", false);
  } catch (error) {
    report("too much memory", error instanceof Error && error.name === "CudaOutOfMemory", error);
  }
  for (const address of [a, b]) device.free(address);
  module.unload();
}

async function checkProducts(device: CudaDevice): Promise<void> {
  const module = device.compile(source);
  const [m, n, k, batches] = [33, 47, 65, 3];
  const length = 80 * 80 * batches;
  const [left, right] = [numbers(length, 2), numbers(length, 3)];
  const [x, y, a, b, c, d] = Array.from({ length: 6 }, () => device.allocate(4 * length)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  device.upload(x, left);
  device.upload(y, right);
  const settings: readonly (readonly [CudaNumber, CudaProduct["precision"], CudaNumber, number])[] =
    [
      ["float32", "float32", "float32", 1e-5],
      ["float32", "tensorfloat32", "float32", 1e-2],
      ["float32", "bfloat16", "float32", 6e-2],
      ["bfloat16", "float32", "float32", 6e-2],
      ["bfloat16", "float32", "bfloat16", 8e-2],
      ["float16", "float32", "float32", 1e-2],
      ["float16", "float32", "float16", 1e-2],
    ];
  for (const [type, precision, resultType, bound] of settings) {
    for (const transposes of [0, 1, 2, 3]) {
      for (const count of [1, batches]) {
        const [ta, tb] = [(transposes & 1) === 1, (transposes & 2) === 2];
        const convert = (from: number, to: number): void => {
          if (type === "float32") device.copy(to, from, 4 * length);
          else {
            const isHalf = type === "float16" ? 1 : 0;
            device.launch(module.kernel("toHalf"), Math.ceil(length / 256), 256, [
              from,
              to,
              length,
              isHalf,
            ]);
          }
        };
        convert(x, a);
        convert(y, b);
        device.clear(c, 4 * length);
        device.multiply({
          m,
          n,
          k,
          batches: count,
          alpha: 0.5,
          left: { address: a, type, rowStride: 72, batchStride: 80 * 80, transposed: ta },
          right: { address: b, type, rowStride: 76, transposed: tb },
          result: { address: c, type: resultType, rowStride: 50, batchStride: 50 * m },
          ...(precision === undefined ? {} : { precision }),
        });
        const result = new Float32Array(50 * m * count);
        if (resultType === "float32") await device.download(c, result);
        else {
          const isHalf = resultType === "float16" ? 1 : 0;
          const total = result.length;
          device.launch(module.kernel("fromHalf"), Math.ceil(total / 256), 256, [
            c,
            d,
            total,
            isHalf,
          ]);
          await device.download(d, result);
        }
        let error = 0;
        for (let batch = 0; batch < count; batch++) {
          for (let i = 0; i < m; i++) {
            for (let j = 0; j < n; j++) {
              let sum = 0;
              for (let p = 0; p < k; p++) {
                sum +=
                  left[batch * 6400 + (ta ? p * 72 + i : i * 72 + p)]! *
                  right[tb ? j * 76 + p : p * 76 + j]!;
              }
              error = Math.max(error, Math.abs(result[batch * 50 * m + i * 50 + j]! - 0.5 * sum));
            }
          }
        }
        const name = `${type} (${precision}) to ${resultType}, ${ta ? "T" : "N"}${tb ? "T" : "N"}, batch ${count}`;
        report(
          `product ${name}`,
          error < bound && (bound === 1e-5 || error > 1e-6),
          error.toExponential(1),
        );
      }
    }
  }
  device.upload(c, Float32Array.of(3, 5));
  const matrix = { address: a, type: "float32", rowStride: 2 } as const;
  device.multiply({
    m: 1,
    n: 2,
    k: 0,
    left: matrix,
    right: matrix,
    result: { ...matrix, address: c },
    beta: 2,
  });
  const result = new Float32Array(2);
  await device.download(c, result);
  report(
    "a matrix product with an inner dimension of 0",
    result[0] === 6 && result[1] === 10,
    result.join(),
  );
  for (const address of [x, y, a, b, c, d]) device.free(address);
  module.unload();
}

async function measureCalls(device: CudaDevice): Promise<void> {
  const module = device.compile(source);
  const [nothing, add] = [module.kernel("nothing"), module.kernel("add")];
  const x = device.allocate(1 << 16);
  const count = 20_000;
  const each = async (call: () => void): Promise<string> => {
    let queueing = 0;
    const total = await milliseconds(async () => {
      const start = performance.now();
      for (let i = 0; i < count; i++) call();
      queueing = performance.now() - start;
      await device.synchronize();
    });
    return `${((1000 * queueing) / count).toFixed(2)} us to queue, ${((1000 * total) / count).toFixed(2)} us until done`;
  };
  console.log(`launch of an empty kernel: ${await each(() => device.launch(nothing, 1, 32, []))}`);
  const parameters = [x, x, 1024, 0];
  console.log(
    `launch with 4 parameters: ${await each(() => device.launch(add, 4, 256, parameters))}`,
  );
  const matrix = { address: x, type: "float32", rowStride: 32 } as const;
  const product = {
    m: 32,
    n: 32,
    k: 32,
    left: matrix,
    right: matrix,
    result: { ...matrix, address: x + 8192 },
  };
  console.log(`product of 32 x 32: ${await each(() => device.multiply(product))}`);
  const recording = device.record(() => {
    for (let i = 0; i < 500; i++) device.launch(add, 4, 256, parameters);
  });
  const repeats = await milliseconds(async () => {
    for (let i = 0; i < 20; i++) recording.repeat();
    await device.synchronize();
  });
  console.log(`a launch in a recording of 500: ${(repeats / 10).toFixed(2)} us until done`);
  recording.release();
  const word = Float32Array.of(1);
  console.log(`upload of 4 bytes: ${await each(() => device.upload(x, word))}`);
  const wait = await milliseconds(async () => {
    for (let i = 0; i < 100; i++) await device.synchronize();
  });
  console.log(`synchronize: ${(10 * wait).toFixed(1)} us`);
  const round = await milliseconds(async () => {
    for (let i = 0; i < 100; i++) {
      device.launch(add, 4, 256, parameters);
      await device.download(x, word);
    }
  });
  console.log(`launch and download of 4 bytes: ${(10 * round).toFixed(1)} us`);
  device.free(x);
  module.unload();
}

async function measureCopies(device: CudaDevice): Promise<void> {
  for (const bytes of [1 << 20, 32 << 20, 256 << 20]) {
    const data = new Uint8Array(bytes);
    const x = device.allocate(bytes);
    const y = device.allocate(bytes);
    const rate = async (run: () => Promise<void>): Promise<string> =>
      `${(bytes / 1e6 / (await milliseconds(run))).toFixed(1)} GB/s`;
    const up = await rate(async () => {
      device.upload(x, data);
      await device.synchronize();
    });
    const down = await rate(() => device.download(x, data));
    const within = await rate(async () => {
      device.copy(y, x, bytes);
      await device.synchronize();
    });
    console.log(`${bytes >> 20} MiB: upload ${up}, download ${down}, copy ${within}`);
    device.free(x);
    device.free(y);
  }
}

async function measureProducts(device: CudaDevice): Promise<void> {
  const bytes = 4 * size * size;
  const [a, b, c] = [device.allocate(bytes), device.allocate(bytes), device.allocate(bytes)];
  const module = device.compile(source);
  const values = numbers(size * size, 5);
  for (const type of ["float32", "bfloat16", "float16"] as const) {
    for (const address of [a, b]) {
      device.upload(address, values);
      if (type === "float32") continue;
      const parameters = [address, c, size * size, type === "float16" ? 1 : 0];
      device.launch(module.kernel("toHalf"), Math.ceil((size * size) / 256), 256, parameters);
      device.copy(address, c, 2 * size * size);
    }
    const precisions =
      type === "float32"
        ? (["float32", "tensorfloat32", "bfloat16"] as const)
        : (["float32"] as const);
    for (const precision of precisions) {
      const product: CudaProduct = {
        m: size,
        n: size,
        k: size,
        left: { address: a, type, rowStride: size },
        right: { address: b, type, rowStride: size, transposed: true },
        result: { address: c, type, rowStride: size },
        precision,
      };
      const times = 10;
      device.multiply(product);
      await device.synchronize();
      const time = await milliseconds(async () => {
        for (let i = 0; i < times; i++) device.multiply(product);
        await device.synchronize();
      });
      const rate = (2 * size ** 3 * times) / (time * 1e9);
      console.log(`${type} (${precision}) ${size}^3: ${rate.toFixed(1)} TFLOP/s`);
    }
  }
  for (const address of [a, b, c]) device.free(address);
  module.unload();
}

/** Checks errors. Must run last, because the device does not recover. */
async function checkErrors(device: CudaDevice): Promise<void> {
  const module = device.compile(source);
  device.launch(module.kernel("broken"), 1, 1, [device.allocate(256)]);
  const message = await device.synchronize().then(
    () => "nothing",
    (error: unknown) => String(error),
  );
  report("an out-of-bounds access", /ILLEGAL_ADDRESS|LAUNCH_FAILED/u.test(message), message);
}

const opening = performance.now();
const device = await openCudaDevice();
const { name, computeCapability, multiprocessors } = device;
const { freeBytes, totalBytes } = device.memory();
console.log(
  `${name}, compute capability ${computeCapability.join(".")}, ${multiprocessors} multiprocessors, ` +
    `${(freeBytes / 2 ** 30).toFixed(1)} of ${(totalBytes / 2 ** 30).toFixed(1)} GiB free, ` +
    `opened in ${(performance.now() - opening).toFixed(0)} ms`,
);
await checkKernels(device);
await checkProducts(device);
await measureCalls(device);
await measureCopies(device);
await measureProducts(device);
await device.close();
const again = await openCudaDevice();
report("opens again after closing", again.name === name);
await checkErrors(again);
await again.close().catch((error: unknown) => report("closes with an error", true, error));
console.log(
  failures === 0
    ? "all checks pass"
    : `${failures} ${failures === 1 ? "check fails" : "checks fail"}`,
);
process.exitCode = failures === 0 ? 0 : 1;
