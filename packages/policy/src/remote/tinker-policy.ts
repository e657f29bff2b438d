import { checkInteger, checkNonNegative, type Learner, type Sampler } from "@turnwise/core";
import type { LearningRateSchedule } from "../learning/learning-rate.ts";
import type { Linearizer } from "./linearizer.ts";
import { TinkerClient, type TinkerClientOptions } from "./tinker-client.ts";
import { TinkerLearner } from "./tinker-learner.ts";
import { TinkerSampler } from "./tinker-sampler.ts";

/** The optimizer that a server runs: Adam, as the protocol offers it. */
export interface TinkerOptimizer {
  readonly learningRate: LearningRateSchedule;
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.95, the protocol's own. */
  readonly beta2?: number;
  /** Default 1e-12, the protocol's own. */
  readonly epsilon?: number;
  /** Sent only if it is not 0: older servers do not know it. Default 0. */
  readonly weightDecay?: number;
  /** Longer gradients are scaled to it. Sent only if given: older servers do not know it. */
  readonly maxGradientNorm?: number;
}

/** Options of {@link createTinkerPolicy}. */
export interface TinkerPolicyOptions extends TinkerClientOptions {
  /** The model's name on the server. */
  readonly baseModel: string;
  /** Rank of the LoRA adapter, `>= 0`; 0 asks for all weights, where the server can. Default 32. */
  readonly rank?: number;
  /** Fixes the adapter's first weights, `>= 0`. Default 0. */
  readonly seed?: number;
  /** The longest sequence that the server takes. */
  readonly maxSequenceTokens: number;
  readonly optimizer: TinkerOptimizer;
  /** `linearize` of `@turnwise/estimators`: turns any objective into a weight for each token. */
  readonly linearize: Linearizer;
  /**
   * How the server adds up a batch: `sum` over all tokens (the hosted service, most servers), or the
   * mean over sequences of each one's mean over tokens (SkyRL's JAX engine). What is sent is scaled so
   * that the gradient is the same. Default `sum`.
   */
  readonly lossScale?: "sum" | "sequence-mean";
  /** Sequences in one request, `>= 1`; gradients add up over requests. Default 64. */
  readonly rowsPerRequest?: number;
}

/** A model on a Tinker server, with its sampler and its learner. */
export interface TinkerPolicy {
  readonly sampler: Sampler;
  readonly learner: Learner;
  /** The id of the model on the server. */
  readonly modelId: string;
  /** Frees the model's place on the server. */
  close(): Promise<void>;
}

/**
 * Makes a model on a server of the Tinker protocol. The server needs one loss alone, `importance_
 * sampling`: an objective is evaluated here, and sent as an advantage for each token at a ratio of 1.
 * There are no entropies on this wire; the learner's are surprisals, which have the same mean.
 *
 * @throws `RangeError` for options outside their range; `RemoteError` for what the server cannot do.
 */
export async function createTinkerPolicy(options: TinkerPolicyOptions): Promise<TinkerPolicy> {
  const { rank = 32, seed = 0, maxSequenceTokens, rowsPerRequest = 64 } = options;
  checkInteger("createTinkerPolicy", { rank, seed }, { min: 0 });
  checkInteger("createTinkerPolicy", { maxSequenceTokens }, { min: 2 });
  checkInteger("createTinkerPolicy", { rowsPerRequest }, { min: 1 });
  const { beta1 = 0.9, beta2 = 0.95, epsilon = 1e-12, weightDecay = 0 } = options.optimizer;
  checkNonNegative("createTinkerPolicy", { beta1, beta2, epsilon, weightDecay });
  const client = new TinkerClient("createTinkerPolicy", options);
  try {
    await client.open();
    const makeModel = async (): Promise<string> => {
      const answer = await client.ask("/create_model", {
        session_id: client.sessionId,
        model_seq_id: 0,
        base_model: options.baseModel,
        lora_config: { rank, seed, train_unembed: true, train_mlp: true, train_attn: true },
        user_metadata: null,
        type: "create_model",
      });
      const result = await client.result("/create_model", answer.field("request_id"));
      // One kind of server names the model at once, the other in the result.
      const named = answer.field("model_id").isAbsent ? result : answer;
      return named.field("model_id").text();
    };
    const learner = await TinkerLearner.create(client, makeModel, {
      ...options,
      rowsPerRequest,
    });
    return {
      learner,
      sampler: new TinkerSampler(client, learner, maxSequenceTokens),
      get modelId() {
        return learner.modelId;
      },
      close: async () => {
        try {
          await learner.unload();
        } finally {
          client.close();
        }
      },
    };
  } catch (error) {
    client.close();
    throw error;
  }
}
