import { describe, expect, it } from "vitest";
import type { CudaDevice } from "../driver/cuda-device.ts";
import { openCudaDevice } from "../driver/open-cuda-device.ts";
import { softwareCuda } from "./software-cuda.ts";

const software = softwareCuda();
if (software.missing !== undefined) console.warn(`skipped: ${software.missing}`);

describe.skipIf(software.missing !== undefined)("the software CUDA device", () => {
  /** Compiles a kernel named `test` and runs it with one block on a device of its own. */
  async function run(
    source: string,
    block: number,
    bytes: number,
  ): Promise<{ readonly message: string; readonly data: Float32Array }> {
    const device: CudaDevice = await openCudaDevice({ path: software.path! });
    const x = device.allocate(bytes);
    const kernel = device.compile(`extern "C" __global__ void test(float* x) ${source}`);
    device.launch(kernel.kernel("test"), 1, block, [x]);
    const data = new Float32Array(Math.ceil(bytes / 4));
    const message = await device.download(x, data).then(
      () => "",
      (error: unknown) => String(error),
    );
    await device.close().catch(() => {});
    return { message, data };
  }

  it("fills fresh memory and shared memory with NaN", async () => {
    const { data } = await run("{ __shared__ float s[4]; x[0] = s[threadIdx.x]; }", 1, 8);
    expect(Array.from(data)).toEqual([Number.NaN, Number.NaN]);
  });

  it("detects writes around an allocation, near and far", async () => {
    const near = await run("{ x[3] = 1; }", 1, 12);
    expect(near.message).toContain("kernel test: it wrote around an allocation");
    const before = await run("{ x[-1] = 1; }", 1, 12);
    expect(before.message).toContain("kernel test: it wrote around an allocation");
    const far = await run("{ x[threadIdx.x << 20] = 1; }", 2, 12);
    expect(far.message).toContain("kernel test, block 0, thread 1: an access outside of memory");
  });

  it("reveals a missing barrier", async () => {
    const reverse = (barrier: string) => `{
      __shared__ float s[512];
      s[threadIdx.x] = threadIdx.x;
      ${barrier}
      x[threadIdx.x] = s[511 - threadIdx.x];
      if (x == 0) __syncthreads();
    }`;
    const expected = Float32Array.from({ length: 512 }, (_, i) => 511 - i);
    expect((await run(reverse("__syncthreads();"), 512, 2048)).data).toEqual(expected);
    expect((await run(reverse(""), 512, 2048)).data).not.toEqual(expected);
  });

  it("detects threads that wait at different barriers, and lanes that wait for others", async () => {
    const apart = await run(
      `{
        if (threadIdx.x < 32) { __syncthreads(); x[0] = 1; }
        else {
          __syncthreads(); x[1] = 1; }
      }`,
      64,
      8,
    );
    expect(apart.message).toContain("threads wait at different barriers");
    const lanes = await run(
      `{
        if (threadIdx.x < 16) x[0] = __shfl_sync(0xffffffffu, 1.0f, 0);
        else __syncthreads();
      }`,
      32,
      8,
    );
    expect(lanes.message).toContain("lanes of a warp wait for others");
  });

  it("handles barriers in functions and macros called by a kernel", async () => {
    const source = `{ x[threadIdx.x] = sum(threadIdx.x); }
      #define SUM(v) \\
        v += __shfl_xor_sync(0xffffffffu, v, by)
      __device__ float twice(float v) { for (int by = 16; by > 0; by >>= 1) SUM(v); return v; }
      __device__ float sum(float v) { return twice(v); }`;
    // `source` calls `sum` before it defines it, so declare it first.
    const declared = `; __device__ float sum(float v); extern "C" __global__ void test(float* x) ${source}`;
    const { data, message } = await run(declared, 32, 128);
    expect(message).toBe("");
    expect(data).toEqual(new Float32Array(32).fill((31 * 32) / 2));
  });

  it("serializes atomic additions", async () => {
    const { data } = await run(
      "{ if (threadIdx.x == 0) x[0] = 0; __syncthreads(); atomicAdd(x, (float)threadIdx.x); }",
      256,
      4,
    );
    expect(data[0]).toBe((255 * 256) / 2);
  });
});
