import { stat } from "node:fs/promises";
import { join } from "node:path";
import { readTokenizer } from "@turnwise/policy";
import { createLocalSampler, type DeviceOptions, type WeightStorage } from "@turnwise/policy/local";
import { exists } from "../files/exists.ts";
import { InputError } from "../input-error.ts";
import { policyFolder } from "../run/run.ts";
import { checkSamplingMemory } from "./check-memory.ts";
import type { EvaluatedPolicy } from "./evaluated-policy.ts";
import { openRemotePolicy, type CacheOptions } from "./remote-policy.ts";
import { openScriptedPolicy } from "./scripted-policy.ts";

/** Options of a model in a folder. */
interface FolderOptions {
  readonly threads: number;
  readonly device: DeviceOptions;
  readonly weightStorage: WeightStorage;
  /** Path of a PEFT folder. */
  readonly adapter?: string;
}

/**
 * Opens a policy.
 * @param path - `random` or `demonstrator`; the folder of a model or a run; or a JSON file that
 *   describes a model on a server.
 * @throws `InputError` naming the invalid field.
 */
export async function openEvaluatedPolicy(
  path: string,
  { cacheFolder, onDamagedCache, ...options }: FolderOptions & CacheOptions,
): Promise<EvaluatedPolicy> {
  const scripted = openScriptedPolicy(path);
  const isFolder =
    scripted === undefined &&
    !(await stat(path).then(
      (found) => found.isFile(),
      () => false,
    ));
  if (cacheFolder !== undefined && (isFolder || scripted !== undefined)) {
    throw new InputError(`--cache needs a model on a server, got ${path}`);
  }
  if (isFolder) return openFolder(path, options);
  const unused = [
    ...(options.adapter === undefined ? [] : ["--adapter"]),
    ...(options.weightStorage === "auto" ? [] : ["--weight-storage"]),
    ...(options.device.provider === "cpu" ? [] : ["--provider"]),
  ];
  if (unused.length > 0) {
    throw new InputError(`${unused[0]} needs the folder of a policy, got ${path}`);
  }
  return scripted ?? openRemotePolicy(path, { cacheFolder, onDamagedCache });
}

/** Opens the model in a folder, or the final policy of a run. */
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
