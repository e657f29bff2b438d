import { checkDriver } from "./check-status.ts";
import type { Cuda } from "./load-cuda.ts";

/** Memory of the computer that stays in place, which the device copies from and to by itself. */
export interface PinnedMemory {
  readonly address: number;
  readonly bytes: Uint8Array;
}

export function allocatePinned(cuda: Cuda, bytes: number, method: string): PinnedMemory {
  const result = new BigInt64Array(new ArrayBuffer(128));
  const status = cuda.cuMemHostAlloc(cuda.addressOf(result), bytes, 0);
  checkDriver(cuda, status, method, `give ${bytes} bytes of pinned memory`);
  const address = Number(result[0]);
  return { address, bytes: new Uint8Array(cuda.bufferAt(address, bytes)) };
}
