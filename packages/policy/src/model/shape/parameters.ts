import { createRandom } from "@turnwise/core";
import type { ModelShape } from "./model-shape.ts";

/** Parameter tensor: its name in Hugging Face checkpoints and its shape. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /**
   * Initialization: a normal distribution, ones (norms) or zeros (biases). `residual` matrices,
   * whose output is added to the residual stream, have a smaller standard deviation; matrices of
   * adapters are uniform. See `drawParameters`.
   */
  readonly initial: "normal" | "residual" | "uniform" | "ones" | "zeros";
}

/** Values of parameters by name, row-major float32. */
export type Parameters = ReadonlyMap<string, Float32Array>;

/** Number of entries of a shape; 1 for a scalar. */
export const countElements = (shape: readonly number[]): number =>
  shape.reduce((size, length) => size * length, 1);

/**
 * Draws the parameters of a table. Matrices are normal with standard deviation `initializerRange`,
 * divided by `sqrt(2 * numLayers)` if their output is added to the residual stream, so that the
 * variance of the stream does not grow with depth. The first matrices of adapters are uniform
 * within
 * `1 / sqrt(inputs)`, as in peft. Norms are 1, biases 0.
 */
export function drawParameters(
  table: readonly ParameterSpec[],
  { initializerRange, numLayers }: Pick<ModelShape, "initializerRange" | "numLayers">,
  seed: number | string,
): Parameters {
  const random = createRandom(seed);
  const residualScale = 1 / Math.sqrt(2 * numLayers);
  return new Map(
    table.map(({ name, shape, initial }) => {
      const values = new Float32Array(countElements(shape));
      if (initial === "ones") values.fill(1);
      if (initial === "normal" || initial === "residual") {
        const scale = initializerRange * (initial === "residual" ? residualScale : 1);
        fillNormal(values, scale, random.fork(name));
      }
      if (initial === "uniform") {
        const bound = 1 / Math.sqrt(shape.at(-1)!);
        const draws = random.fork(name);
        for (let i = 0; i < values.length; i++) values[i] = bound * (2 * draws.next() - 1);
      }
      return [name, values];
    }),
  );
}

/** Fills an array with normal draws, two from each pair of uniform draws (Box-Muller). */
function fillNormal(values: Float32Array, scale: number, random: { next(): number }): void {
  for (let i = 0; i < values.length; i += 2) {
    // `1 - u` is in (0, 1], so the logarithm is finite.
    const radius = scale * Math.sqrt(-2 * Math.log(1 - random.next()));
    const angle = 2 * Math.PI * random.next();
    values[i] = radius * Math.cos(angle);
    if (i + 1 < values.length) values[i + 1] = radius * Math.sin(angle);
  }
}
