export { lowerToOnnx, type LoweredModel, type LoweringOptions } from "./lower-to-onnx.ts";
export { createOnnxExecutor, type OnnxOptions } from "./onnx-executor.ts";
export type { SizeInput } from "./lowering.ts";
export type { ProductType, Provider } from "./providers.ts";
