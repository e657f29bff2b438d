import { createRandom, defineLaw, narrowToHalves, type Law, type Random } from "@turnwise/core";
import {
  createReferenceExecutor,
  gradients,
  interpret,
  logProbAndEntropy,
  trace,
  type Executor,
  type Feeds,
  type FileFeed,
  type Output,
  type Program,
  type Tensor,
  type Tracer,
} from "../index.ts";
import { feedIndexCase, indexCases, traceIndexCase } from "./index-cases.ts";
import { feedCase, maxCaseEntries, operationCases, traceCase } from "./operation-cases.ts";
import { trainResident } from "./training-step.ts";

/** Options of {@link executorLaws}. */
export interface ExecutorLawOptions {
  /** Seed of the random inputs. Default 0. */
  readonly seed?: number | string;
  /**
   * Largest allowed error, relative to `max(1, |expected|)`. Default 2e-5, a few hundred float32
   * roundings.
   */
  readonly tolerance?: number;
}

/** Receives the error of each entry, relative to `max(1, |expected|)`. */
export type ErrorListener = (error: number) => void;

/** Tolerance, and an optional listener for errors. */
interface Measure {
  readonly tolerance: number;
  readonly listen: ErrorListener;
}

/** Checks that all outputs of a run equal the outputs of the interpreter. */
function checkOutputs(
  program: Program,
  feeds: Feeds,
  actual: Readonly<Record<string, Output>>,
  { tolerance, listen }: Measure,
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
      if (Object.is(value, Math.fround(expected))) return;
      const error = Math.abs(value - expected) / Math.max(1, Math.abs(expected));
      listen(error);
      if (error <= tolerance) return;
      throw new Error(`output ${name}[${i}] must be ${expected}, got ${value}`);
    });
  }
}

const contract = "the contract of Executor";

/** Programs with empty tensors if n = 0; the inputs are x `[n, 3]`, a table `[4, 3]` and n ids. */
const emptyPrograms: readonly {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly build: (g: Tracer) => Readonly<Record<string, Tensor>>;
}[] = [
  {
    name: "sums, products and scatters over no rows",
    sizes: [0, 2, 0],
    build: (g) => {
      const x = g.input("x", "float32", ["n", 3]);
      const table = g.input("table", "float32", [4, 3]);
      const ids = g.input("ids", "int32", ["n"]);
      const taken = g.gather(table, ids);
      return {
        rows: g.add(x, taken),
        sum: g.reduceSum(x, { axes: [0] }),
        product: g.matmul(x, taken, { transposeA: true }),
        linear: g.linear(x, table),
        scattered: g.scatterAdd(x, ids, 5),
        replaced: g.replaceRows(table, x, g.iota("n")),
        joined: g.concat([table, x], 0),
        size: g.size("n + 1", "float32"),
      };
    },
  },
  {
    name: "fewer rows than chunks",
    sizes: [1, 2, 5],
    build: (g) => {
      const hidden = g.input("x", "float32", ["n", 3]);
      const head = g.input("table", "float32", [4, 3]);
      const targets = g.input("ids", "int32", ["n"]);
      const { logProbs, entropies } = logProbAndEntropy(
        g,
        { hidden, head, targets },
        { chunks: 4 },
      );
      const loss = g.reduceSum(g.multiply(logProbs, entropies));
      const [dHidden, dHead] = gradients(g, loss, [hidden, head]);
      return { logProbs, entropies, dHidden: dHidden!, dHead: dHead! };
    },
  },
];

/** Checks resident tensors with a value that grows by one row per run, like a cache. */
async function checkResidents(executor: Executor): Promise<void> {
  const program = trace((g) => {
    const past = g.input("past", "float32", ["n", 2]);
    const all = g.concat([past, g.input("row", "float32", [1, 2])], 0);
    return { all, again: all, same: past, total: g.reduceSum(all) };
  });
  const executable = await executor.compile(program, { resident: ["all", "again", "same"] });
  let past = await executor.upload({ data: Float32Array.of(1, 2), shape: [1, 2] });
  let total = 3;
  for (let i = 0; i < 3; i++) {
    const row = { data: Float32Array.of(i, 10 * i), shape: [1, 2] };
    const running = executable.run({ past, row });
    // Dispose of the tensor while the run reads it: its memory must stay valid until the run has
    // ended.
    past.dispose();
    const outputs = await running;
    total += 11 * i;
    if (outputs.total.data[0] !== total) {
      throw new Error(`output total must be ${total}, got ${outputs.total.data[0]}`);
    }
    past = outputs.all;
    // Outputs are independent tensors: disposing of one must not affect the others.
    outputs.again.dispose();
    outputs.same.dispose();
  }
  await executable.release();
  const entries = [...(await past.read())].join();
  if (past.shape.join() !== "4,2" || entries !== "1,2,0,0,1,10,2,20") {
    throw new Error(
      `resident all must be [1, 2, 0, 0, 1, 10, 2, 20] of shape [4, 2], got [${entries}] of [${past.shape.join()}]`,
    );
  }
  past.dispose();
  past.dispose();
  const error: unknown = await past.read().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error("read must be refused after dispose, got a value");
}

/**
 * Checks consumed inputs with a table that runs update in place, like a key cache. A failed run
 * consumes the table too.
 */
async function checkConsumed(executor: Executor): Promise<void> {
  const program = trace((g) => {
    const table = g.input("table", "float32", ["rows", 2]);
    const updates = g.input("updates", "float32", ["n", 2]);
    const written = g.replaceRows(table, updates, g.input("ids", "int32", ["n"]));
    return { written, total: g.reduceSum(written) };
  });
  const options = { resident: ["written"], consumed: ["table"] } as const;
  const executable = await executor.compile(program, options);
  const feed = (n: number, id: number): Feeds => ({
    updates: { data: Float32Array.from({ length: 2 * n }, (_, i) => id + i), shape: [n, 2] },
    ids: { data: Int32Array.from({ length: n }, (_, i) => id + i), shape: [n] },
  });
  const expectRefusal = async (what: string, run: () => Promise<unknown>): Promise<void> => {
    const error: unknown = await run().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof Error)) throw new Error(`${what} must be refused, got a value`);
  };
  const start = { data: Float32Array.of(9, 9, 9, 9, 9, 9), shape: [3, 2] };
  // The executor must not change an array that was fed.
  let table = (await executable.run({ table: start, ...feed(1, 1) })).written;
  if (start.data.join() !== "9,9,9,9,9,9") {
    throw new Error(`a consumed array must not change, got [${start.data.join(", ")}]`);
  }
  for (const n of [1, 2]) {
    const { written, total } = await executable.run({ table, ...feed(n, 0) });
    await expectRefusal("a tensor that a run consumed", () => table.read());
    const sum = n === 1 ? 22 : 24;
    if (total.data[0] !== sum) throw new Error(`total must be ${sum}, got ${total.data[0]}`);
    table = written;
  }
  const entries = [...(await table.read())].join();
  if (entries !== "0,1,2,3,9,9") {
    throw new Error(`written must be [0, 1, 2, 3, 9, 9], got [${entries}]`);
  }
  await expectRefusal("an id beyond the table", () => executable.run({ table, ...feed(1, 3) }));
  await expectRefusal("a tensor that a failed run consumed", () => table.read());
  const twice = await executor.upload(start);
  await expectRefusal("a consumed tensor that is fed twice", () =>
    executable.run({ ...feed(3, 0), table: twice, updates: twice }),
  );
  await executable.release();
  await expectRefusal("a consumed name that is not an input", () =>
    executor.compile(program, { consumed: ["written"] }),
  );
}

/**
 * Checks four optimizer steps. Errors grow with each step, because AdamW divides by small roots.
 */
async function checkTraining(executor: Executor, { tolerance, listen }: Measure): Promise<void> {
  const expected = await trainResident(createReferenceExecutor(), 4);
  const actual = await trainResident(executor, 4);
  const check = (name: string, value: number, reference: number): void => {
    const error = Math.abs(value - reference) / Math.max(1, Math.abs(reference));
    listen(error);
    if (error <= 25 * tolerance) return;
    throw new Error(`${name} must be ${reference}, got ${value}`);
  };
  expected.losses.forEach((loss, step) =>
    check(`loss of step ${step + 1}`, actual.losses[step]!, loss),
  );
  for (const [name, data] of Object.entries(expected.state)) {
    data.forEach((value, i) => check(`${name}[${i}]`, actual.state[name]![i]!, value));
  }
}

async function checkFrozenInputs(executor: Executor, measure: Measure): Promise<void> {
  const program = trace((g) => {
    const ids = g.input("ids", "int32", ["n"]);
    const table = g.input("table", "float32", ["rows", 2]);
    return { y: g.linear(g.gather(table, ids), g.input("weight", "float32", [3, 2])) };
  });
  const frozen = {
    table: { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] },
    weight: { data: Float32Array.of(1, -1, 0.5, 2, 0, 3), shape: [3, 2] },
  };
  const executable = await executor.compile(program, { frozen });
  const ids = { data: Int32Array.of(2, 0), shape: [2] };
  checkOutputs(program, { ids, ...frozen }, await executable.run({ ids }), measure);
  await executable.release();
}

/** Checks weights in one file, in three types, at consecutive odd offsets. */
async function checkFiles(executor: Executor, measure: Measure): Promise<void> {
  const { mkdtemp, rm, writeFile } = await import("node:fs/promises");
  const { tmpdir } = await import("node:os");
  const program = trace((g) => {
    const x = g.gather(g.input("table", "float32", ["rows", 2]), g.input("ids", "int32", ["n"]));
    const y = g.linear(x, g.input("weight", "float32", [3, 2]), g.input("bias", "float32", [3]));
    return { y };
  });
  const arrays = {
    table: { data: Float32Array.of(1, 2, -3, 4, 0.5, 6), shape: [3, 2] },
    weight: { data: Float32Array.of(1, -1, 0.5, 2, 0, 3), shape: [3, 2] },
    bias: { data: Float32Array.of(0.1, -7, 1e9), shape: [3] },
  };
  const types = { table: "BF16", weight: "F16", bias: "F32" } as const;
  const directory = await mkdtemp(`${tmpdir()}/turnwise-law-`);
  try {
    const file = `${directory}/weights`;
    const parts: Uint8Array[] = [Uint8Array.of(0)];
    const frozen: Record<string, FileFeed> = {};
    for (const name of ["table", "weight", "bias"] as const) {
      const { data, shape } = arrays[name];
      const offset = parts.reduce((total, { length }) => total + length, 0);
      frozen[name] = { file, offset, type: types[name], shape };
      parts.push(fileBytes(data, types[name]));
    }
    await writeFile(file, Buffer.concat(parts));
    const executable = await executor.compile(program, { frozen });
    const ids = { data: Int32Array.of(2, 0, 2), shape: [3] };
    checkOutputs(program, { ids, ...arrays }, await executable.run({ ids }), measure);
    await executable.release();
    const short = { ...frozen, bias: { ...frozen["bias"]!, offset: 1000 } };
    const error: unknown = await executor.compile(program, { frozen: short }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof RangeError)) {
      throw new Error(`a range after the end of the file must be refused, got ${String(error)}`);
    }
  } finally {
    await rm(directory, { recursive: true });
  }
}

function fileBytes(data: Float32Array, type: FileFeed["type"]): Uint8Array {
  if (type === "F32") return new Uint8Array(data.slice().buffer);
  const halves = new Uint16Array(data.length);
  narrowToHalves(type, data, halves);
  return new Uint8Array(halves.buffer);
}

function numbers(random: Random, length: number): number[] {
  return Array.from({ length }, () => 4 * random.next() - 2);
}

/**
 * Laws of every {@link Executor}: each operation and its gradient agree with the float64
 * interpreter, for several sizes of one compiled program, and no update is lost if ids repeat.
 *
 * @example
 * for (const law of executorLaws(createMyExecutor())) test(law.name, law.check);
 */
export function executorLaws(executor: Executor, options: ExecutorLawOptions = {}): readonly Law[] {
  return createMeasuredLaws(executor, options, () => {});
}

/**
 * Creates the laws with a listener that receives all errors, including those within the tolerance.
 */
export function createMeasuredLaws(
  executor: Executor,
  { seed = 0, tolerance = 2e-5 }: ExecutorLawOptions,
  listen: ErrorListener,
): readonly Law[] {
  const measure = { tolerance, listen };
  const source = "interpret, the reference of all executors";
  const operations = operationCases.map((example) =>
    defineLaw(`agrees with the interpreter: ${example.name}`, source, async () => {
      const random = createRandom(seed).fork(example.name);
      const program = traceCase(example);
      const executable = await executor.compile(program);
      // The last size equals an earlier one: a run must not depend on state left by other sizes.
      for (const n of [2, 3, 2]) {
        const feeds = feedCase(example, n, numbers(random, maxCaseEntries));
        checkOutputs(program, feeds, await executable.run(feeds), measure);
      }
      await executable.release();
    }),
  );
  const indexOperations = indexCases.map((example) =>
    defineLaw(`agrees with the interpreter: ${example.name}`, source, async () => {
      const random = createRandom(seed).fork(example.name);
      const program = traceIndexCase(example);
      const executable = await executor.compile(program);
      for (const n of [2, 3]) {
        const feeds = feedIndexCase(n, numbers(random, 3 * n));
        checkOutputs(program, feeds, await executable.run(feeds), { tolerance: 0, listen });
      }
      await executable.release();
    }),
  );
  return [
    ...operations,
    ...indexOperations,
    defineLaw("sums all updates of a repeated row", source, async () => {
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
      // Repeat, because kernels whose threads race lose updates only sometimes.
      for (let run = 0; run < 30; run++) {
        checkOutputs(program, feeds, await executable.run(feeds), measure);
      }
      await executable.release();
    }),
    ...emptyPrograms.map(({ name, sizes, build }) =>
      defineLaw(`computes with empty tensors: ${name}`, source, async () => {
        const program = trace(build);
        const executable = await executor.compile(program);
        for (const n of sizes) {
          const random = createRandom(seed).fork(name);
          const feeds = {
            x: { data: Float32Array.from(numbers(random, 3 * n)), shape: [n, 3] },
            table: { data: Float32Array.from(numbers(random, 12)), shape: [4, 3] },
            ids: { data: Int32Array.from({ length: n }, () => random.integer(4)), shape: [n] },
          };
          checkOutputs(program, feeds, await executable.run(feeds), measure);
        }
        await executable.release();
      }),
    ),
    defineLaw(
      "keeps resident tensors between runs, and after release of their program",
      contract,
      () => checkResidents(executor),
    ),
    defineLaw("consumes the tensors of consumed inputs", contract, () => checkConsumed(executor)),
    defineLaw(
      "trains a resident language model with AdamW like the reference executor",
      "interpret, and torch.optim.AdamW by way of adamW",
      () => checkTraining(executor, measure),
    ),
    defineLaw("computes the same with frozen as with fed inputs", contract, () =>
      checkFrozenInputs(executor, measure),
    ),
    defineLaw("memory-maps or reads frozen inputs in 32 or 16 bits", contract, () =>
      checkFiles(executor, measure),
    ),
    defineLaw("refuses feeds that do not fit", contract, async () => {
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
