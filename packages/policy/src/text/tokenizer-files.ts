import type { JsonObject } from "../files/json-file.ts";

/** Content of a tokenizer's files in Hugging Face format. Plain data. */
export interface TokenizerFiles {
  /** `tokenizer.json`. */
  readonly tokenizer: JsonObject;
  /** `tokenizer_config.json`, of which only the special tokens and the chat template are used. */
  readonly config: JsonObject;
  /** `chat_template.jinja`, if there is one. */
  readonly chatTemplate?: string;
  /** `generation_config.json`, if there is one: its `eos_token_id` adds end tokens. */
  readonly generationConfig?: JsonObject;
}
