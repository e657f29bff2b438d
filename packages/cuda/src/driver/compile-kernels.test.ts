import { describe, expect, it } from "vitest";
import { compileKernels } from "./compile-kernels.ts";
import { findCudaLibraries } from "@turnwise/graph/machine";
import { loadCompiler } from "./load-cuda.ts";

const [compiler] = findCudaLibraries().compiler;
if (compiler === undefined) console.warn("skipped: NVRTC is not installed");

describe.skipIf(compiler === undefined)("compileKernels with NVRTC itself", () => {
  it("compiles sources after the prelude to machine code", async () => {
    const source = `extern "C" __global__ void k(const unsigned short* x, unsigned short* y, float* z) {
      int i = threadIdx.x;
      y[i] = floatToHalf(bfloat16ToFloat(x[i])) + floatToBfloat16(halfToFloat(x[i]));
      z[i] = INFINITY * NAN;
    }`;
    const image = compileKernels(await loadCompiler(), source, 90);
    expect(Array.from(image.subarray(1, 4))).toEqual(Array.from(Buffer.from("ELF")));
  });

  it("compiles for the newest architecture that it knows, and leaves the rest to the driver", async () => {
    const source = `extern "C" __global__ void k(long long* x) { x[0] = 1; }`;
    const image = compileKernels(await loadCompiler(), source, 999);
    expect(new TextDecoder().decode(image)).toContain(".visible .entry k(");
  });

  it("reports the log, with line numbers of the source", async () => {
    const loaded = await loadCompiler();
    expect(() => compileKernels(loaded, "\n\n__device__ int f() { return g(); }", 90)).toThrow(
      /compile: the source does not compile \(NVRTC_ERROR_COMPILATION\):\nkernels\.cu\(3\): error/u,
    );
  });
});
