import { setting } from "@turnwise/envs";
import { z } from "zod";
import { count, countOrNone, nonNegative } from "../settings/config-parts.ts";

const positive = z.number().positive();
const share = z.number().min(0).max(1);
const text = z.string().min(1);

/** Limits and rewards of an episode. */
export const episodeSchema = z.strictObject({
  maxTurns: setting(count, "Maximum length of an episode", "turns"),
  maxResponseTokens: setting(
    count,
    "Maximum length of a response, including the end token",
    "tokens",
  ),
  successReward: setting(
    positive,
    "Reward of success; a task that gives a score in [0, 1] pays the score times this reward",
  ),
  invalidActionPenalty: setting(nonNegative, "Penalty for a response that cannot be parsed"),
  // By default no states are recorded for training episodes: they would double the cost of
  // recording.
  recordedStates: setting(
    z.enum(["none", "evaluations", "all"]),
    "Episodes whose environment states are recorded, for viewers to draw; changes no result",
  ).default("evaluations"),
});

/** Model with random initial weights and a tokenizer built for the tasks. */
const newModelSchema = z.strictObject({
  source: z.literal("new"),
  hiddenSize: setting(count, "Width of the residual stream"),
  intermediateSize: setting(count, "Width of the feed-forward layers"),
  numLayers: setting(count, "Number of layers"),
  numHeads: setting(count, "Number of attention heads"),
  numKeyValueHeads: setting(count, "Number of key-value heads; must divide numHeads"),
  maxTokens: setting(count, "Maximum length of a sequence", "tokens"),
});

/** Model from a Hugging Face folder. */
const folderModelSchema = z.strictObject({
  source: z.literal("folder"),
  path: setting(text, "Hugging Face folder"),
  maxTokens: setting(count, "Maximum length of a sequence", "tokens"),
  chat: setting(z.boolean(), "Send prompts as user messages in the folder's chat template"),
  adapter: setting(
    z
      .strictObject({
        rank: setting(count, "Rank of the LoRA adapter"),
        alpha: setting(positive, "LoRA alpha: the update is scaled by alpha / rank"),
        targetModules: setting(z.array(text).min(1), "Linear layers to adapt, such as q_proj"),
      })
      .nullable(),
    "LoRA adapter to train instead of all weights; null trains all weights",
  ),
});

/** Model on a Tinker server. */
const tinkerModelSchema = z.strictObject({
  source: z.literal("tinker"),
  url: setting(text, "Address of the server"),
  baseModel: setting(text, "Name of the model on the server"),
  tokenizer: setting(text, "Folder with the model's tokenizer.json"),
  rank: setting(
    countOrNone,
    "Rank of the LoRA adapter; 0 trains all weights, if the server supports it",
  ),
  lossScale: setting(
    z.enum(["sum", "sequence-mean"]),
    "Reduction of a batch's losses on the server",
  ),
  apiKeyVariable: setting(
    text.nullable(),
    "Environment variable that holds the API key; null for none",
  ),
  maxTokens: setting(count, "Maximum length of a sequence", "tokens"),
});

/** Built-in sources of models. */
export const modelSchemas = [newModelSchema, folderModelSchema, tinkerModelSchema] as const;

/** Imitation of demonstrations before reinforcement learning. */
export const warmStartSchema = z.strictObject({
  numDemonstrations: setting(countOrNone, "Demonstrated episodes to imitate; 0 for no warm start"),
  slipShare: setting(share, "Share of demonstrated actions that are no-ops"),
  renames: setting(z.boolean(), "Swap object names for others of the same class in each epoch"),
  epochs: setting(countOrNone, "Passes over the demonstrations"),
  minibatchSize: setting(count, "Rows per optimizer step", "rows"),
  learningRate: setting(positive, "Peak learning rate of the warm start"),
  finalShare: setting(share, "Final learning rate of the cosine decay, as a share of the peak"),
  contextWeight: setting(
    share,
    "Weight of prompt and observation tokens in the loss; a response token weighs 1",
  ),
});

/** Reinforcement learning: sizes of an iteration, and optimizer. */
export const trainingSchema = z.strictObject({
  iterations: setting(countOrNone, "Iterations of collecting and updating"),
  groupsPerIteration: setting(count, "Groups per iteration"),
  groupSize: setting(count, "Sibling trajectories per group"),
  temperature: setting(positive, "Sampling temperature of training episodes"),
  minibatches: setting(count, "Number of optimizer steps per epoch"),
  epochs: setting(count, "Passes over the batch of an iteration"),
  learningRate: setting(positive, "Peak learning rate"),
  finalShare: setting(share, "Final learning rate of the linear decay, as a share of the peak"),
  warmUpUpdates: setting(
    countOrNone,
    "Optimizer steps until the learning rate reaches its peak",
    "optimizer steps",
  ),
  beta1: setting(share, "AdamW: decay of the first moment").default(0.9),
  beta2: setting(share, "AdamW: decay of the second moment").default(0.95),
  epsilon: setting(positive, "AdamW: epsilon, added to the root of the second moment").default(
    1e-8,
  ),
  weightDecay: setting(nonNegative, "AdamW: decoupled weight decay"),
  maxGradientNorm: setting(positive, "Global norm to which gradients are clipped"),
});

/** Evaluations before, during and after training. */
export const evaluationSchema = z.strictObject({
  every: setting(
    countOrNone,
    "Number of iterations between evaluations of the first split; 0 for none during training",
    "iterations",
  ),
  temperature: setting(positive, "Sampling temperature of the sampled evaluation"),
  modes: setting(
    z.array(z.enum(["greedy", "sampled"])).min(1),
    "Decoding modes of the evaluations before and after training; evaluations during training are sampled",
  ).default(["greedy", "sampled"]),
});

/** Tolerance for infrastructure failures. */
export const failuresSchema = z.strictObject({
  maxInfrastructureShare: setting(
    share,
    "Share of an iteration's episodes that may fail for infrastructure reasons; if more fail, the failed episodes are retried",
  ),
  patienceSeconds: setting(
    nonNegative,
    "How long failed episodes are retried while none succeeds; then the run stops",
    "s",
  ),
  retrySeconds: setting(
    positive,
    "Delay before the first retry; doubled for each further retry, up to 60 s",
    "s",
  ),
});

/** Reports of pending work. */
export const watchdogSchema = z.strictObject({
  environmentSeconds: setting(
    nonNegative,
    "Duration of an environment call after which it is reported as pending; 0 for never",
    "s",
  ),
  idleSeconds: setting(
    nonNegative,
    "Time without any progress after which all pending work is reported; 0 for never",
    "s",
  ),
});

/** Settings of the local engine. */
export const engineSchema = z.strictObject({
  threads: setting(count, "CPU threads"),
  provider: setting(
    z.enum(["cpu", "webgpu", "cuda", "onnx-cuda"]),
    "Device: cpu, any GPU with a Vulkan driver (webgpu), an NVIDIA GPU through Turnwise's CUDA executor (cuda) or ONNX Runtime (onnx-cuda)",
  ),
  products: setting(
    z.enum(["float32", "tensorfloat32", "bfloat16", "float16"]),
    "Precision of matrix products, if the provider supports it",
  ).default("float32"),
  gpu: setting(countOrNone, "Index of the GPU").default(0),
  microbatchTokens: setting(count, "Tokens per forward and backward pass", "tokens"),
  recomputeLayers: setting(
    z.boolean(),
    "Activation checkpointing: recompute each layer in the backward pass",
  ),
  weightStorage: setting(
    z.enum(["auto", "float32", "stored"]),
    "Where the frozen base weights live while an adapter trains: float32 in memory, or memory-mapped and upcast on use (stored); auto memory-maps large 16-bit models",
  ).default("auto"),
});

/** Settings of a run's checkpoints. */
export const checkpointsSchema = z.strictObject({
  every: setting(count, "Number of iterations between checkpoints", "iterations"),
  keep: setting(count, "Number of newest checkpoints to keep"),
});
