import { loadNativeLibrary } from "./native-library.ts";
import { NativeSession } from "./native-session.ts";
import type { OnnxRuntime } from "./onnx-runtime.ts";
import type { Provider } from "./providers.ts";
import type { Session, SessionOptions } from "./session.ts";

/** What calls ONNX Runtime. */
export type Binding = "node" | "koffi";

/** Makes a session of a model. */
export type CreateSession = (model: Uint8Array, options: SessionOptions) => Promise<Session>;

function createByNode({ InferenceSession }: OnnxRuntime): CreateSession {
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
 * How sessions of a provider are made.
 * @param binding - Default koffi if it can be had, on the CPU.
 * @throws `Error` if koffi is asked for and cannot be had.
 */
export async function sessionCreator(
  runtime: OnnxRuntime,
  provider: Provider,
  binding?: Binding,
): Promise<CreateSession> {
  if (binding === "node" || provider !== "cpu") return createByNode(runtime);
  try {
    const library = await loadNativeLibrary();
    return async (model, options) => new NativeSession(library, runtime, model, options);
  } catch (error) {
    // The doctor says why.
    if (binding === undefined) return createByNode(runtime);
    throw error;
  }
}
