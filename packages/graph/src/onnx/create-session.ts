import { loadNativeLibrary } from "./native-library.ts";
import { NativeSession } from "./native-session.ts";
import type { OnnxRuntime } from "./onnx-runtime.ts";
import type { Provider } from "./providers.ts";
import type { Session, SessionOptions } from "./session.ts";

/** Binding used to call ONNX Runtime: its Node.js package, or its C interface through koffi. */
export type Binding = "node" | "koffi";

/** Creates a session for a model. */
export type CreateSession = (model: Uint8Array, options: SessionOptions) => Promise<Session>;

function createNodeSession({ InferenceSession }: OnnxRuntime): CreateSession {
  return async (model, options) => {
    const session = await InferenceSession.create(model, options);
    return {
      run: (feeds) => session.run(feeds),
      endProfiling: () => session.endProfiling(),
      release: () => session.release(),
    };
  };
}

/**
 * Returns the session factory of a provider.
 * @param binding - Binding to use. Default: koffi on the CPU, if available.
 * @throws `Error` if koffi is requested and not available.
 */
export async function getSessionFactory(
  runtime: OnnxRuntime,
  provider: Provider,
  binding?: Binding,
): Promise<CreateSession> {
  if (binding === "node" || provider !== "cpu") return createNodeSession(runtime);
  try {
    const library = await loadNativeLibrary();
    return async (model, options) => new NativeSession(library, runtime, model, options);
  } catch (error) {
    // Fall back to the Node.js binding; `turnwise doctor` reports the reason.
    if (binding === undefined) return createNodeSession(runtime);
    throw error;
  }
}
