import { grpoPresets } from "@turnwise/estimators";
import type { DeviceOptions } from "@turnwise/policy/local";
import { z } from "zod";
import { algorithmSchema, modulationSchema } from "./algorithm.ts";
import { count, countOrNone, episodeSchema, nonNegative, positive, share } from "./config-parts.ts";
import { alfworldTasksSchema } from "./environments/alfworld-tasks.ts";
import { swebenchTasksSchema } from "./environments/swebench-tasks.ts";
import { webshopTasksSchema } from "./environments/webshop-tasks.ts";
import { defaultTolerance } from "./play-groups.ts";
import { checkedDevice } from "./checked-device.ts";
import { describeIssue } from "./describe-issue.ts";
import { InputError } from "./input-error.ts";
import { isSettings, mergeSettings } from "./merge-settings.ts";
import { tinkerModelSchema } from "./tinker-model.ts";

/** Every setting of a training run, all of them stated: a run folder holds one in `config.json`. */
const trainConfigSchema = z.strictObject({
  /** The recipe that it comes from. */
  recipe: z.string().min(1),
  /** Fixes games, weights, demonstrations and every draw. */
  seed: z.int().nonnegative(),
  /** What is trained and evaluated on. */
  tasks: z.discriminatedUnion("environment", [
    alfworldTasksSchema,
    swebenchTasksSchema,
    webshopTasksSchema,
  ]),
  episode: episodeSchema,
  model: z.discriminatedUnion("source", [
    z.strictObject({
      /** Fresh weights, and a vocabulary of the words of the tasks. */
      source: z.literal("new"),
      hiddenSize: count,
      intermediateSize: count,
      numLayers: count,
      numHeads: count,
      numKeyValueHeads: count,
      maxTokens: count,
    }),
    z.strictObject({
      /** A Hugging Face folder. */
      source: z.literal("folder"),
      path: z.string().min(1),
      /** The longest sequence. */
      maxTokens: count,
      /** Whether prompts are messages in the folder's chat template. */
      chat: z.boolean(),
      /** A low-rank adapter that is trained in place of all weights; `null` trains all. */
      adapter: z
        .strictObject({
          rank: count,
          alpha: positive,
          /** Names of linear layers, such as `q_proj`. */
          targetModules: z.array(z.string().min(1)).min(1),
        })
        .nullable(),
    }),
    tinkerModelSchema,
  ]),
  warmStart: z.strictObject({
    /** Demonstrated episodes that are imitated; 0 for no warm start. */
    numDemonstrations: countOrNone,
    /** How often a demonstration has something in it that has no effect, in [0, 1]. */
    slipShare: share,
    /** Whether each epoch tells of other things in their place: `mug` for `book` throughout. */
    renames: z.boolean(),
    epochs: countOrNone,
    /** Rows in one optimizer step. */
    minibatchSize: count,
    learningRate: positive,
    /** The share of the learning rate that remains at the end, falling as a cosine. */
    finalShare: share,
    /** Weight of prompt and observation tokens in the loss; a response token weighs 1. */
    contextWeight: share,
  }),
  training: z.strictObject({
    iterations: countOrNone,
    groupsPerIteration: count,
    groupSize: count,
    temperature: positive,
    /** Optimizer steps that the rows of an iteration are dealt into. */
    minibatches: count,
    epochs: count,
    learningRate: positive,
    /** The share of the learning rate that remains at the end, falling linearly. */
    finalShare: share,
    warmUpUpdates: countOrNone,
    weightDecay: nonNegative,
    maxGradientNorm: positive,
  }),
  algorithm: algorithmSchema,
  modulation: modulationSchema,
  evaluation: z.strictObject({
    /** Iterations between evaluations of the first evaluation split; 0 for none in between. */
    every: countOrNone,
    /** Of the sampled evaluation; the greedy one has none. */
    temperature: positive,
  }),
  engine: z.strictObject({
    threads: count,
    /**
     * Where tensors are computed: on the processor, any GPU with a Vulkan driver, or NVIDIA's by CUDA
     * itself or by ONNX Runtime.
     */
    provider: z.enum(["cpu", "webgpu", "cuda", "onnx-cuda"]),
    /** What matrix products are computed in, where the provider has it. */
    products: z.enum(["float32", "tensorfloat32", "bfloat16", "float16"]).default("float32"),
    /** Which GPU. */
    gpu: countOrNone.default(0),
    /** Response and prompt tokens that one training pass holds. */
    microbatchTokens: count,
    /** Whether layers are computed once more for their gradient, which takes time and saves memory. */
    recomputeLayers: z.boolean(),
    /**
     * Where the weights of a folder are beside which an adapter is trained: in memory, or in their file,
     * of which steps widen what they need; the latter by itself for large models of 16 bits.
     */
    weightStorage: z.enum(["auto", "float32", "stored"]).default("auto"),
  }),
  /** Failures of the infrastructure: container engine, images, network, servers. */
  failures: z
    .strictObject({
      /** Share of an iteration's episodes that may fail so; with more, it does not count. */
      maxInfrastructureShare: share,
      /** Time without progress for which failed episodes are tried again, seconds. */
      patienceSeconds: nonNegative,
      /** Before the second try, seconds; doubled for each further one, at most 60. */
      retrySeconds: positive,
    })
    .default(defaultTolerance),
  checkpoints: z.strictObject({
    /** Iterations between checkpoints. */
    every: count,
    /** How many of the newest are kept. */
    keep: count,
  }),
});

/** The resolved configuration of a run. */
export type TrainConfig = z.infer<typeof trainConfigSchema>;

/**
 * A configuration with changes laid over it.
 * @param source - Where the changes come from, for messages: a file's name.
 * @throws {@link InputError} naming the first field that is unknown or out of range.
 */
export function resolveConfig(base: TrainConfig, changes: unknown, source: string): TrainConfig {
  if (!isSettings(changes)) {
    throw new InputError(
      `${source}: config must be an object of settings, got ${JSON.stringify(changes)}`,
    );
  }
  return checkConfig(mergeSettings(base, changes), source);
}

/**
 * Checks a whole configuration, and that its parts fit together.
 * @throws {@link InputError} naming the first field that is wrong.
 */
export function checkConfig(value: unknown, source: string): TrainConfig {
  const result = trainConfigSchema.safeParse(value);
  if (!result.success)
    throw new InputError(describeIssue(trainConfigSchema, source, result.error.issues[0]!, value));
  const config = result.data;
  const { advantages, credit } = config.algorithm;
  if (grpoPresets[advantages].statisticsOver === "tokens" && credit === "response") {
    throw new InputError(
      `${source}: algorithm.credit must be trajectory with ${advantages}, whose means run over tokens, got response`,
    );
  }
  engineDevice(config, source);
  const { model, engine } = config;
  if (engine.weightStorage === "stored" && !(model.source === "folder" && model.adapter !== null)) {
    throw new InputError(
      `${source}: engine.weightStorage must be auto or float32 for weights that are trained, got stored`,
    );
  }
  if (config.model.source === "tinker") checkTinker(config, source);
  if (config.model.source !== "new") return config;
  const { numHeads, numKeyValueHeads, hiddenSize } = config.model;
  if (hiddenSize % (2 * numHeads) !== 0) {
    throw new InputError(
      `${source}: model.hiddenSize must be a multiple of 2 x model.numHeads (${2 * numHeads}), got ${hiddenSize}`,
    );
  }
  if (numHeads % numKeyValueHeads !== 0) {
    throw new InputError(
      `${source}: model.numKeyValueHeads must divide model.numHeads (${numHeads}), got ${numKeyValueHeads}`,
    );
  }
  return config;
}

/** Where a run computes. @throws {@link InputError} for what a provider does not have. */
export function engineDevice(
  { engine: { provider, products, gpu } }: Pick<TrainConfig, "engine">,
  source = "config",
): DeviceOptions {
  return checkedDevice({ provider, products, deviceId: gpu }, `${source}: engine`);
}

/** What a server of the Tinker protocol cannot do, or not without being asked. */
function checkTinker(
  { warmStart, algorithm, training, evaluation }: TrainConfig,
  source: string,
): void {
  const wanted: readonly (readonly [string, unknown, unknown])[] = [
    ["warmStart.numDemonstrations", warmStart.numDemonstrations, 0],
    ["algorithm.klCoefficient", algorithm.klCoefficient, 0],
    ["algorithm.entropyCoefficient", algorithm.entropyCoefficient, 0],
    ["algorithm.critic", algorithm.critic, null],
    ["training.temperature", training.temperature, 1],
    ["evaluation.temperature", evaluation.temperature, 1],
  ];
  for (const [name, value, only] of wanted) {
    if (value === only) continue;
    throw new InputError(
      `${source}: ${name} must be ${JSON.stringify(only)} with model.source tinker, got ${JSON.stringify(value)}`,
    );
  }
}
