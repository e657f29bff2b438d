import type { JsonObject } from "../files/json-file.ts";

/** Contents of a tokenizer's files in Hugging Face format, as plain data. */
export interface TokenizerFiles {
  /** Content of `tokenizer.json`. */
  readonly tokenizer: JsonObject;
  /** Content of `tokenizer_config.json`; only special tokens and chat template are used. */
  readonly config: JsonObject;
  /** Content of `chat_template.jinja`, if there is one. */
  readonly chatTemplate?: string;
  /** Content of `generation_config.json`, if there is one; its `eos_token_id` adds end tokens. */
  readonly generationConfig?: JsonObject;
}
