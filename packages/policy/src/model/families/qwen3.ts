import { decoderLayers } from "./decoder.ts";
import type { Family } from "./family.ts";
import { refuseSwitchedWindow } from "./sliding-window.ts";

/** Qwen3, dense: normalized heads. */
export const qwen3: Family = {
  ...decoderLayers({ normalizesHeads: true }),
  architecture: "Qwen3ForCausalLM",
  configFields: [
    "attention_bias",
    "layer_types",
    "use_sliding_window",
    "sliding_window",
    "max_window_layers",
  ],
  attentionBiases: ["none", "all"],
  mlpBiases: [false],
  readConfig: (reader, common) => {
    refuseSwitchedWindow(reader, common);
    return {
      headSize: reader.count("head_dim", 128),
      attentionBiases: reader.json["attention_bias"] === true ? "all" : "none",
      mlpBiases: false,
    };
  },
  writeConfig: ({ attentionBiases }) => ({
    attention_bias: attentionBiases === "all",
    use_sliding_window: false,
  }),
};
