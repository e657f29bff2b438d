import { HarborTaskError } from "./task-error.ts";

/**
 * Resolves references to variables of this machine, `${NAME}` and `${NAME:-default}`, which must be
 * the whole value. A task can read only the variables that the user allows, because its container
 * may have network access.
 * @param place - File and field of the values, for messages.
 * @param allowed - Names that tasks may read.
 * @throws {@link HarborTaskError} for a variable that is missing or not allowed and has no default.
 */
export function resolveVariables(
  values: Readonly<Record<string, string>>,
  place: string,
  allowed: readonly string[],
  host: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const reference = /^\$\{([^}:]+)(?::-(.*))?\}$/su.exec(value);
      if (reference === null) return [name, value];
      const [, variable = "", otherwise] = reference;
      const found = allowed.includes(variable) ? host[variable] : undefined;
      if (found !== undefined) return [name, found];
      if (otherwise !== undefined) return [name, otherwise];
      const rule = allowed.includes(variable)
        ? "name a variable that is set"
        : "name a variable that tasks.hostVariables allows";
      throw new HarborTaskError(`${place}.${name} must ${rule}, got ${value}`);
    }),
  );
}
