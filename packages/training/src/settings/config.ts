import { compileModulator, type Modulator, type ModulatorRecord } from "@turnwise/aem";
import {
  compileAlgorithm,
  type AlgorithmParts,
  type CompiledAlgorithm,
} from "@turnwise/estimators";
import type { DeviceOptions } from "@turnwise/policy/local";
import { checkDevice } from "../policy/check-device.ts";
import { checkExports, checkServer } from "./check-addresses.ts";
import { describeIssue } from "./describe-issue.ts";
import { experimentSchema, type ExperimentSettings } from "../experiment/experiment-schema.ts";
import { InputError } from "../input-error.ts";
import { isSettings, mergeSettings } from "./merge-settings.ts";

/**
 * Merges changes into a configuration and checks the result.
 * @param source - Source of the changes, for messages, such as a file name.
 * @throws {@link InputError} naming the first field that is unknown or out of range.
 */
export function resolveConfig(base: unknown, changes: unknown, source: string): ExperimentSettings {
  if (!isSettings(changes)) {
    throw new InputError(
      `${source}: config must be an object of settings, got ${JSON.stringify(changes)}`,
    );
  }
  return checkConfig(mergeSettings(base, changes), source);
}

/**
 * Checks each setting of a configuration separately.
 * @throws {@link InputError} naming the first field that is unknown or out of range.
 */
export function checkFields(value: unknown, source: string): ExperimentSettings {
  const result = experimentSchema.safeParse(value);
  if (result.success) return result.data;
  throw new InputError(describeIssue(experimentSchema, source, result.error.issues[0]!, value));
}

/**
 * Checks a complete configuration and the consistency of its parts.
 * @throws {@link InputError} naming the first invalid field.
 */
export function checkConfig(value: unknown, source: string): ExperimentSettings {
  const config = checkFields(value, source);
  checkRecords(config, source);
  resolveEngineDevice(config, source);
  const { model, engine } = config;
  if (engine.weightStorage === "stored" && !(model.source === "folder" && model.adapter !== null)) {
    throw new InputError(
      `${source}: engine.weightStorage must be auto or float32 unless an adapter is trained, got stored`,
    );
  }
  checkExports(`${source}: exports`, config.exports);
  checkTinker(config, source);
  if (model.source !== "new") return config;
  const { numHeads, numKeyValueHeads, hiddenSize } = model;
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

/**
 * Checks that the settings of algorithm and modulator are consistent, and that each has an effect.
 */
function checkRecords(
  { algorithm, modulation, training }: ExperimentSettings,
  source: string,
): void {
  const hasCustom = [algorithm.advantages, algorithm.surrogate, algorithm.rolloutCorrection].some(
    ({ kind }) => kind === "custom",
  );
  // Custom components are known only after the experiment's module is loaded.
  const compiled = hasCustom ? undefined : compileAlgorithmSettings(source, algorithm);
  if (modulation.kind !== "custom") compileModulatorSettings(modulation, source);
  if (compiled?.needs.onPolicy === true && training.minibatches * training.epochs > 1) {
    throw new InputError(
      `${source}: training.minibatches x training.epochs must be 1 with algorithm.surrogate.kind ${algorithm.surrogate.kind}, which is on-policy, got ${training.minibatches} x ${training.epochs}`,
    );
  }
  if (compiled?.needs.siblings === true && training.groupSize < 2) {
    throw new InputError(
      `${source}: training.groupSize must be >= 2 with algorithm.advantages.kind ${algorithm.advantages.kind}, which compares siblings, got ${training.groupSize}`,
    );
  }
}

/**
 * Compiles the algorithm of a configuration.
 * @throws {@link InputError} for settings that contradict each other or have no effect.
 */
export function compileAlgorithmSettings(
  source: string,
  algorithm: ExperimentSettings["algorithm"],
  parts?: AlgorithmParts,
): CompiledAlgorithm {
  try {
    return compileAlgorithm(algorithm, parts);
  } catch (cause) {
    throw toInputError(source, "compileAlgorithm", cause);
  }
}

/** Compiles a built-in modulator. @throws {@link InputError} for settings without effect. */
export function compileModulatorSettings(record: ModulatorRecord, source: string): Modulator {
  try {
    return compileModulator(record);
  } catch (cause) {
    throw toInputError(source, "compileModulator", cause);
  }
}

function toInputError(source: string, name: string, cause: unknown): unknown {
  if (!(cause instanceof RangeError || cause instanceof TypeError)) return cause;
  const message = cause.message.startsWith(`${name}: `)
    ? cause.message.slice(name.length + 2)
    : cause.message;
  return new InputError(`${source}: ${message}`, { cause });
}

/**
 * Resolves the device of a run.
 * @throws {@link InputError} for options that the provider does not support.
 */
export function resolveEngineDevice(
  { engine: { provider, products, gpu } }: Pick<ExperimentSettings, "engine">,
  source = "config",
): DeviceOptions {
  return checkDevice({ provider, products, deviceId: gpu }, `${source}: engine`);
}

/** Throws for settings that Tinker servers do not support. */
function checkTinker(
  { model, warmStart, algorithm, training, evaluation }: ExperimentSettings,
  source: string,
): void {
  if (model.source !== "tinker") return;
  // Check before anything is written, because a secret in place of these settings must not reach a
  // run folder.
  const { url, apiKeyVariable } = model;
  checkServer(`${source}: model`, { url, key: ["apiKeyVariable", apiKeyVariable] });
  const wanted: readonly (readonly [string, unknown, unknown])[] = [
    ["warmStart.numDemonstrations", warmStart.numDemonstrations, 0],
    ["algorithm.kl.kind", algorithm.kl.kind, "none"],
    ["algorithm.entropyBonus.kind", algorithm.entropyBonus.kind, "none"],
    ["algorithm.valueLoss.kind", algorithm.valueLoss.kind, "none"],
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
