import { readTokenizer } from "@turnwise/policy";
import {
  createChatSampler,
  createCompletionsSampler,
  textTokenizer,
  type RemoteOptions,
} from "@turnwise/policy/remote";
import { z } from "zod";
import { readJson } from "../files/read-json.ts";
import { InputError } from "../input-error.ts";
import { count, countOrNone, nonNegative } from "../settings/config-parts.ts";
import type { EvaluatedPolicy } from "./evaluated-policy.ts";
import { readApiKey } from "./read-api-key.ts";

const server = {
  url: z.url(),
  model: z.string().min(1),
  /** Name of the environment variable with the API key; `null` for none. */
  apiKeyVariable: z.string().min(1).nullable().default(null),
  timeoutSeconds: count.default(600),
  /** Time during which a request is retried after transient failures, seconds. */
  patienceSeconds: nonNegative.default(300),
  maxConcurrent: count.default(32),
  /** Rate limits of the server: requests including retries, and prompt and response tokens. */
  requestsPerMinute: z.number().positive().optional(),
  tokensPerMinute: z.number().positive().optional(),
};

/** Policy on a server, as described in the file of `--policy FILE.json`. */
const remotePolicySchema = z.discriminatedUnion("kind", [
  z.strictObject({
    /** Chat-completions server; `url` includes the version: `https://host/v1`. */
    kind: z.literal("chat"),
    ...server,
    maxResponseTokens: count.default(4096),
    limitField: z.enum(["max_tokens", "max_completion_tokens"]).default("max_tokens"),
    sendsSampling: z.boolean().default(true),
    /** True if tools are offered through the API, for the format `tool-call`. */
    tools: z.boolean().default(false),
    /** True if `parallel_tool_calls: false` is sent with tools; some servers reject the field. */
    sendsParallelToolCalls: z.boolean().default(true),
    extra: z.record(z.string(), z.unknown()).default({}),
  }),
  z.strictObject({
    /** vLLM or SGLang server, which gets prompts as token ids. */
    kind: z.enum(["vllm", "sglang"]),
    ...server,
    /** Folder with the model's `tokenizer.json`. */
    tokenizer: z.string().min(1),
    maxTokens: count,
    topLogProbs: countOrNone.default(0),
    logProbs: z.enum(["raw", "processed"]).default("raw"),
  }),
]);

/** Cache of a server's answers. */
export type CacheOptions = Pick<RemoteOptions, "cacheFolder" | "onDamagedCache">;

/**
 * Opens a policy on a server.
 * @param path - JSON file that describes the policy.
 * @throws `InputError` naming the invalid field.
 */
export async function openRemotePolicy(
  path: string,
  cache: CacheOptions = {},
): Promise<EvaluatedPolicy> {
  const result = remotePolicySchema.safeParse(await readJson(path));
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw new InputError(`${path}: ${issue.path.join(".") || "policy"}: ${issue.message}`);
  }
  const policy = result.data;
  const key = readApiKey("apiKeyVariable", policy.apiKeyVariable);
  if (policy.kind === "chat") {
    const { tools, apiKeyVariable: _, kind: _kind, ...rest } = policy;
    const samplers: ReturnType<typeof createChatSampler>[] = [];
    return {
      parts: async ({ name, format }) => {
        if (tools && format.tools === undefined) {
          throw new InputError(`${path}: tools must be false for ${name}, which has no tools`);
        }
        const sampler = createChatSampler({
          ...rest,
          ...key,
          ...cache,
          ...(tools && { tools: format.tools! }),
        });
        samplers.push(sampler);
        return { sampler, tokenizer: textTokenizer, policyVersion: 0 };
      },
      takesMessages: true,
      close: async () => {
        await Promise.all(samplers.map(async (sampler) => sampler.close()));
      },
    };
  }
  const { kind, maxTokens, tokenizer, apiKeyVariable: _, ...rest } = policy;
  const sampler = createCompletionsSampler({
    ...rest,
    ...key,
    ...cache,
    server: kind,
    maxSequenceTokens: maxTokens,
  });
  const loadedTokenizer = await readTokenizer(tokenizer);
  return {
    parts: async () => ({ sampler, tokenizer: loadedTokenizer, policyVersion: 0 }),
    loadedTokenizer,
    takesMessages: false,
    close: async () => sampler.close(),
  };
}
