import { createRandom, defineLaw, type Law } from "@turnwise/core";
import {
  finiteDifferences,
  gradients,
  interpret,
  trace,
  type Executor,
  type Feeds,
  type Program,
  type Shape,
  type Tensor,
  type Tracer,
} from "../index.ts";
import {
  feedCase,
  maxCaseEntries,
  traceWeightedSum,
  type OperationCase,
} from "./operation-cases.ts";

/** Operation to check: the function that traces it, and its inputs. */
export interface GradientExample {
  readonly name: string;
  /** Shapes of the float32 inputs; sizes may be formulas of `n`. At most 100 entries at `n = 3`. */
  readonly inputs: Readonly<Record<string, Shape>>;
  /** Constant id inputs. */
  readonly ids?: OperationCase["ids"];
  /** Traces the operation. @returns Its results, one or more. */
  readonly build: (
    g: Tracer,
    inputs: Readonly<Record<string, Tensor>>,
  ) => Tensor | readonly Tensor[];
  /** Maps numbers in [-2, 2] into the domain where the operation is smooth. Default: identity. */
  readonly domain?: (entry: number) => number;
}

/** Options of {@link gradientLaws}. */
export interface GradientLawOptions {
  /** Seed of the random inputs. Default 0. */
  readonly seed?: number | string;
  /**
   * Largest allowed difference between a gradient and a central difference, relative to `max(1,
   * |gradient|)`. Default 1e-6.
   */
  readonly tolerance?: number;
  /**
   * Executor whose gradients are also compared with those of the interpreter, with tolerance 2e-5.
   */
  readonly executor?: Executor;
}

function toList(results: Tensor | readonly Tensor[]): readonly Tensor[] {
  return "dtype" in results ? [results] : results;
}

/** Traces a weighted loss of some of the results, and its gradients by name. */
function traceLoss(
  { inputs, ids = {}, build }: GradientExample,
  isUsed: (result: number) => boolean,
  scale = 1,
): Program {
  const keys = Object.keys(inputs);
  return trace((g) => {
    const x: Record<string, Tensor> = {};
    for (const key of keys) x[key] = g.input(key, "float32", inputs[key]!);
    for (const [key, { shape }] of Object.entries(ids)) x[key] = g.input(key, "int32", shape);
    const used = toList(build(g, x)).filter((_, i) => isUsed(i));
    const loss = used.reduce(
      (sum, result) => g.add(sum, g.multiply(traceWeightedSum(g, result), scale)),
      g.constant(0),
    );
    const found = gradients(
      g,
      loss,
      keys.map((key) => x[key]!),
    );
    return { loss, ...Object.fromEntries(keys.map((key, i) => [key, found[i]!])) };
  });
}

function countResults(example: GradientExample): number {
  let count = 0;
  traceLoss(
    {
      ...example,
      build: (g, x) => {
        const results = toList(example.build(g, x));
        count = results.length;
        return results;
      },
    },
    () => true,
  );
  return count;
}

function feeds(example: GradientExample, n: number, seed: number | string): Feeds {
  const random = createRandom(seed).fork(`${example.name} ${n}`);
  const entries = Array.from({ length: maxCaseEntries }, () => 4 * random.next() - 2);
  const { name, inputs, ids = {}, domain = (x: number) => x } = example;
  const build = (): never => {
    throw new Error("feeds: build must not be called");
  };
  return feedCase({ name, inputs, ids, domain, build }, n, entries);
}

function checkClose(
  name: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  if (actual.length !== expected.length) {
    throw new Error(`${name} must have ${expected.length} entries, got ${actual.length}`);
  }
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!);
    if (error <= tolerance * Math.max(1, Math.abs(expected[i]!))) continue;
    throw new Error(`${name}[${i}] must be ${expected[i]}, got ${actual[i]}`);
  }
}

/**
 * Laws of an operation's derivative: it agrees with central differences, in float64 and at several
 * sizes, for each result alone and for all results together; and it is linear in its cotangents.
 * For composite operations with a hand-written derivative, see `Tracer.withGradient`.
 *
 * @example
 * const cube: GradientExample = {
 *   name: "cube",
 *   inputs: { x: ["n", 2] },
 *   build: (g, { x }) =>
 *     g.withGradient([g.multiply(x!, g.multiply(x!, x!))], [x!], ([c]) => [
 *       g.multiply(c!, g.multiply(3, g.multiply(x!, x!))),
 *     ])[0]!,
 * };
 * for (const law of gradientLaws(cube)) test(law.name, law.check);
 */
export function gradientLaws(
  example: GradientExample,
  { seed = 0, tolerance = 1e-6, executor }: GradientLawOptions = {},
): readonly Law[] {
  const { name } = example;
  const keys = Object.keys(example.inputs);
  const numResults = countResults(example);
  const source = "central differences in float64";
  const checkAgreement = (isUsed: (result: number) => boolean): void => {
    const program = traceLoss(example, isUsed);
    for (const n of [1, 2, 3]) {
      const given = feeds(example, n, seed);
      const results = interpret(program, given);
      for (const key of keys) {
        const { shape, data } = results[key]!;
        if (shape.join() !== given[key]!.shape.join()) {
          throw new Error(
            `gradient of ${key} must have shape [${given[key]!.shape.join(", ")}], got [${shape.join(", ")}]`,
          );
        }
        const expected = finiteDifferences(program, given, "loss", key);
        checkClose(`gradient of ${key} at n = ${n}`, data, expected, tolerance);
      }
    }
  };

  const laws = [
    defineLaw(`${name}: gradients agree with central differences`, source, () =>
      checkAgreement(() => true),
    ),
    defineLaw(
      `${name}: a loss that is twice as large has gradients twice as large`,
      "the chain rule",
      () => {
        const given = feeds(example, 2, seed);
        const [once, twice] = [1, 2].map((scale) =>
          interpret(
            traceLoss(example, () => true, scale),
            given,
          ),
        );
        for (const key of keys) {
          const expected = once![key]!.data.map((entry) => 2 * entry);
          checkClose(`gradient of ${key}`, twice![key]!.data, expected, 1e-9);
        }
      },
    ),
  ];
  if (numResults > 1) {
    for (let result = 0; result < numResults; result++) {
      laws.push(
        defineLaw(
          `${name}: gradients agree where only result ${result} is used`,
          "the contract of Backward: a cotangent is undefined where no gradient flows",
          () => checkAgreement((i) => i === result),
        ),
      );
    }
  }
  if (executor) {
    laws.push(
      defineLaw(
        `${name}: gradients are the same on the executor`,
        "interpret, the reference of all executors",
        async () => {
          const program = traceLoss(example, () => true);
          const executable = await executor.compile(program);
          for (const n of [1, 2, 3]) {
            const given = feeds(example, n, seed);
            const outputs = await executable.run(given);
            for (const [key, { data }] of Object.entries(interpret(program, given))) {
              checkClose(`${key} at n = ${n}`, outputs[key]!.data, data, 2e-5);
            }
          }
          await executable.release();
        },
      ),
    );
  }
  return laws;
}
