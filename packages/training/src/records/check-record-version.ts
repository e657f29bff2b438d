import { recordVersion } from "@turnwise/core";
import { InputError } from "../input-error.ts";

/**
 * Checks that existing records have the current version, before more are appended.
 * @param version - Version of the existing records; absent means version 1.
 * @param remedy - Command that starts a new run.
 * @throws {@link InputError} for another version.
 */
export function checkRecordVersion(source: string, version: number = 1, remedy: string): void {
  if (version === recordVersion) return;
  const reason =
    version < recordVersion
      ? "older records can be read, but not resumed"
      : "the records come from a newer Turnwise";
  throw new InputError(
    `${source}: recordVersion must be ${recordVersion} to resume, got ${version}: ${reason}; to start over: ${remedy}`,
  );
}
