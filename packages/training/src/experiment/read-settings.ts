import { readFile } from "node:fs/promises";
import { decodeText } from "@turnwise/core";
import { parse as parseYaml } from "yaml";
import { InputError, readInput } from "../input-error.ts";
import { isSettings, type Settings } from "../settings/merge-settings.ts";

/**
 * Reads a YAML or JSON file that contains an object.
 * @param content - Name of the object, for messages: `config`.
 * @throws `InputError` naming the file, and the line of a syntax error.
 */
export async function readSettings(path: string, content = "config"): Promise<Settings> {
  const value: unknown = await readInput(async () => {
    const bytes = await readFile(path).catch((cause: Error) => {
      throw new Error(`${path}: file cannot be read: ${cause.message}`);
    });
    const text = decodeText(bytes, path);
    try {
      // YAML includes JSON, so parse both as YAML.
      return parseYaml(text) as unknown;
    } catch (cause) {
      const message = (cause as Error).message.split("\n")[0]!.replace(/:$/u, "");
      throw new Error(`${path}: file is not valid YAML or JSON: ${message}`, { cause });
    }
  });
  if (isSettings(value)) return value;
  throw new InputError(
    `${path}: ${content} must be an object of settings, got ${JSON.stringify(value)}`,
  );
}
