import type { CudaDevice, CudaKernel } from "./cuda-device.ts";
import { kernelFunctions, type KernelText } from "./kernel-writer.ts";

/** Compiled kernels of a device: each text once, whichever programs it is part of. */
export class KernelCache {
  readonly #device: CudaDevice;
  readonly #kernels = new Map<string, CudaKernel>();

  constructor(device: CudaDevice) {
    this.#device = device;
  }

  /**
   * Compiles what is not there yet, all at once.
   * @param isWide - Whether indices have 64 bits.
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

  get({ source }: KernelText, isWide: boolean): CudaKernel {
    return this.#kernels.get(key(source, isWide))!;
  }
}

function key(source: string, isWide: boolean): string {
  return `${isWide ? "wide" : "narrow"} ${source}`;
}
