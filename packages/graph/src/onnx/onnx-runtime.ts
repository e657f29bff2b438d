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
      "createOnnxExecutor: onnxruntime-node could not be loaded; install it for this platform (npm install onnxruntime-node)",
      { cause },
    );
  }
}

function listMissing(provider: Provider, needs: readonly Need[], cause?: unknown): Error {
  const list = needs.map(({ what, remedy }) => `${what}: ${remedy}`).join("; ");
  return new Error(`compile: provider ${provider} cannot be used on this computer: ${list}`, {
    cause,
  });
}

/**
 * @throws `Error` naming missing requirements of a provider, if they can be detected in advance.
 */
export function checkProvider(provider: Provider): void {
  if (provider !== "cuda") return;
  const machine = thisMachine();
  const folder = machine.findPackage("onnxruntime-node");
  // If libraries are missing, throw here, because the provider would print messages about them.
  const needs = folder === undefined ? [] : cudaNeeds(machine, folder);
  if (needs.length > 0) throw listMissing(provider, needs);
}

/**
 * Converts the error of a failed session to an error that names the provider's missing
 * requirements, if any.
 */
export function explainFailure(provider: Provider, cause: unknown): unknown {
  const message = cause instanceof Error ? cause.message : "";
  if (message.includes("fallback to CPU EP has been explicitly disabled")) {
    return new Error(
      `compile: every operation must run on ${provider}, got one that ONNX Runtime would place on the CPU`,
      { cause },
    );
  }
  if (provider === "webgpu" && /adapter/iu.test(message)) {
    return listMissing(provider, webgpuNeeds(thisMachine()), cause);
  }
  return cause;
}
