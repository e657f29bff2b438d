import type fastCheck from "fast-check";

/**
 * fast-check, an optional peer dependency. It is loaded here and not imported, so that its absence
 * can be reported with a remedy, and at once, so that the laws can be required from CommonJS.
 * @throws `Error` naming the package to install, or the runtime.
 */
function loadFastCheck(): typeof fastCheck {
  const module = globalThis.process?.getBuiltinModule?.("node:module");
  if (module === undefined) {
    throw new Error("@turnwise/envs/laws: laws must run in Node 20.16 or later");
  }
  try {
    return module.createRequire(import.meta.url)("fast-check") as typeof fastCheck;
  } catch (cause) {
    throw new Error(
      "@turnwise/envs/laws: fast-check must be installed: npm install --save-dev fast-check",
      { cause },
    );
  }
}

export const fc: typeof fastCheck = loadFastCheck();
