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
} from "./cuda-device.ts";
export { createCudaExecutor, type CudaOptions } from "./cuda-executor.ts";
export type { ProductType } from "./cuda-program.ts";
export { kernelPrelude } from "./kernel-prelude.ts";
export { openCudaDevice, type CudaDeviceOptions } from "./open-cuda-device.ts";
