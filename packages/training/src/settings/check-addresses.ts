import { parseServerUrl } from "@turnwise/policy/remote";
import type { ExportSettings } from "../export/export-schema.ts";
import { InputError } from "../input-error.ts";
import { checkVariableName } from "../policy/read-api-key.ts";

/** Settings of a connection to a server. */
interface ServerSettings {
  readonly url: string;
  /**
   * Setting for the environment variable that holds the API key: the name of the setting, and its
   * value, which is the name of the variable.
   */
  readonly key?: readonly [name: string, variable: string | null];
}

/**
 * Refuses a secret in the address of a server, or in place of a variable's name. Call this before
 * anything is written, so that no secret reaches a run folder. Messages do not repeat the values.
 * @param prefix - Settings that contain `url`, for messages: `config: model`.
 * @throws `InputError` naming the setting.
 */
export function checkServer(prefix: string, { url, key }: ServerSettings): void {
  if (key !== undefined) {
    const [name, variable] = key;
    if (variable !== null) checkVariableName(`${prefix}.${name}`, variable);
  }
  try {
    parseServerUrl(prefix, url);
  } catch (cause) {
    const message = (cause as RangeError).message.replace(`${prefix}: `, `${prefix}.`);
    throw new InputError(message, { cause });
  }
}

/**
 * Checks the servers of export targets like {@link checkServer}.
 * @param prefix - List of the targets, for messages: `config: exports`.
 * @throws `InputError` naming the setting.
 */
export function checkExports(prefix: string, targets: readonly ExportSettings[]): void {
  for (const [i, target] of targets.entries()) {
    if (!("url" in target)) continue;
    checkServer(`${prefix}[${i}]`, {
      url: target.url,
      ...("tokenVariable" in target && { key: ["tokenVariable", target.tokenVariable] as const }),
    });
  }
}
