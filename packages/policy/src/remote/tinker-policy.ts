import { checkInteger, checkNonNegative, type Learner, type Sampler } from "@turnwise/core";
import { TinkerClient } from "./tinker-client.ts";
import { TinkerLearner } from "./tinker-learner.ts";
import type { TinkerPolicyOptions } from "./tinker-options.ts";
import { TinkerSampler } from "./tinker-sampler.ts";

/** Model on a Tinker server, with its sampler and its learner. */
export interface TinkerPolicy {
  readonly sampler: Sampler;
  readonly learner: Learner;
  /** Id of the model on the server. */
  readonly modelId: string;
  /** Releases the model on the server. */
  close(): Promise<void>;
}

/**
 * Creates a model on a server of the Tinker protocol. Only the server's `importance_sampling` loss
 * is used: the gradient of the objective is computed locally and sent as one advantage per token,
 * at a ratio of 1. The protocol has no entropies; the learner reports surprisals, which have the
 * same mean.
 *
 * @throws `RangeError` for options outside their range; `RemoteError` for operations that the
 *   server does not support.
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
      // Some servers name the model in the first answer, others only in the result.
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
