import type { Cuda } from "./load-cuda.ts";

/** Driver status codes that callers handle (`CUresult` in cuda.h). */
export const driverStatus = { success: 0, outOfMemory: 2, notReady: 600 } as const;

/**
 * Formats the name and description of a driver status: `CUDA_ERROR_INVALID_VALUE (invalid
 * argument)`.
 */
function describeStatus(cuda: Cuda, status: number): string {
  const pointers = new BigInt64Array(new ArrayBuffer(128));
  const address = cuda.addressOf(pointers);
  if (cuda.cuGetErrorName(status, address) !== 0) return `error ${status}`;
  const name = cuda.textAt(Number(pointers[0]));
  if (cuda.cuGetErrorString(status, address) !== 0) return name;
  return `${name} (${cuda.textAt(Number(pointers[0]))})`;
}

/** Checks the status of a driver function. @throws `Error` if it failed. */
export function checkDriver(cuda: Cuda, status: number, method: string, what: string): void {
  if (status === driverStatus.success) return;
  throw new Error(`${method}: CUDA failed to ${what}: ${describeStatus(cuda, status)}`);
}

/** Checks the status of a cuBLAS function. @throws `Error` if it failed. */
export function checkProducts(cuda: Cuda, status: number, method: string, what: string): void {
  if (status === 0) return;
  const name = cuda.cublasGetStatusString(status);
  throw new Error(`${method}: cuBLAS failed to ${what}: ${name}`);
}
