/**
 * Loads an optional peer dependency synchronously, so that its absence gets an error with a remedy
 * and the caller can itself be required from CommonJS.
 * @param name - package to load, as `fast-check`.
 * @param entry - entry point that needs it, named in errors, as `@turnwise/aem/laws`.
 * @param from - `import.meta.url` of the calling module, where the search for the package starts.
 * @throws `Error` naming the package to install, or the runtime.
 */
export function requirePeer(name: string, entry: string, from: string): unknown {
  const module = globalThis.process?.getBuiltinModule?.("node:module");
  if (module === undefined)
    throw new Error(`${entry}: this entry point must run in Node 20.16 or later`);
  try {
    return module.createRequire(from)(name);
  } catch (cause) {
    throw new Error(`${entry}: ${name} must be installed: npm install --save-dev ${name}`, {
      cause,
    });
  }
}
