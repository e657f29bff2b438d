/**
 * Loads an optional peer dependency. If it is missing, the error says how to install it. Loading is
 * synchronous, so that the calling module can be required from CommonJS.
 * @param name - Package to load, such as `fast-check`.
 * @param entry - Entry point that needs the package, such as `@turnwise/aem/laws`; named in errors.
 * @param from - `import.meta.url` of the calling module; the package is resolved from there.
 * @throws `Error` naming the package to install, or the unsupported runtime.
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
