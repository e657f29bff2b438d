export {
  CudaOutOfMemory,
  type CudaDevice,
  type CudaFactor,
  type CudaKernel,
  type CudaMatrix,
  type CudaModule,
  type CudaNumber,
  type CudaProduct,
  type CudaRecording,
  type ProductPrecision,
} from "./driver/cuda-device.ts";
export { createCudaExecutor, type CudaOptions } from "./run/cuda-executor.ts";
export type { ProductType } from "./program/device-program.ts";
export { kernelPrelude } from "./driver/kernel-prelude.ts";
export { openCudaDevice, type CudaDeviceOptions } from "./driver/open-cuda-device.ts";
