import { findModuleDifference } from "../experiment/experiment-module.ts";
import { findBuiltInParts, type Parts } from "../experiment/experiment.ts";
import { findExperiment, createExperiment } from "../experiments/find-experiment.ts";
import { builtInExperiments } from "../experiments/registry.ts";
import { InputError } from "../input-error.ts";
import type { RunFolder } from "./run-folder.ts";

/** Options of {@link reloadParts}. */
export interface ReloadOptions {
  /** Remedy for a changed module, which becomes part of the message. */
  readonly remedy: string;
  /** Called with a warning if the module has changed. Default: a changed module is an error. */
  readonly onChange?: ((message: string) => void) | undefined;
}

/**
 * Reloads the components of a run from its module.
 * @throws {@link InputError} if the module has changed and that is not allowed.
 */
export async function reloadParts(
  folder: RunFolder,
  { remedy, onChange }: ReloadOptions,
): Promise<Parts> {
  const { module } = await folder.readManifest();
  if (module === undefined) return findBuiltInParts(folder.config, builtInExperiments);
  const { create, module: present } = await findExperiment(module.path);
  const difference = findModuleDifference(module, present!);
  if (difference !== undefined) {
    const message = `${folder.path}: module ${module.path} must be unchanged since the start of the run: ${difference}`;
    if (onChange === undefined) {
      throw new InputError(`${message} (${remedy})`);
    }
    onChange(message);
    await folder.appendToManifest({ resumedWithChangedCode: present });
  }
  return (await createExperiment(module.path, create, folder.config.seed)).parts;
}
