import { describe, expect, it } from "vitest";
import { gradientLaws, type GradientExample } from "../laws.ts";
import { createOnnxExecutor } from "../onnx/index.ts";
import type { Backward, Tensor, Tracer } from "../index.ts";

/** Operation with two results, length and direction of rows, and a hand-written derivative. */
function polar(backward?: (g: Tracer, length: Tensor, direction: Tensor) => Backward) {
  return (g: Tracer, { x }: Readonly<Record<string, Tensor>>): readonly Tensor[] => {
    const square = g.reduceSum(g.multiply(x!, x!), { axes: [-1], keepDims: true });
    const length = g.sqrt(square);
    const direction = g.divide(x!, length);
    const rule: Backward = ([l, d]) => {
      const ofLength = l && g.multiply(l, direction);
      const inner = d && g.reduceSum(g.multiply(d, direction), { axes: [-1], keepDims: true });
      const ofDirection = d && g.divide(g.subtract(d, g.multiply(direction, inner!)), length);
      return [ofLength && ofDirection ? g.add(ofLength, ofDirection) : (ofLength ?? ofDirection)];
    };
    return g.withGradient(
      [length, direction],
      [x!],
      backward ? backward(g, length, direction) : rule,
    );
  };
}

const example: GradientExample = { name: "polar", inputs: { x: ["n", 3] }, build: polar() };

describe("gradientLaws", () => {
  for (const law of gradientLaws(example, { executor: createOnnxExecutor({ threads: 1 }) })) {
    it(`hold for a correct operation: ${law.name}`, law.check);
  }

  const failures = async (build: GradientExample["build"]): Promise<string[]> => {
    const broken: string[] = [];
    for (const law of gradientLaws({ ...example, build })) {
      const failed = await Promise.resolve()
        .then(() => law.check())
        .then(
          () => false,
          () => true,
        );
      if (failed) broken.push(law.name);
    }
    return broken;
  };

  it("detect a derivative that forgets a factor", async () => {
    const forgetful = polar((g, length, direction) => ([l, d]) => [
      g.add(
        g.multiply(l ?? g.constant(0), direction),
        d ? g.divide(d, length) : g.multiply(direction, 0),
      ),
    ]);
    expect(await failures(forgetful)).toEqual([
      "polar: gradients agree with central differences",
      "polar: gradients agree where only result 1 is used",
    ]);
  });

  it("detect a derivative that expects every cotangent", async () => {
    const careless = polar((g, length, direction) => ([l, d]) => {
      const inner = g.reduceSum(g.multiply(d!, direction), { axes: [-1], keepDims: true });
      const turned = g.divide(g.subtract(d!, g.multiply(direction, inner)), length);
      return [g.add(g.multiply(l!, direction), turned)];
    });
    expect(await failures(careless)).toEqual([
      "polar: gradients agree where only result 0 is used",
      "polar: gradients agree where only result 1 is used",
    ]);
  });

  it("detect a derivative that ignores its cotangent", async () => {
    const deaf = polar((_, _length, direction) => () => [direction]);
    expect(await failures(deaf)).toContain(
      "polar: a loss that is twice as large has gradients twice as large",
    );
  });
});
