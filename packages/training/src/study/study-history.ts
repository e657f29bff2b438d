import { exists } from "../files/exists.ts";
import { InputError } from "../input-error.ts";
import { isSettings } from "../settings/merge-settings.ts";
import { readJson } from "../files/read-json.ts";
import { writeWhole } from "../files/write-whole.ts";
import { toCanonicalJson, computeDigest } from "./canonical-json.ts";
import type { StudyFile } from "./read-study.ts";
import { checkStudy, listArms, type Study } from "./study-schema.ts";

/** Version of the study file under which cells ran. */
export interface StudyVersion {
  readonly sha256: string;
  readonly study: Study;
}

/**
 * Reads the versions of the study file under which cells ran, oldest first; empty before the first
 * run.
 * @throws `InputError` for a file that is damaged or was edited.
 */
export async function readHistory(path: string): Promise<StudyVersion[]> {
  if (!(await exists(path))) return [];
  const value = (await readJson(path)) as { readonly versions?: unknown };
  if (!Array.isArray(value.versions)) {
    throw new InputError(`${path}: versions must be a list, got ${typeof value.versions}`);
  }
  return value.versions.map((version: { readonly sha256: string; readonly study: unknown }, i) => {
    const study = checkStudy(version.study, `${path}: versions.${i}.study`);
    const sha256 = computeDigest(study);
    if (sha256 === version.sha256) return { sha256, study };
    throw new InputError(
      `${path}: versions.${i}.study must have the SHA-256 ${version.sha256}, got ${sha256} (the file was edited)`,
    );
  });
}

/** Writes the versions of a study file. */
export async function writeHistory(path: string, versions: readonly StudyVersion[]): Promise<void> {
  await writeWhole(path, `${JSON.stringify({ versions })}\n`);
}

/**
 * Adds a study file to the history of a folder.
 *
 * When a study has cells, only seeds, arms, experiments, families and notes may be added, so that
 * existing cells remain valid. Any other change, such as another metric or number of tasks, is an
 * error.
 * @throws `InputError` naming the first field that changed.
 */
export async function recordVersion(path: string, file: StudyFile): Promise<void> {
  const versions = await readHistory(path);
  const last = versions.at(-1);
  if (last?.sha256 === file.sha256) return;
  if (last !== undefined) {
    const change = findChange(last.study, file.study);
    if (change !== undefined) {
      throw new InputError(
        `${file.path}: ${change} must not change after the first cells ran (${path}); only seeds, arms, experiments, families and notes can be added; for other changes, give the study another name`,
      );
    }
  }
  await writeHistory(path, [...versions, { sha256: file.sha256, study: file.study }]);
}

/** Fields that must not change once a study has cells. */
const fixedFields = ["name", "question", "metric", "checkpoint", "evaluation"] as const;

/**
 * Finds the first fixed field that differs between two study files; `undefined` if all are equal.
 */
export function findFixedChange(before: Study, after: Study): string | undefined {
  return fixedFields.find(
    (field) => toCanonicalJson(before[field]) !== toCanonicalJson(after[field]),
  );
}

/** Finds the first field with a change that is not an addition; `undefined` if there is none. */
export function findChange(before: Study, after: Study): string | undefined {
  const changed = findFixedChange(before, after);
  if (changed !== undefined) return changed;
  const lists: readonly (readonly [string, (study: Study) => readonly unknown[]])[] = [
    ["experiments", (study) => study.experiments],
    ["arms", listArms],
    ["seeds", (study) => study.seeds],
    ["families", (study) => study.families],
    ["notes", (study) => study.notes],
  ];
  for (const [field, list] of lists) {
    const present = new Set(list(after).map((entry) => toCanonicalJson(entry)));
    const lost = list(before).find((entry) => !present.has(toCanonicalJson(entry)));
    if (lost === undefined) continue;
    return isSettings(lost) ? `${field}.${String(lost["name"])}` : field;
  }
  return undefined;
}
