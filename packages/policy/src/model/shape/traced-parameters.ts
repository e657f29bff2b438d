import type { Tensor, Tracer } from "@turnwise/graph";
import type { ModelShape } from "./model-shape.ts";

/** Parameters of a model as inputs of a traced program. */
export interface TracedParameters {
  readonly g: Tracer;
  readonly config: ModelShape;
  /** Returns the input of a parameter; declares it on first use. */
  readonly parameter: (name: string) => Tensor;
  /** Applies a linear layer by name, including its bias and adapter, if any. */
  readonly linear: (name: string, x: Tensor) => Tensor;
  /** Rotary tables by position, `[maxSequenceTokens, headSize / 2]`; inputs `cos` and `sin`. */
  readonly rotary: () => { readonly cos: Tensor; readonly sin: Tensor };
}

/** Inputs of attention in one layer, `[batch, time, heads, headSize]` each. */
export interface LayerHeads {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
}
