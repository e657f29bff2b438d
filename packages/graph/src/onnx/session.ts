import type * as Ort from "onnxruntime-node";
import type { SpareArrays } from "../executor.ts";
import { loadNativeLibrary } from "./native-library.ts";
import { NativeSession } from "./native-session.ts";
import type { OnnxRuntime } from "./onnx-runtime.ts";
import type { Provider } from "./providers.ts";

/** Options of a session, in the words of onnxruntime-node. */
export type SessionOptions = Ort.InferenceSession.SessionOptions;

/** A model that is ready to run. */
export interface Session {
  /**
   * @param shapes - Of all outputs, by their names in the model.
   * @param spare - Arrays that some may be computed into.
   */
  run(
    feeds: Readonly<Record<string, Ort.Tensor>>,
    shapes: Readonly<Record<string, readonly number[]>>,
    spare: SpareArrays,
  ): Promise<Readonly<Record<string, Ort.Tensor>>>;
  endProfiling(): void;
  release(): Promise<void>;
}

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
