import { createRandom, defineLaw, type Law, type Random } from "@turnwise/core";
import {
  gradients,
  interpret,
  trace,
  type Executor,
  type Feeds,
  type Output,
  type Program,
} from "../index.ts";
import { feedCase, maxCaseEntries, operationCases, traceCase } from "./operation-cases.ts";

/** Options of {@link executorLaws}. */
export interface ExecutorLawOptions {
  /** Fixes the numbers that are fed. Default 0. */
  readonly seed?: number | string;
  /**
   * The largest error, relative to an entry or to 1 if that is more. Default 2e-5, some hundred
   * roundings of float32.
   */
  readonly tolerance?: number;
}

/** Requires all outputs of a run to be what the interpreter gives. */
function checkOutputs(
  program: Program,
  feeds: Feeds,
  actual: Readonly<Record<string, Output>>,
  tolerance: number,
): void {
  for (const [name, { shape, data }] of Object.entries(interpret(program, feeds))) {
    const output = actual[name];
    if (output?.shape.join() !== shape.join() || output.data.length !== data.length) {
      throw new Error(
        `output ${name} must have shape [${shape.join(", ")}], got [${output?.shape.join(", ")}]`,
      );
    }
    data.forEach((expected, i) => {
      const value = output.data[i]!;
      const isClose = Math.abs(value - expected) <= tolerance * Math.max(1, Math.abs(expected));
      if (isClose) return;
      throw new Error(`output ${name}[${i}] must be ${expected}, got ${value}`);
    });
  }
}

function numbers(random: Random, length: number): number[] {
  return Array.from({ length }, () => 4 * random.next() - 2);
}

/**
 * What every {@link Executor} owes: each operation and its gradient agree with the float64
 * interpreter, at all sizes of one compiled program; and no update is lost where rows repeat.
 *
 * @example
 * for (const law of executorLaws(createMyExecutor())) test(law.name, law.check);
 */
export function executorLaws(
  executor: Executor,
  { seed = 0, tolerance = 2e-5 }: ExecutorLawOptions = {},
): readonly Law[] {
  const source = "interpret, the reference of all executors";
  const operations = operationCases.map((example) =>
    defineLaw(`agrees with the interpreter: ${example.name}`, source, async () => {
      const random = createRandom(seed).fork(example.name);
      const program = traceCase(example);
      const executable = await executor.compile(program);
      // Sizes come back to one that was seen before: nothing of a run may stay for the next.
      for (const n of [2, 3, 2]) {
        const feeds = feedCase(example, n, numbers(random, maxCaseEntries));
        checkOutputs(program, feeds, await executable.run(feeds), tolerance);
      }
      await executable.release();
    }),
  );
  return [
    ...operations,
    defineLaw("adds up all updates of a row that is named often", source, async () => {
      const random = createRandom(seed).fork("repeated rows");
      const [count, rows, width] = [2048, 100, 32];
      const program = trace((g) => {
        const table = g.input("table", "float32", ["rows", width]);
        const taken = g.gather(table, g.input("ids", "int32", ["n"]));
        const loss = g.reduceSum(g.multiply(taken, g.input("weights", "float32", ["n", width])));
        return { d: gradients(g, loss, [table])[0]! };
      });
      const feeds = {
        table: { data: new Float32Array(rows * width), shape: [rows, width] },
        ids: {
          data: Int32Array.from({ length: count }, () => random.integer(rows)),
          shape: [count],
        },
        weights: { data: Float32Array.from(numbers(random, count * width)), shape: [count, width] },
      };
      const executable = await executor.compile(program);
      // Kernels that lose updates to a race between threads do so now and then, not always.
      for (let run = 0; run < 30; run++) {
        checkOutputs(program, feeds, await executable.run(feeds), tolerance);
      }
      await executable.release();
    }),
    defineLaw("refuses feeds that do not fit", "the contract of Executable", async () => {
      const program = trace((g) => ({ y: g.exp(g.input("x", "float32", ["n", 2])) }));
      const executable = await executor.compile(program);
      const wrong: Readonly<Record<string, Feeds>> = {
        "a missing input": {},
        "another shape": { x: { data: new Float32Array(3), shape: [1, 3] } },
        "another data type": { x: { data: new Int32Array(2), shape: [1, 2] } },
        "too few entries": { x: { data: new Float32Array(2), shape: [2, 2] } },
      };
      for (const [what, feeds] of Object.entries(wrong)) {
        const error: unknown = await executable.run(feeds).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (!(error instanceof RangeError || error instanceof TypeError)) {
          throw new Error(
            `${what} must be refused by a RangeError or TypeError, got ${String(error)}`,
          );
        }
      }
      await executable.release();
    }),
  ];
}
