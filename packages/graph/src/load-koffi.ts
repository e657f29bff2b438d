import type * as KoffiModule from "koffi";

/** The package koffi, which calls functions of native libraries. */
export type Koffi = typeof KoffiModule;

/**
 * Stack size of koffi's calls; with koffi's default, compilers overflow the stack on long
 * expressions.
 */
const stackBytes = 16 * 2 ** 20;

function enlargeStack(koffi: Koffi): void {
  const config = koffi.config();
  if ((config.sync_stack_size ?? 0) >= stackBytes) return;
  try {
    koffi.config({ ...config, sync_stack_size: stackBytes });
  } catch {
    // koffi rejects changes after another package has loaded a library through it. The stack size
    // then remains the default.
  }
}

/**
 * Loads the package koffi.
 * @param where - Name of the caller, for messages.
 * @throws `Error` that says how to install koffi.
 */
export async function loadKoffi(where: string): Promise<Koffi> {
  try {
    const koffi = await import("koffi");
    enlargeStack(koffi);
    return koffi;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new Error(
      `${where}: koffi could not be loaded (npm install koffi; it has no install script), got: ${message}`,
      { cause },
    );
  }
}
