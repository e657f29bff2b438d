import { isSwitchedOff, type JsonObject } from "../files/json-file.ts";
import { families } from "./families/families.ts";

/** Fields of a `config.json` that are read for every family. */
const computedFields = [
  "model_type",
  "vocab_size",
  "hidden_size",
  "intermediate_size",
  "num_hidden_layers",
  "num_attention_heads",
  "num_key_value_heads",
  "head_dim",
  "hidden_act",
  "rms_norm_eps",
  "tie_word_embeddings",
  "max_position_embeddings",
  "initializer_range",
  "rope_theta",
  "rope_scaling",
  "rope_parameters",
  "partial_rotary_factor",
];

/**
 * Fields with no effect on the forward pass: generation defaults, special tokens, provenance,
 * classifier labels. `pretraining_tp` and `chunk_size_feed_forward` only split products into parts;
 * dropout only affects training.
 */
const harmlessFields = [
  "architectures",
  "attention_dropout",
  "attn_implementation",
  "bad_words_ids",
  "begin_suppress_tokens",
  "bos_token_id",
  "chunk_size_feed_forward",
  "classifier_dropout",
  "decoder_start_token_id",
  "diversity_penalty",
  "do_sample",
  "dtype",
  "early_stopping",
  "embd_pdrop",
  "encoder_no_repeat_ngram_size",
  "eos_token_id",
  "exponential_decay_length_penalty",
  "finetuning_task",
  "forced_bos_token_id",
  "forced_eos_token_id",
  "hidden_dropout",
  "id2label",
  "is_decoder",
  "is_llama_config",
  "label2id",
  "length_penalty",
  "max_length",
  "max_new_tokens",
  "max_sequence_length",
  "min_length",
  "model_max_length",
  "neftune_noise_alpha",
  "no_repeat_ngram_size",
  "num_beam_groups",
  "num_beams",
  "num_labels",
  "num_return_sequences",
  "original_max_position_embeddings",
  "output_attentions",
  "output_hidden_states",
  "output_scores",
  "pad_token_id",
  "prefix",
  "pretraining_tp",
  "problem_type",
  "remove_invalid_values",
  "repetition_penalty",
  "resid_pdrop",
  "return_dict",
  "return_dict_in_generate",
  "sep_token_id",
  "suppress_tokens",
  "task_specific_params",
  "temperature",
  "tf_legacy_loss",
  "tokenizer_class",
  "top_k",
  "top_p",
  "torch_dtype",
  "torchscript",
  "transformers.js_config",
  "transformers_version",
  "typical_p",
  "unk_token_id",
  "unsloth_fixed",
  "unsloth_version",
  "use_bfloat16",
  "use_cache",
];

// transformers ignores fields of other families, so they have no effect.
const known = new Set([
  ...computedFields,
  ...harmlessFields,
  ...Object.values(families).flatMap(({ configFields }) => configFields),
]);

/**
 * Throws for unknown fields of a `config.json`, because they might change the computation. Private
 * fields (`_...`) and fields without a value (null, false, an empty list or object) are allowed.
 * @throws `RangeError` naming source, field and value.
 */
export function refuseUnknownFields(json: JsonObject, source: string): void {
  for (const [field, value] of Object.entries(json)) {
    if (known.has(field) || field.startsWith("_") || isSwitchedOff(value)) continue;
    throw new RangeError(
      `${source}: ${field} must be absent, because it is not supported, got ${JSON.stringify(value)}`,
    );
  }
}

/** Fields that are fractions even if their value is a whole number. */
const fractionFields = [
  "attention_dropout",
  "attention_factor",
  "beta_fast",
  "beta_slow",
  "factor",
  "high_freq_factor",
  "initializer_range",
  "low_freq_factor",
  "mscale",
  "mscale_all_dim",
  "partial_rotary_factor",
  "rms_norm_eps",
  "rope_theta",
];

/**
 * Formats a `config.json`. Fractions get a decimal point even if they are whole numbers, because
 * Python would otherwise read an int, for which transformers warns or throws.
 */
export function configText(json: JsonObject): string {
  const whole = new RegExp(`("(?:${fractionFields.join("|")})": -?\\d+)(?=,?\n)`, "g");
  return `${JSON.stringify(json, null, 2).replace(whole, "$1.0")}\n`;
}
