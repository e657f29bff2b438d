export { tensorFlowPackages, type TensorFlowPackage } from "./packages.ts";
export { createTensorFlowExecutor, type TensorFlowOptions } from "./tensorflow-executor.ts";
export type { TensorFlowModule } from "./tensorflow-module.ts";
