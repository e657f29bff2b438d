import { InputError } from "../input-error.ts";

/** Names that environment variables can have. */
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/u;
/**
 * Pattern of usual variable names. A message may repeat such a name, because no API key has this
 * form.
 */
const usualName = /^(?:[A-Z_]{1,16}|[A-Z]+(?:_[A-Z0-9]+)+)$/u;

/**
 * Checks the name of an environment variable. Messages do not repeat the value, because it may be a
 * key.
 * @param field - Setting that holds the name, for messages.
 * @throws `InputError` if no variable can have this name.
 */
export function checkVariableName(field: string, name: string): void {
  if (variableName.test(name)) return;
  throw new InputError(
    `${field} must be the name of an environment variable, such as API_KEY, got ${name.length} characters that cannot be a name (never put a key itself in a file)`,
  );
}

/**
 * Reads a key from an environment variable, so that no file contains it.
 * @param field - Setting that holds the variable's name, for messages.
 * @param variable - Name of the variable; `null` for no key.
 * @throws `InputError` if the variable is not set.
 */
export function readApiKey(field: string, variable: string | null): { readonly apiKey?: string } {
  if (variable === null) return {};
  checkVariableName(field, variable);
  const apiKey = process.env[variable];
  if (apiKey !== undefined && apiKey !== "") return { apiKey };
  const shown = usualName.test(variable) ? ` ${variable}` : "";
  throw new InputError(`${field}: environment variable${shown} must be set, got none`);
}
