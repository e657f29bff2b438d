import { stat } from "node:fs/promises";
import type { Sampler, Tokenizer } from "@turnwise/core";
import { r2eTools } from "@turnwise/envs/swebench";
import { readTokenizer, type LoadedTokenizer } from "@turnwise/policy";
import { createLocalSampler, type DeviceOptions, type WeightStorage } from "@turnwise/policy/local";
import {
  createChatSampler,
  createCompletionsSampler,
  textTokenizer,
} from "@turnwise/policy/remote";
import { z } from "zod";
import { checkSamplingMemory } from "./check-memory.ts";
import { count, countOrNone, nonNegative } from "../settings/config-parts.ts";
import { InputError } from "../input-error.ts";
import { readJson } from "../files/read-json.ts";
import { readApiKey } from "./open-training-policy.ts";

const server = {
  url: z.url(),
  model: z.string().min(1),
  /** The environment variable that holds the key; `null` for none. */
  apiKeyVariable: z.string().min(1).nullable().default(null),
  timeoutSeconds: count.default(600),
  /** Time for which a request is tried again after a passing failure. */
  patienceSeconds: nonNegative.default(300),
  maxConcurrent: count.default(32),
};

/** A policy that a server holds, as `--policy FILE.json` describes it. */
const remotePolicySchema = z.discriminatedUnion("kind", [
  z.strictObject({
    /** A hosted model, in messages: `url` up to the version, as in `https://host/v1`. */
    kind: z.literal("chat"),
    ...server,
    maxResponseTokens: count.default(4096),
    limitField: z.enum(["max_tokens", "max_completion_tokens"]).default("max_tokens"),
    sendsSampling: z.boolean().default(true),
    /** Whether tools are offered through the API; for the format `tool-call`. */
    tools: z.boolean().default(false),
    /** Whether `parallel_tool_calls: false` is sent with tools; some servers refuse the field. */
    sendsParallelToolCalls: z.boolean().default(true),
    extra: z.record(z.string(), z.unknown()).default({}),
  }),
  z.strictObject({
    /** vLLM or SGLang, in token ids. */
    kind: z.enum(["vllm", "sglang"]),
    ...server,
    /** A folder with the model's `tokenizer.json`. */
    tokenizer: z.string().min(1),
    maxTokens: count,
    topLogProbs: countOrNone.default(0),
    logProbs: z.enum(["raw", "processed"]).default("raw"),
  }),
]);

/** A policy that plays, wherever it lives. */
export interface EvaluatedPolicy {
  readonly sampler: Sampler;
  readonly tokenizer: Tokenizer;
  /** The same with its files; absent for a model that is talked to in messages, not in tokens. */
  readonly loadedTokenizer?: LoadedTokenizer;
  readonly policyVersion: number;
  /** What it has used, for people; `undefined` where nobody counts. */
  describeUsage(): string | undefined;
  close(): Promise<void>;
}

/** What matters to a folder's policy alone. */
interface FolderOptions {
  readonly threads: number;
  readonly device: DeviceOptions;
  readonly weightStorage: WeightStorage;
  /** A PEFT folder. */
  readonly adapter?: string;
}

/**
 * Opens a policy: a folder's, or one that a JSON file describes.
 * @throws `InputError` naming the field that is wrong.
 */
export async function openEvaluatedPolicy(
  path: string,
  options: FolderOptions,
): Promise<EvaluatedPolicy> {
  const isFile = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isFile) return openFolder(path, options);
  if (options.adapter !== undefined) {
    throw new InputError(`--adapter must stand beside a policy's folder, got ${path}`);
  }
  if (options.weightStorage !== "auto") {
    throw new InputError(`--weight-storage must stand beside a policy's folder, got ${path}`);
  }
  if (options.device.provider !== "cpu") {
    throw new InputError(`--provider must stand beside a policy's folder, got ${path}`);
  }
  const value = await readJson(path);
  const result = remotePolicySchema.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw new InputError(
      `${path}: ${issue.path.join(".") || "policy"} must be valid: ${issue.message}`,
    );
  }
  const policy = result.data;
  const key = readApiKey(policy.apiKeyVariable);
  if (policy.kind === "chat") {
    const { tools, apiKeyVariable: _, kind: _kind, ...rest } = policy;
    const sampler = createChatSampler({ ...rest, ...key, ...(tools && { tools: r2eTools }) });
    return {
      sampler,
      tokenizer: textTokenizer,
      policyVersion: 0,
      describeUsage: () => {
        const { requests, promptTokens, responseTokens } = sampler.usage;
        return `${requests} requests, ${promptTokens} prompt and ${responseTokens} response tokens`;
      },
      close: async () => sampler.close(),
    };
  }
  const { kind, maxTokens, tokenizer, apiKeyVariable: _, ...rest } = policy;
  const sampler = createCompletionsSampler({
    ...rest,
    ...key,
    server: kind,
    maxSequenceTokens: maxTokens,
  });
  const loadedTokenizer = await readTokenizer(tokenizer);
  return {
    sampler,
    tokenizer: loadedTokenizer,
    loadedTokenizer,
    policyVersion: 0,
    describeUsage: () => undefined,
    close: async () => sampler.close(),
  };
}

async function openFolder(
  model: string,
  { threads, device, weightStorage, adapter }: FolderOptions,
): Promise<EvaluatedPolicy> {
  const tokenizer = await readTokenizer(model);
  await checkSamplingMemory("evaluate", { path: model, adapter, weightStorage, device });
  const opened = await createLocalSampler({
    model,
    tokenizer,
    threads,
    device,
    weightStorage,
    ...(adapter !== undefined && { adapter }),
  });
  return {
    sampler: opened.sampler,
    tokenizer,
    loadedTokenizer: tokenizer,
    policyVersion: 0,
    describeUsage: () => undefined,
    close: () => opened.close(),
  };
}
