import { backpropagate } from "./gradients.ts";
import type { Tensor } from "./tensor.ts";
import type { Tracer } from "./tracer.ts";

/**
 * Computes `compute(x)`, and recomputes it in the backward pass (activation checkpointing), so that
 * no intermediate value needs to be kept. The gradient reaches `x` and every other tensor that
 * `compute` uses.
 *
 * A barrier on the gradient of the result keeps executors from merging the recomputation with the
 * first computation, or starting it early.
 *
 * @param compute - Traces the computation; must record the same operations at every call.
 */
export function recompute(g: Tracer, x: Tensor, compute: (x: Tensor) => Tensor): Tensor {
  const before = g.operations.length;
  const result = compute(x);
  const steps = g.operations.slice(before);
  const inside = new Set(
    steps.flatMap(({ kind, outputs }) => (kind === "input" ? [] : outputs.map(({ id }) => id))),
  );
  const used = new Map<number, Tensor>();
  for (const input of steps.flatMap((step) => step.inputs)) {
    if (!inside.has(input.id) && input.id !== x.id) used.set(input.id, input);
  }
  const others = [...used.values()];
  return g.withGradient([result], [x, ...others], ([cotangent]) => {
    const again = g.barrier(x, [cotangent!]);
    return backpropagate(g, compute(again), cotangent!, [again, ...others], { isolated: true });
  })[0]!;
}
