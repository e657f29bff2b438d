import { createRandom, type Random } from "@turnwise/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  interpret,
  trace,
  type Feeds,
  type Program,
  type Tensor,
  type Tracer,
} from "@turnwise/graph";
import { createCudaExecutor } from "./cuda-executor.ts";
import { openCudaDevice } from "../driver/open-cuda-device.ts";
import { softwareCuda } from "../testing/software-cuda.ts";

const software = softwareCuda();
if (software.missing !== undefined) console.log(`No CUDA device: ${software.missing}`);
const device =
  software.path === undefined ? undefined : await openCudaDevice({ path: software.path });

function pickFrom<T>(random: Random, list: readonly T[]): T {
  return list[random.integer(list.length)]!;
}

type Build = (g: Tracer, pick: () => Tensor, random: Random) => Tensor | undefined;

const unary = ["negate", "sigmoid", "tanh", "silu"] as const;
const binary = ["add", "subtract", "multiply", "minimum", "maximum"] as const;

function bound(g: Tracer, x: Tensor): Tensor {
  return g.minimum(g.maximum(x, -2), 2);
}

/** Builders of operations on randomly chosen earlier values; entries stay within a small range. */
const builds: readonly Build[] = [
  (g, pick, random) => g[pickFrom(random, unary)](pick()),
  (g, pick) => g.exp(bound(g, pick())),
  (g, pick, random) => {
    const [a, b] = [pick(), pick()];
    try {
      return g[pickFrom(random, binary)](a, b);
    } catch {
      return undefined;
    }
  },
  (g, pick) => {
    const x = pick();
    return g.where(g.greater(x, 0.1), x, g.multiply(x, x));
  },
  (g, pick, random) => {
    const x = pick();
    const axes = x.shape.flatMap((_, axis) => (random.next() < 0.5 ? [axis] : []));
    const kind = pickFrom(random, ["reduceSum", "reduceMean", "reduceMax"] as const);
    return axes.length > 0 ? g[kind](x, { axes, keepDims: random.next() < 0.5 }) : undefined;
  },
  (g, pick, random) => {
    const x = pick();
    if (x.shape.length < 2) return undefined;
    const axes = x.shape.map((_, axis) => axis);
    return g.transpose(x, random.next() < 0.5 ? axes.toReversed() : [...axes.slice(1), 0]);
  },
  (g, pick) => {
    const x = pick();
    return x.shape.length < 2 ? undefined : g.reshape(x, [...x.shape.slice(1), x.shape[0]!]);
  },
  (g, pick, random) => {
    const x = pick();
    const axis = x.shape.findIndex((size) => typeof size === "number" && size > 1);
    return axis < 0 ? undefined : g.slice(x, axis, random.integer(2), x.shape[axis]);
  },
  (g, pick, random) => {
    const x = pick();
    if (x.shape.length === 0) return undefined;
    const axis = random.integer(x.shape.length);
    return g.concat([x, g.negate(x), bound(g, x)], axis);
  },
  (g, pick) => {
    const x = pick();
    return x.shape.length === 0 ? undefined : g.softmax(x);
  },
  (g, pick) => {
    const x = pick();
    return x.shape.length === 0 ? undefined : g.logSoftmax(x);
  },
  (g, pick, random) => {
    const x = pick();
    const size = x.shape.at(-1);
    if (typeof size !== "number") return undefined;
    const weight = g.constant(
      Array.from({ length: size }, () => random.next()),
      { shape: [size] },
    );
    const [normed, scale] = g.rmsNormWithScale(x, weight, 0.5);
    return random.next() < 0.5 ? normed : g.add(normed, scale);
  },
  (g, pick, random) => {
    const [a, b] = [pick(), pick()];
    const [transposeA, transposeB] = [random.next() < 0.5, random.next() < 0.5];
    try {
      return bound(g, g.matmul(a, b, { transposeA, transposeB, scale: 0.5 }));
    } catch {
      return undefined;
    }
  },
  (g, pick, random) => {
    const x = pick();
    const rows = x.shape[0];
    if (typeof rows !== "number") return undefined;
    const ids = g.constant(
      Array.from({ length: 4 }, () => random.integer(rows)),
      { dtype: "int32", shape: [2, 2] },
    );
    return random.next() < 0.5 ? g.gather(x, ids) : g.scatterAdd(g.gather(x, ids), ids, rows);
  },
  (g, pick, random) => {
    const x = pick();
    const rows = x.shape[0];
    if (typeof rows !== "number") return undefined;
    const ids = g.constant([random.integer(rows)], { dtype: "int32", shape: [1] });
    return g.replaceRows(x, g.negate(g.gather(x, ids)), ids);
  },
  (g, pick) => {
    const x = pick();
    return x.shape.length > 2 ? undefined : g.expand(x, ["n", 2, ...x.shape].slice(-3));
  },
];

/** Traces a random program in which each operation reads earlier values. */
function traceRandom(random: Random, numSteps: number, width: number): Program {
  return trace((g): Record<string, Tensor> => {
    const values = [
      g.input("a", "float32", ["n", width]),
      g.input("b", "float32", [width]),
      g.input("c", "float32", [3, "n", width]),
      g.input("d", "float32", [4, width]),
    ];
    // Prefer recent values, so that operations depend on one another.
    const pick = (): Tensor =>
      random.next() < 0.6
        ? values.at(-1 - random.integer(Math.min(3, values.length)))!
        : pickFrom(random, values);
    for (let step = 0; step < numSteps; step++) {
      const made = pickFrom(random, builds)(g, pick, random);
      if (made && made.shape.length <= 4) values.push(made);
    }
    const outputs: Record<string, Tensor> = { last: values.at(-1)! };
    for (let i = 0; i < 3; i++) outputs[`some${i}`] = pickFrom(random, values);
    return outputs;
  });
}

function feed(random: Random, n: number, width: number): Feeds {
  const numbers = (...shape: number[]) => ({
    data: Float32Array.from(
      { length: shape.reduce((product, size) => product * size, 1) },
      () => 2 * random.next() - 1,
    ),
    shape,
  });
  return {
    a: numbers(n, width),
    b: numbers(width),
    c: numbers(3, n, width),
    d: numbers(4, width),
  };
}

describe.skipIf(device === undefined)("the CUDA executor", () => {
  it("computes the same as the interpreter", async () => {
    const executor = createCudaExecutor(device ? { device } : {});
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 40 }), async (seed, numSteps) => {
        const random = createRandom(seed);
        // Wide rows use different kernels.
        const width = random.fork("width").next() < 0.5 ? 4 : 32;
        const program = traceRandom(random.fork("program"), numSteps, width);
        const executable = await executor.compile(program);
        for (const n of [3, 5, 3]) {
          const feeds = feed(random.fork(`feeds ${n}`), n, width);
          const expected = interpret(program, feeds);
          const actual = await executable.run(feeds);
          for (const [name, { shape, data }] of Object.entries(expected)) {
            const output = actual[name];
            if (!output || !("data" in output)) throw new Error(`${name} must be an array`);
            expect(output.shape).toEqual(shape);
            data.forEach((value, i) => {
              // Values grow along chains of products, and the rounding error with them.
              const error = Math.abs(output.data[i]! - value) / Math.max(1, Math.abs(value));
              if (!Number.isFinite(value) || Math.abs(value) > 1e6) return;
              if (!(error < 1e-3))
                throw new Error(`${name}[${i}] must be ${value}, got ${output.data[i]}`);
            });
          }
        }
        await executable.release();
      }),
      { numRuns: 30 },
    );
  }, 120_000);
});
