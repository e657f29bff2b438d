import type { Family } from "./family.ts";
import { llama } from "./llama.ts";
import { qwen2 } from "./qwen2.ts";
import { qwen3 } from "./qwen3.ts";

/** Supported model families, by `model_type` of `config.json`. */
export type ModelType = "llama" | "qwen2" | "qwen3";

/** All families. A new one is a file in this folder and an entry here. */
export const families: Readonly<Record<ModelType, Family>> = { llama, qwen2, qwen3 };

/** True if a value names a family. */
export const isModelType = (value: unknown): value is ModelType =>
  typeof value === "string" && Object.hasOwn(families, value);

const names = Object.keys(families).map((name) => JSON.stringify(name));

/** Names of all families, for messages: `"a", "b" or "c"`. */
export const modelTypeNames: string = `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
