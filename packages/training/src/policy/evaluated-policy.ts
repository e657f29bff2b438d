import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { RolloutParts, ScriptedParts, TaskSource } from "@turnwise/envs";
import { readTokenizer, type LoadedTokenizer } from "@turnwise/policy";
import { createLocalSampler, type DeviceOptions, type WeightStorage } from "@turnwise/policy/local";
import { exists } from "../files/exists.ts";
import { InputError } from "../input-error.ts";
import { policyFolder } from "../run/run.ts";
import { checkSamplingMemory } from "./check-memory.ts";
import { openRemotePolicy } from "./remote-policy.ts";
import { openScriptedPolicy } from "./scripted-policy.ts";

/** Parts of an episode that a policy determines. */
export type PolicyParts =
  | Pick<RolloutParts, "sampler" | "tokenizer" | "policyVersion">
  | Pick<ScriptedParts, "createPlayer">;

/** A policy that plays: a script, or a model wherever it lives. */
export interface EvaluatedPolicy {
  /** @throws `InputError` if the policy cannot play these tasks. */
  parts(source: TaskSource): Promise<PolicyParts>;
  /** Tokenizer with its files; absent for a script, and for a model that exchanges messages. */
  readonly loadedTokenizer?: LoadedTokenizer;
  /** True if a server applies the chat template: prompts are messages. */
  readonly takesMessages: boolean;
  close(): Promise<void>;
}

/** Options of a model in a folder. */
interface FolderOptions {
  readonly threads: number;
  readonly device: DeviceOptions;
  readonly weightStorage: WeightStorage;
  /** A PEFT folder. */
  readonly adapter?: string;
}

/**
 * Opens a policy.
 * @param path - `random` or `demonstrator`; the folder of a model or a run; or a JSON file that
 *   describes a model on a server.
 * @throws `InputError` naming the field that is wrong.
 */
export async function openEvaluatedPolicy(
  path: string,
  options: FolderOptions,
): Promise<EvaluatedPolicy> {
  const scripted = openScriptedPolicy(path);
  const isFolder =
    scripted === undefined &&
    !(await stat(path).then(
      (found) => found.isFile(),
      () => false,
    ));
  if (isFolder) return openFolder(path, options);
  const unused = [
    ...(options.adapter === undefined ? [] : ["--adapter"]),
    ...(options.weightStorage === "auto" ? [] : ["--weight-storage"]),
    ...(options.device.provider === "cpu" ? [] : ["--provider"]),
  ];
  if (unused.length > 0) {
    throw new InputError(`${unused[0]} must be given with a policy's folder, got ${path}`);
  }
  return scripted ?? openRemotePolicy(path);
}

/** Opens the model of a folder, or the last policy of a run. */
async function openFolder(
  path: string,
  { threads, device, weightStorage, adapter }: FolderOptions,
): Promise<EvaluatedPolicy> {
  const model = (await exists(join(path, "manifest.json"))) ? join(path, policyFolder) : path;
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
    parts: async () => ({ sampler: opened.sampler, tokenizer, policyVersion: 0 }),
    loadedTokenizer: tokenizer,
    takesMessages: false,
    close: () => opened.close(),
  };
}
