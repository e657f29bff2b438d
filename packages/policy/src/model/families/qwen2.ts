import { decoderLayers } from "./decoder.ts";
import type { Family } from "./family.ts";
import { refuseSwitchedWindow } from "./sliding-window.ts";

/** Qwen2 and Qwen2.5, dense: biases on queries, keys and values. */
export const qwen2: Family = {
  ...decoderLayers({ normalizesHeads: false }),
  architecture: "Qwen2ForCausalLM",
  configFields: ["layer_types", "use_sliding_window", "sliding_window", "max_window_layers"],
  attentionBiases: ["query-key-value"],
  mlpBiases: [false],
  readConfig: (reader, common) => {
    refuseSwitchedWindow(reader, common);
    return {
      headSize: reader.count("head_dim", common.hiddenSize / common.numHeads),
      attentionBiases: "query-key-value",
      mlpBiases: false,
    };
  },
  writeConfig: () => ({ use_sliding_window: false }),
};
