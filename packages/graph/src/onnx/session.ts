import type * as Ort from "onnxruntime-node";
import type { SpareArrays } from "../executor.ts";

/** Session options, as in onnxruntime-node. */
export type SessionOptions = Ort.InferenceSession.SessionOptions;

/** Model that is ready to run. */
export interface Session {
  /**
   * @param shapes - Shapes of all outputs, by their names in the model.
   * @param spare - Arrays into which outputs may be written.
   */
  run(
    feeds: Readonly<Record<string, Ort.Tensor>>,
    shapes: Readonly<Record<string, readonly number[]>>,
    spare: SpareArrays,
  ): Promise<Readonly<Record<string, Ort.Tensor>>>;
  endProfiling(): void;
  release(): Promise<void>;
}
