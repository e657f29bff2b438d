import type { Lowering, LoweringRules } from "./lowering.ts";
import { elementTypes } from "./model.ts";

/**
 * Replaces the matrix products in a provider's rules by float16 products. Everything else remains
 * float32: weights, accumulators, norms, softmax, losses, sums and the optimizer.
 */
export function addHalfProducts(rules: LoweringRules): LoweringRules {
  const cast = (lowering: Lowering, name: string, to: "float16" | "float32"): string =>
    lowering.node("Cast", [name], { to: elementTypes[to] });
  const castInputs = (lowering: Lowering, names: readonly string[]): readonly string[] =>
    names.map((name) => cast(lowering, name, "float16"));
  return {
    ...rules,
    matmul: (lowering, operation, names) => {
      const { scale } = operation.attributes;
      const plain = { ...operation, attributes: { ...operation.attributes, scale: 1 } };
      const [product] = rules.matmul(lowering, plain, castInputs(lowering, names));
      const result = cast(lowering, product!, "float32");
      if (scale === 1) return [result];
      return [lowering.node("Mul", [result, lowering.model.constant("float32", [], [scale])])];
    },
    linear: (lowering, operation, [x, weight, bias]) => {
      const inputs = operation.inputs.slice(0, 2);
      const plain = { ...operation, inputs };
      const [product] = rules.linear(lowering, plain, castInputs(lowering, [x!, weight!]));
      const result = cast(lowering, product!, "float32");
      return [bias === undefined ? result : lowering.node("Add", [result, bias])];
    },
  };
}
