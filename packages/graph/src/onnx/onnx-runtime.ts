import type * as Ort from "onnxruntime-node";
import { thisMachine } from "../machine/machine.ts";
import { cudaNeeds, webgpuNeeds, type Need } from "../machine/needs.ts";
import type { Provider } from "./providers.ts";

/** The module of onnxruntime-node. */
export type OnnxRuntime = typeof Ort;

/**
 * Loads onnxruntime-node.
 * @throws `Error` that says what to install.
 */
export async function loadOnnxRuntime(): Promise<OnnxRuntime> {
  try {
    return await import("onnxruntime-node");
  } catch (cause) {
    throw new Error(
      "createOnnxExecutor: onnxruntime-node must be installed for this platform, and its native module could not be loaded",
      { cause },
    );
  }
}

function missing(provider: Provider, needs: readonly Need[], cause?: unknown): Error {
  const list = needs.map(({ what, remedy }) => `${what}: ${remedy}`).join("; ");
  return new Error(
    `compile: provider ${provider} must be usable on this computer, which takes ${list}`,
    { cause },
  );
}

/** @throws `Error` that says what a provider lacks, if that can be seen before it is tried. */
export function checkProvider(provider: Provider): void {
  if (provider !== "cuda") return;
  const machine = thisMachine();
  const folder = machine.findPackage("onnxruntime-node");
  // Tried without its libraries, the provider would print what it misses.
  const needs = folder === undefined ? [] : cudaNeeds(machine, folder);
  if (needs.length > 0) throw missing(provider, needs);
}

/** An error that says what a provider lacks, if that is why a session could not be created. */
export function explainFailure(provider: Provider, cause: unknown): unknown {
  const message = cause instanceof Error ? cause.message : "";
  if (message.includes("fallback to CPU EP has been explicitly disabled")) {
    return new Error(
      `compile: every step must run on ${provider}, got one that ONNX Runtime would place on the CPU`,
      { cause },
    );
  }
  if (provider === "webgpu" && /adapter/iu.test(message)) {
    return missing(provider, webgpuNeeds(thisMachine()), cause);
  }
  return cause;
}
