import { decoderLayers } from "./decoder.ts";
import type { Family } from "./family.ts";
import { refuseWindow } from "./sliding-window.ts";

/** Llama 2 and 3, and models of the same architecture. */
export const llama: Family = {
  ...decoderLayers({ normalizesHeads: false }),
  architecture: "LlamaForCausalLM",
  configFields: ["attention_bias", "mlp_bias", "layer_types", "sliding_window"],
  attentionBiases: ["none", "all"],
  mlpBiases: [false, true],
  readConfig: (reader, common) => {
    refuseWindow(reader, common);
    return {
      headSize: reader.count("head_dim", common.hiddenSize / common.numHeads),
      attentionBiases: reader.json["attention_bias"] === true ? "all" : "none",
      mlpBiases: reader.json["mlp_bias"] === true,
    };
  },
  writeConfig: ({ attentionBiases, mlpBiases }) => ({
    attention_bias: attentionBiases === "all",
    mlp_bias: mlpBiases,
  }),
};
