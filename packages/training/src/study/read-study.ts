import { dirname, resolve } from "node:path";
import { importModule, isModulePath } from "../experiment/experiment-module.ts";
import { readSettings } from "../experiment/read-settings.ts";
import { computeDigest } from "./canonical-json.ts";
import { checkStudy, type Study } from "./study-schema.ts";

/** Study file after reading and checking. */
export interface StudyFile {
  /** Absolute path of the study file. */
  readonly path: string;
  /** Folder to which the paths of experiments are relative. */
  readonly folder: string;
  readonly study: Study;
  /** SHA-256 of the checked study in canonical JSON; comments and formatting do not affect it. */
  readonly sha256: string;
}

/**
 * Reads a study file: YAML, JSON, or a TypeScript or JavaScript module that default-exports the
 * study.
 * @throws `InputError` naming the file and the first invalid field.
 */
export async function readStudy(path: string): Promise<StudyFile> {
  const isModule = /\.[cm]?[jt]s$/u.test(path);
  const value = isModule ? (await importModule(path)).value : await readSettings(path, "study");
  const study = checkStudy(value, path);
  const absolute = resolve(path);
  return { path: absolute, folder: dirname(absolute), study, sha256: computeDigest(study) };
}

/** Resolves an experiment to a name or path for `findExperiment`. */
export function resolveExperimentPath(
  { folder }: Pick<StudyFile, "folder">,
  experiment: string,
): string {
  return isModulePath(experiment) ? resolve(folder, experiment) : experiment;
}
