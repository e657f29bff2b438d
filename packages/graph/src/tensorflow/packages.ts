/** The packages of TensorFlow.js, the fastest first. */
export const tensorFlowPackages = [
  "@tensorflow/tfjs-node-gpu",
  "@tensorflow/tfjs-node",
  "@tensorflow/tfjs",
] as const;

/** The name of one of them. */
export type TensorFlowPackage = (typeof tensorFlowPackages)[number];
