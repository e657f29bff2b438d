import type { Options } from "tsup";

const config: Options = {
  entry: {
    index: "src/index.ts",
    laws: "src/laws.ts",
    "executor-parts": "src/executor-parts.ts",
    "machine/index": "src/machine/index.ts",
    "onnx/index": "src/onnx/index.ts",
    protobuf: "src/protobuf.ts",
    "tensorflow/index": "src/tensorflow/index.ts",
  },
  // koffi is an optional dependency, so it is not bundled.
  external: ["koffi"],
  format: "esm",
  target: "node20",
  dts: true,
  clean: true,
  sourcemap: true,
};

export default config;
