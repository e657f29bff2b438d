import type { Tensor } from "./tensor.ts";
import type { Tracer } from "./tracer.ts";

/** Gated unit of Llama and Qwen: `silu(gate) * up`; both have the same shape. */
export function swiglu(g: Tracer, gate: Tensor, up: Tensor): Tensor {
  return g.multiply(g.silu(gate), up);
}
