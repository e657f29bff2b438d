import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { matchTensors, readCheckpoint, storedTensors, writeCheckpoint } from "../checkpoint.ts";
import type { ModelConfig } from "../model-config.ts";
import { parameterTable, type Parameters } from "../parameters.ts";
import { readSafetensors, writeSafetensors } from "../safetensors.ts";
import type { OptimizerState } from "./optimizer.ts";

/** All that a learner needs to go on. */
export interface LearnerCheckpoint {
  readonly parameters: Parameters;
  readonly optimizer: OptimizerState;
  /** Version of the weights. */
  readonly version: number;
}

const firstMoment = "first_moment.";
const secondMoment = "second_moment.";

/**
 * Writes a learner into a folder: the model as Hugging Face has it, and `optimizer.safetensors` with
 * the moments and counters. Both carry the same mark, so that a folder that was only half replaced is
 * found out.
 */
export async function writeLearner(
  directory: string,
  config: ModelConfig,
  { parameters, optimizer, version }: LearnerCheckpoint,
): Promise<void> {
  const saved = randomUUID();
  await writeCheckpoint(directory, { config, parameters }, { saved });
  const table = parameterTable(config);
  await writeSafetensors(
    join(directory, "optimizer.safetensors"),
    new Map([
      ...storedTensors(table, optimizer.firstMoments, firstMoment),
      ...storedTensors(table, optimizer.secondMoments, secondMoment),
    ]),
    { saved, step: String(optimizer.step), version: String(version) },
  );
}

/**
 * Reads what {@link writeLearner} wrote.
 * @throws `Error` naming file, tensor, expected and found shape if it is of another model; and if the
 *   two files were not written together.
 */
export async function readLearner(
  directory: string,
  config: ModelConfig,
): Promise<LearnerCheckpoint> {
  const { parameters, metadata: model } = await readCheckpoint(directory, config);
  const path = join(directory, "optimizer.safetensors");
  const { tensors, metadata } = await readSafetensors(path);
  if (metadata["saved"] === undefined || metadata["saved"] !== model["saved"]) {
    throw new Error(
      `${path}: saved must be that of model.safetensors, ${model["saved"]}, got ${metadata["saved"]}`,
    );
  }
  const count = (field: string): number => {
    const value = Number(metadata[field]);
    if (Number.isSafeInteger(value) && value >= 0) return value;
    throw new Error(`${path}: ${field} must be a whole number >= 0, got ${metadata[field]}`);
  };
  const table = parameterTable(config);
  return {
    parameters,
    optimizer: {
      step: count("step"),
      firstMoments: matchTensors(table, tensors, path, firstMoment),
      secondMoments: matchTensors(table, tensors, path, secondMoment),
    },
    version: count("version"),
  };
}
