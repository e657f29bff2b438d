import type { CudaDevice, CudaKernel } from "../driver/cuda-device.ts";
import { kernelFunctions, type KernelText } from "../source/kernel-writer.ts";

/** Compiled kernels of a device. Equal sources are compiled once for all programs. */
export class KernelCache {
  readonly #device: CudaDevice;
  readonly #kernels = new Map<string, CudaKernel>();
  /**
   * Kernels by source object, for each index width; avoids comparing source texts, which is slow.
   */
  readonly #known = [new WeakMap<KernelText, CudaKernel>(), new WeakMap<KernelText, CudaKernel>()];

  constructor(device: CudaDevice) {
    this.#device = device;
  }

  /**
   * Compiles all missing kernels together.
   * @param isWide - True for 64-bit indices.
   */
  add(texts: readonly KernelText[], isWide: boolean): void {
    const missing = [...new Set(texts.map(({ source }) => source))].filter(
      (source) => !this.#kernels.has(key(source, isWide)),
    );
    if (missing.length === 0) return;
    const first = this.#kernels.size;
    const name = (i: number): string => `kernel${first + i}`;
    const module = this.#device.compile(
      [
        `typedef ${isWide ? "unsigned long long" : "unsigned int"} I;`,
        kernelFunctions,
        ...missing.map((source, i) => source.replace(" NAME(", ` ${name(i)}(`)),
      ].join("\n"),
    );
    missing.forEach((source, i) => this.#kernels.set(key(source, isWide), module.kernel(name(i))));
  }

  /** Returns a kernel, compiling it if needed. */
  get(text: KernelText, isWide: boolean): CudaKernel {
    const known = this.#known[isWide ? 1 : 0]!;
    const found = known.get(text);
    if (found) return found;
    this.add([text], isWide);
    const kernel = this.#kernels.get(key(text.source, isWide))!;
    known.set(text, kernel);
    return kernel;
  }
}

function key(source: string, isWide: boolean): string {
  return `${isWide ? "wide" : "narrow"} ${source}`;
}
