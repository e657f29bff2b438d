import type { SettingsOn } from "../experiment/run-schema.ts";

/** Engine settings for small models on two CPU cores. */
export const cpuEngine: SettingsOn<unknown>["engine"] = {
  threads: 2,
  provider: "cpu",
  products: "float32",
  gpu: 0,
  microbatchTokens: 2048,
  recomputeLayers: false,
  weightStorage: "auto",
};
