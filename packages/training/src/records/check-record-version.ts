import { recordVersion } from "@turnwise/core";
import { InputError } from "../input-error.ts";

/**
 * Requires records of this version, before more of them are written next to them.
 * @param version - Of the records that are there; absent: 1, which did not say so.
 * @param remedy - Command that does the work from its beginning.
 * @throws {@link InputError} for another version.
 */
export function checkRecordVersion(source: string, version: number = 1, remedy: string): void {
  if (version === recordVersion) return;
  const reason =
    version < recordVersion
      ? "older records can be read, not resumed"
      : "the records come from a newer Turnwise";
  throw new InputError(
    `${source}: recordVersion must be ${recordVersion} to resume, got ${version}: ${reason}; to begin again: ${remedy}`,
  );
}
