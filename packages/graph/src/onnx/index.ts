export {
  createOnnxExecutor,
  lowerToOnnx,
  type LoweredModel,
  type OnnxOptions,
} from "./onnx-executor.ts";
