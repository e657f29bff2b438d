import { z } from "zod";
import { count, countOrNone } from "./config-parts.ts";

/** A model on a server of the Tinker protocol. */
export const tinkerModelSchema = z.strictObject({
  source: z.literal("tinker"),
  url: z.string().min(1),
  /** The model's name on the server. */
  baseModel: z.string().min(1),
  /** A folder with the model's `tokenizer.json`. */
  tokenizer: z.string().min(1),
  /** Rank of the adapter; 0 for all weights, where the server can. */
  rank: countOrNone,
  /** How the server adds up a batch, see `TinkerPolicyOptions.lossScale`. */
  lossScale: z.enum(["sum", "sequence-mean"]),
  /** The environment variable that holds the key; `null` for none. */
  apiKeyVariable: z.string().min(1).nullable(),
  /** The longest sequence. */
  maxTokens: count,
});
