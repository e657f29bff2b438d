import { checkDriver } from "./check-status.ts";
import type { Cuda } from "./load-cuda.ts";

/** Pinned host memory, for direct copies to and from the device. */
export interface PinnedMemory {
  readonly address: number;
  readonly bytes: Uint8Array;
}

export function allocatePinned(cuda: Cuda, bytes: number, method: string): PinnedMemory {
  const result = new BigInt64Array(new ArrayBuffer(128));
  const status = cuda.cuMemHostAlloc(cuda.addressOf(result), bytes, 0);
  checkDriver(cuda, status, method, `allocate ${bytes} bytes of pinned memory`);
  const address = Number(result[0]);
  return { address, bytes: new Uint8Array(cuda.bufferAt(address, bytes)) };
}
