import { isJsonObject, type JsonObject } from "../files/json-file.ts";

/**
 * Reads the text of a special token such as `eos_token` from `tokenizer_config.json`, where it is a
 * string or an object with the string. Returns `undefined` if there is none.
 */
export function specialTokenText(config: JsonObject, name: string): string | undefined {
  const value = config[name];
  const text = isJsonObject(value) ? value["content"] : value;
  return typeof text === "string" ? text : undefined;
}
