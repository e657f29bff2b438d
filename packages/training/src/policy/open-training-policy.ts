import { linearize } from "@turnwise/estimators";
import { describeWeights, readTokenizer } from "@turnwise/policy";
import { createLocalPolicy } from "@turnwise/policy/local";
import { createTinkerPolicy } from "@turnwise/policy/remote";
import { createPart, type PolicySource } from "../experiment/experiment.ts";
import { formatBytes } from "../report/format-numbers.ts";
import { createPolicyOptions, findStartingPolicy, type Run } from "../run/run.ts";
import { readApiKey } from "./read-api-key.ts";
import type { TrainingPolicy } from "./training-policy.ts";

/** Opens the policy with which reinforcement learning starts. */
export async function openTrainingPolicy(run: Run): Promise<TrainingPolicy> {
  const { config, algorithm } = run;
  const { model } = config;
  if (model.source === "custom") {
    const source = await createPart<PolicySource>(run.parts, "model", model);
    return source.open({
      seed: config.seed,
      random: run.random.fork("policy"),
      tasks: run.tasks,
      training: config.training,
      needs: algorithm.needs,
    });
  }
  const { iterations, learningRate, finalShare, warmUpUpdates, minibatches, epochs } =
    config.training;
  const { beta1, beta2, epsilon, weightDecay, maxGradientNorm } = config.training;
  const schedule = {
    peak: learningRate,
    warmupSteps: warmUpUpdates,
    decay: "linear" as const,
    totalSteps: Math.max(iterations * minibatches * epochs, warmUpUpdates + 1),
    final: learningRate * finalShare,
  };
  if (model.source === "tinker") {
    const { url, baseModel, rank, lossScale, maxTokens } = model;
    const tokenizer = await readTokenizer(model.tokenizer);
    const policy = await createTinkerPolicy({
      url,
      baseModel,
      rank,
      lossScale,
      maxSequenceTokens: maxTokens,
      ...readApiKey("model.apiKeyVariable", model.apiKeyVariable),
      seed: config.seed,
      linearize,
      optimizer: { learningRate: schedule, beta1, beta2, epsilon, weightDecay, maxGradientNorm },
    });
    const { sampler, learner } = policy;
    return {
      sampler,
      learner,
      reference: undefined,
      tokenizer,
      save: (directory) => learner.save(directory),
      close: () => policy.close(),
    };
  }
  const path = findStartingPolicy(run);
  if (path === (model.source === "folder" ? model.path : undefined)) {
    const { type, numBytes } = await describeWeights(path);
    run.reporter.say(`loading ${path}: ${formatBytes(numBytes)} of ${type} weights`);
  }
  run.reporter.now(`loading ${path}`);
  const usesReference = algorithm.needs.referenceLogProbs;
  const policy = await createLocalPolicy({
    ...createPolicyOptions(config, run.random),
    model: path,
    keepReference: usesReference,
    valueHead: algorithm.needs.critic,
    optimizer: { learningRate: schedule, beta1, beta2, epsilon, weightDecay, maxGradientNorm },
  });
  const { sampler, learner, tokenizer } = policy;
  return {
    sampler,
    learner,
    reference: usesReference ? learner.reference : undefined,
    tokenizer,
    save: (directory) => policy.save(directory),
    close: () => policy.close(),
  };
}
