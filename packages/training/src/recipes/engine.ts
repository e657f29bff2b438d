import type { TrainConfig } from "../config.ts";

/** Small models on two cores of any machine. */
export const onTheProcessor: TrainConfig["engine"] = {
  threads: 2,
  provider: "cpu",
  products: "float32",
  gpu: 0,
  microbatchTokens: 2048,
  recomputeLayers: false,
  weightStorage: "auto",
};
