import { randomUUID } from "node:crypto";
import { join } from "node:path";
import {
  readAdapterConfig,
  readAdapterWeights,
  writeAdapterWeights,
} from "../checkpoints/adapter-checkpoint.ts";
import { readWeights, writeWeights } from "../checkpoints/checkpoint.ts";
import { adapterScale, type AdapterConfig } from "../model/lora.ts";
import type { Parameters } from "../model/shape/parameters.ts";
import { OpenSafetensors, writeSafetensors } from "../files/safetensors.ts";
import { readParameters, tensorsToWrite } from "../checkpoints/stored-parameters.ts";
import type { ParameterLayout } from "../model/parameter-layout.ts";
import type { EngineOptions } from "./engine-port.ts";
import type { LossScaleState } from "../learning/loss-scale.ts";
import type { OptimizerState, StateReader } from "../learning/trained-state.ts";

/** Learner state from which a run resumes. */
export interface LearnerCheckpoint {
  /** Trained parameters of the model or the adapter. */
  readonly parameters: Parameters;
  readonly optimizer: OptimizerState;
  /** State of the loss scale; `undefined` if the loss is not scaled. */
  readonly lossScale: LossScaleState | undefined;
  /** Version of the weights. */
  readonly version: number;
}

/** Learner state to write; tensors are read one by one. */
export interface LearnerToWrite extends Pick<LearnerCheckpoint, "lossScale" | "version"> {
  readonly state: StateReader;
}

/** Options that determine the parameters of a learner. */
export type LearnerShape = Pick<EngineOptions, "layout" | "configJson" | "weights">;

const firstMoment = "first_moment.";
const secondMoment = "second_moment.";

const valueHeadFile = "value_head.safetensors";

/**
 * Writes a learner to a folder: the model in Hugging Face format or the adapter in peft format, the
 * value head as `value_head.safetensors` if there is one, and `optimizer.safetensors` with moments
 * and counters. All files contain the same save mark, so that a partially overwritten folder is
 * detected.
 */
export async function writeLearner(
  directory: string,
  shape: LearnerShape,
  { state, lossScale, version }: LearnerToWrite,
): Promise<void> {
  const { layout, configJson, weights } = shape;
  const { adapter, valueHead, trained } = layout;
  const metadata = { saved: randomUUID() };
  if (adapter) {
    const base = "directory" in weights ? { baseModel: weights.directory } : {};
    await writeAdapterWeights(directory, adapter, state.parameter, { ...base, metadata });
  } else {
    await writeWeights(directory, layout, state.parameter, { metadata, configJson });
  }
  if (valueHead.length > 0) {
    const head = tensorsToWrite(valueHead, state.parameter);
    await writeSafetensors(join(directory, valueHeadFile), head, { metadata });
  }
  await writeSafetensors(
    join(directory, "optimizer.safetensors"),
    new Map([
      ...tensorsToWrite(trained, state.firstMoment, firstMoment),
      ...tensorsToWrite(trained, state.secondMoment, secondMoment),
    ]),
    {
      metadata: {
        ...metadata,
        step: String(state.step),
        version: String(version),
        ...(lossScale && {
          loss_scale: String(lossScale.scale),
          loss_scale_steps: String(lossScale.numSteps),
        }),
      },
    },
  );
}

/** Adapters that differ only in scale have the same shapes, so compare the configs as well. */
async function checkScale(
  directory: string,
  { config }: ParameterLayout,
  expected: AdapterConfig,
): Promise<void> {
  const found = await readAdapterConfig(directory, config);
  if (adapterScale(found) !== adapterScale(expected)) {
    throw new Error(
      `${join(directory, "adapter_config.json")}: lora_alpha and r must give a scale of ${adapterScale(expected)}, got ${adapterScale(found)}`,
    );
  }
}

/**
 * Reads the value head of a folder, which must have the model's save mark; returns an empty map if
 * there is no value head.
 */
async function readValueHead(
  directory: string,
  { valueHead }: ParameterLayout,
  saved: string | undefined,
): Promise<Parameters> {
  if (valueHead.length === 0) return new Map();
  const path = join(directory, valueHeadFile);
  const file = await OpenSafetensors.open(path);
  try {
    const found = file.header.metadata["saved"];
    if (found === undefined || found !== saved) {
      throw new Error(
        `${path}: saved must be ${saved}, as in the model's files, got ${found}; the folder mixes two saves`,
      );
    }
    return await readParameters(valueHead, [file], path);
  } finally {
    await file.close();
  }
}

/**
 * Reads a folder written by {@link writeLearner}.
 * @throws `Error` naming file, tensor, expected and found shape if the folder belongs to another
 *   model or adapter, or if its files were not written together.
 */
export async function readLearner(
  directory: string,
  { layout }: Pick<LearnerShape, "layout">,
): Promise<LearnerCheckpoint> {
  const { adapter, trained } = layout;
  if (adapter) await checkScale(directory, layout, adapter.config);
  const { parameters, metadata: model } = adapter
    ? await readAdapterWeights(directory, adapter)
    : await readWeights(directory, layout);
  const path = join(directory, "optimizer.safetensors");
  const file = await OpenSafetensors.open(path);
  try {
    const { metadata } = file.header;
    if (metadata["saved"] === undefined || metadata["saved"] !== model["saved"]) {
      const other = adapter ? "adapter_model.safetensors" : "model.safetensors";
      throw new Error(
        `${path}: saved must be ${model["saved"]}, as in ${other}, got ${metadata["saved"]}; the folder mixes two saves`,
      );
    }
    const count = (field: string): number => {
      const value = Number(metadata[field]);
      if (Number.isSafeInteger(value) && value >= 0) return value;
      throw new Error(`${path}: ${field} must be a whole number >= 0, got ${metadata[field]}`);
    };
    const moments = (prefix: string): Promise<Parameters> =>
      readParameters(trained, [file], path, {
        prefix,
        isIgnored: (name) => name.startsWith(prefix === firstMoment ? secondMoment : firstMoment),
      });
    const head = await readValueHead(directory, layout, model["saved"]);
    return {
      parameters: new Map([...parameters, ...head]),
      optimizer: {
        step: count("step"),
        firstMoments: await moments(firstMoment),
        secondMoments: await moments(secondMoment),
      },
      lossScale:
        metadata["loss_scale"] === undefined
          ? undefined
          : { scale: count("loss_scale"), numSteps: count("loss_scale_steps") },
      version: count("version"),
    };
  } finally {
    await file.close();
  }
}
