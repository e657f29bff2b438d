/** TensorFlow.js packages, the fastest first. */
export const tensorFlowPackages = [
  "@tensorflow/tfjs-node-gpu",
  "@tensorflow/tfjs-node",
  "@tensorflow/tfjs",
] as const;

/** Name of a TensorFlow.js package. */
export type TensorFlowPackage = (typeof tensorFlowPackages)[number];
