import { createRandom } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import {
  attention,
  createReferenceExecutor,
  gradients,
  interpret,
  logProbAndEntropy,
  trace,
  type Executable,
  type Feeds,
  type RunFeeds,
  type Shape,
  type Tensor,
  type Tracer,
} from "../index.ts";
import { createOnnxExecutor, lowerToOnnx } from "./index.ts";
import { scatterIntoSums } from "./scatter-into-sums.ts";

const executor = createOnnxExecutor({ threads: 2 });
const isKoffiThere = await import("koffi").then(
  () => true,
  () => false,
);
const random = createRandom("onnx-executor");

function numbers(...shape: number[]): Feeds[string] {
  const length = shape.reduce((product, size) => product * size, 1);
  return { data: Float32Array.from({ length }, () => 2 * random.next() - 1), shape };
}

function ids(limit: number, ...shape: number[]): Feeds[string] {
  const length = shape.reduce((product, size) => product * size, 1);
  return { data: Int32Array.from({ length }, () => random.integer(limit)), shape };
}

/**
 * Asserts that all entries are equal to float32 accuracy, relative to the largest entry or to 0.1.
 */
function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  let largest = 0.1;
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i]!));
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!));
  }
  expect(worst / largest).toBeLessThan(1e-5);
}

/** Traces a small language model with all gradients; its sizes are names or numbers. */
function languageModel(g: Tracer, batch: Shape[0], time: Shape[0]): Record<string, Tensor> {
  const [d, heads, keyHeads, vocabulary] = [8, 4, 2, 11];
  const weights = {
    embedding: g.input("embedding", "float32", [vocabulary, d]),
    norm: g.input("norm", "float32", [d]),
    query: g.input("query", "float32", [d, d]),
    key: g.input("key", "float32", [(d * keyHeads) / heads, d]),
    output: g.input("output", "float32", [d, d]),
  };
  const tokens = g.input("tokens", "int32", [batch, time]);
  const targets = g.input("targets", "int32", [batch, time]);
  const x = g.gather(weights.embedding, tokens);
  const normed = g.rmsNorm(x, weights.norm);
  const split = (y: Tensor, count: number): Tensor => g.reshape(y, [batch, time, count, d / heads]);
  const key = split(g.linear(normed, weights.key), keyHeads);
  const query = split(g.linear(normed, weights.query), heads);
  const mixed = attention(g, { query, key, value: key }, { causal: true, blocks: 2 });
  const hidden = g.add(x, g.linear(g.reshape(mixed, [batch, time, d]), weights.output));
  const rows = g.reshape(targets, [`${batch}*${time}`]);
  const { logProbs, entropies } = logProbAndEntropy(
    g,
    { hidden: g.reshape(hidden, [`${batch}*${time}`, d]), head: weights.embedding, targets: rows },
    { chunks: 2 },
  );
  const loss = g.reduceMean(g.subtract(g.multiply(entropies, 0.1), logProbs));
  const found = gradients(g, loss, Object.values(weights));
  const names = Object.keys(weights);
  return { loss, logProbs, ...Object.fromEntries(found.map((tensor, i) => [names[i], tensor])) };
}

function languageFeeds(batch: number, time: number): Record<string, Feeds[string]> {
  return {
    embedding: numbers(11, 8),
    norm: numbers(8),
    query: numbers(8, 8),
    key: numbers(4, 8),
    output: numbers(8, 8),
    tokens: ids(11, batch, time),
    targets: ids(11, batch, time),
  };
}

describe("createOnnxExecutor", () => {
  it("serves all sizes with one compiled program, like programs traced for each", async () => {
    const program = trace((g) => languageModel(g, "batch", "time"));
    const shared = await executor.compile(program);
    for (const [batch, time] of [
      [2, 5],
      [1, 1],
      [3, 2],
      [2, 9],
      [1, 1],
    ] as const) {
      const feeds = languageFeeds(batch, time);
      const own = await executor.compile(trace((g) => languageModel(g, batch, time)));
      const [fromShared, fromOwn] = [await shared.run(feeds), await own.run(feeds)];
      for (const [name, { shape, data }] of Object.entries(interpret(program, feeds))) {
        expect(fromShared[name]!.shape).toEqual(shape);
        expectClose(fromShared[name]!.data, data);
        expectClose(fromOwn[name]!.data, data);
      }
      await own.release();
    }
    await shared.release();
  });

  it("loses no update of a repeated row, in any run", async () => {
    // If threads race, about half of the runs of this program give wrong results.
    const [count, rows, width] = [4096, 300, 64];
    const program = trace((g) => {
      const table = g.input("table", "float32", ["rows", width]);
      const taken = g.gather(table, g.input("ids", "int32", ["n"]));
      const loss = g.reduceSum(g.multiply(taken, g.input("weights", "float32", ["n", width])));
      return { d: gradients(g, loss, [table])[0]! };
    });
    const feeds = {
      table: numbers(rows, width),
      ids: ids(rows, count),
      weights: numbers(count, width),
    };
    const expected = new Float64Array(rows * width);
    feeds.weights.data.forEach((weight, i) => {
      expected[feeds.ids.data[Math.floor(i / width)]! * width + (i % width)]! += weight;
    });
    const executable = await executor.compile(program);
    for (let run = 0; run < 30; run++) expectClose((await executable.run(feeds)).d.data, expected);
    await executable.release();
  });

  it("scatters unique ids like any others", async () => {
    const program = trace((g) => {
      const updates = g.input("updates", "float32", [2, "n", 3]);
      const places = g.input("ids", "int32", [2, "n"]);
      return {
        unique: g.scatterAdd(updates, places, 50, { uniqueIds: true }),
        any: g.scatterAdd(updates, places, 50),
      };
    });
    const executable = await executor.compile(program);
    const order = random.shuffle(Array.from({ length: 50 }, (_, i) => i)).slice(0, 40);
    const feeds = {
      updates: numbers(2, 20, 3),
      ids: { data: Int32Array.from(order), shape: [2, 20] },
    };
    const { unique, any } = await executable.run(feeds);
    expect(unique.data).toEqual(any.data);
    expectClose(any.data, interpret(program, feeds).any.data);
    await executable.release();
  });

  it("reads feeds in place: a changed weight affects the next run", async () => {
    const program = trace((g) => ({ y: g.multiply(g.input("x", "float32", ["n"]), 2) }));
    const executable = await executor.compile(program);
    const x = { data: Float32Array.of(1, 2), shape: [2] };
    const before = await executable.run({ x });
    x.data[0] = 5;
    const after = await executable.run({ x });
    expect([...before.y.data]).toEqual([2, 4]);
    expect([...after.y.data]).toEqual([10, 4]);
    expect([...x.data]).toEqual([5, 2]);
    await executable.release();
  });

  it("returns inputs, constants, and one tensor under two names", async () => {
    const program = trace((g) => {
      const x = g.input("x", "float32", ["n"]);
      const y = g.exp(x);
      return { x, y, again: y, constant: g.constant([1, 2], { shape: [2] }) };
    });
    const executable = await executor.compile(program);
    const outputs = await executable.run({ x: { data: Float32Array.of(0), shape: [1] } });
    expect(
      Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, [...data]])),
    ).toEqual({
      x: [0],
      y: [1],
      again: [1],
      constant: [1, 2],
    });
    await executable.release();
  });

  it("accepts booleans as inputs", async () => {
    const program = trace((g) => {
      const mask = g.and(g.input("mask", "bool", ["n"]), g.not(g.equal(g.iota("n"), 0)));
      return { y: g.where(mask, 1, g.cast(g.iota("n"), "float32")) };
    });
    const executable = await executor.compile(program);
    const mask = { data: Uint8Array.of(1, 1, 0), shape: [3] };
    expect([...(await executable.run({ mask })).y.data]).toEqual([0, 1, 2]);
    await executable.release();
  });

  it("embeds large constants", async () => {
    const table = Float32Array.from({ length: 120 }, () => random.next());
    const program = trace((g) => ({
      y: g.linear(g.input("x", "float32", ["n", 3]), g.constant(table, { shape: [40, 3] })),
    }));
    const executable = await executor.compile(program);
    const x = numbers(2, 3);
    expectClose((await executable.run({ x })).y.data, interpret(program, { x }).y.data);
    await executable.release();
  });

  it("gives the same bytes for the same program", () => {
    const lower = (): Uint8Array => lowerToOnnx(trace((g) => languageModel(g, "b", "t"))).bytes;
    expect(lower()).toEqual(lower());
  });

  it("does not grow over many runs", async () => {
    const program = trace((g) => languageModel(g, "batch", "time"));
    const executable = await executor.compile(program);
    const many = async (count: number): Promise<number> => {
      for (let run = 0; run < count; run++) {
        await executable.run(languageFeeds(1 + (run % 8), 1 + ((7 * run) % 32)));
      }
      return process.memoryUsage().rss;
    };
    const before = await many(100);
    const after = await many(300);
    // Leaking a megabyte per run would add 300 MB; noise of the allocator and garbage collector is
    // smaller.
    expect(after - before).toBeLessThan(150e6);
    await executable.release();
  });

  it("computes the same without keeping memory between runs", async () => {
    const program = trace((g) => languageModel(g, "batch", "time"));
    const [kept, given] = await Promise.all(
      [true, false].map((keepsMemory) => executor.compile(program, { keepsMemory })),
    );
    for (const time of [3, 9, 2]) {
      const feeds = languageFeeds(2, time);
      expect(await given!.run(feeds)).toEqual(await kept!.run(feeds));
    }
    await Promise.all([kept!.release(), given!.release()]);
  });

  it("does not need frozen arrays after compilation if they are not kept", async () => {
    const program = trace((g) => ({
      y: g.linear(g.input("x", "float32", ["n", 2]), g.input("w", "float32", [3, 2])),
    }));
    const [w, x] = [numbers(3, 2), numbers(4, 2)];
    const options = { frozen: { w }, keepsFrozen: false };
    const executable = await executor.compile(program, options);
    const { y } = interpret(program, { x, w });
    w.data.fill(Number.NaN);
    expectClose((await executable.run({ x })).y.data, y.data);
    await expect(executable.run({ x, w })).rejects.toThrow(
      "feeds must name inputs of the program (x), got w",
    );
    await expect(executable.run({ x: numbers(0, 2) })).rejects.toThrow(
      "run: sizes must be at least 1 with keepsFrozen: false, got n 0",
    );
    await executable.release();
  });

  it("reports invalid options and feeds", async () => {
    const program = trace((g) => ({
      y: g.linear(g.input("x", "float32", ["n", 2]), g.input("w", "float32", [3, 2])),
    }));
    const executable = await executor.compile(program);
    const w = numbers(3, 2);
    const fails = async (
      feeds: RunFeeds,
      text: string,
      of: Executable = executable,
    ): Promise<void> => {
      await expect(of.run(feeds)).rejects.toThrow(text);
    };
    await fails({ x: numbers(1, 2) }, "run: feed w must be given, got none");
    await fails({ x: numbers(2, 3), w }, "run: feed x must have shape [n, 2], got [2, 3]");
    await fails({ x: ids(2, 1, 2), w }, "run: feed x must hold float32 entries, got a Int32Array");
    await fails(
      { x: { data: new Float64Array(2), shape: [1, 2] }, w },
      "run: feed x must be a Float32Array, got a Float64Array",
    );
    const other = await createReferenceExecutor().upload(numbers(3, 2));
    await fails(
      { x: numbers(1, 2), w: other },
      "run: feed w must be a tensor of ONNX Runtime's cpu provider, got a tensor of the reference executor",
    );
    const short = await executor.upload(numbers(2, 2));
    await fails({ x: numbers(1, 2), w: short }, "run: feed w must have shape [3, 2], got [2, 2]");
    const gone = await executor.upload(numbers(3, 2));
    gone.dispose();
    await fails(
      { x: numbers(1, 2), w: gone },
      "run: resident tensor must not be used after dispose()",
    );
    await executable.release();
    await fails(
      { x: numbers(1, 2), w },
      "run: executable must not be run after release(); compile the program again",
    );
    await executable.release();
    await expect(
      executor.compile(trace((g) => ({ ids: g.input("ids", "int32", ["n"]) }))),
    ).rejects.toThrow("compile: output ids must be float32, got int32");
    expect(() => createOnnxExecutor({ provider: "metal" as "cpu" })).toThrow(
      "createOnnxExecutor: provider must be one of cpu, webgpu, cuda, got metal",
    );
    expect(() => createOnnxExecutor({ products: "float16" })).toThrow(
      "createOnnxExecutor: products must be one of float32 on cpu, got float16",
    );
    const y = trace((g) => ({ y: g.exp(g.input("x", "float32", ["n", 2])) }));
    await expect(executor.compile(y, { resident: ["z" as "y"] })).rejects.toThrow(
      "compile: resident must name outputs (y), got z",
    );
    await expect(executor.compile(y, { frozen: { w } })).rejects.toThrow(
      "compile: frozen must name inputs (x), got w",
    );
    await expect(executor.compile(y, { frozen: { x: numbers(1, 3) } })).rejects.toThrow(
      "compile: feed x must have shape [n, 2], got [1, 3]",
    );
    const precise = { data: new Float64Array(2), shape: [1, 2] };
    await expect(executor.compile(y, { frozen: { x: precise } })).rejects.toThrow(
      "compile: frozen x must be a Float32Array, got a Float64Array",
    );
    const fixed = await executor.compile(y, { frozen: { x: numbers(1, 2) } });
    await fails(
      { x: numbers(1, 2) },
      "run: feed x must not be given, because the input is frozen",
      fixed,
    );
    await fixed.release();
    await expect(executor.upload({ data: new Int32Array(2), shape: [2] })).rejects.toThrow(
      "upload: feed must be a Float32Array, got a Int32Array",
    );
    await expect(executor.upload({ ...numbers(2), shape: [3] })).rejects.toThrow(
      "upload: feed must hold 3 entries for shape [3], got 2",
    );
    expect(() => createOnnxExecutor({ threads: 0 })).toThrow(
      "createOnnxExecutor: threads must be a whole number >= 1, got 0",
    );
  });

  it("names the id that is outside its table, wherever ids are used", async () => {
    const program = trace((g) => {
      const places = g.input("ids", "int32", ["n"]);
      const column = g.reshape(places, ["n", 1]);
      const x = g.input("x", "float32", ["n", 2]);
      return {
        taken: g.gather(g.input("table", "float32", [4]), places),
        added: g.scatterAdd(x, places, 5),
        along: g.takeAlong(g.input("logits", "float32", ["n", 3]), column),
      };
    });
    const executable = await executor.compile(program);
    const run = (...values: number[]): Promise<unknown> =>
      executable.run({
        ids: { data: Int32Array.from(values), shape: [values.length] },
        x: numbers(values.length, 2),
        table: numbers(4),
        logits: numbers(values.length, 3),
      });
    await run(0, 2, 2);
    await expect(run(0, 4)).rejects.toThrow("run: feed ids[1] must be an id in [0, 3], got 4");
    await expect(run(0, 3)).rejects.toThrow("run: feed ids[1] must be an id in [0, 2], got 3");
    await expect(run(-1)).rejects.toThrow("run: feed ids[0] must be an id in [0, 3], got -1");
    await executable.release();
  });

  it("passes on errors that only ONNX Runtime detects, such as computed ids outside their table", async () => {
    const program = trace((g) => ({
      y: g.gather(g.input("table", "float32", [3]), g.multiply(g.input("ids", "int32", ["n"]), 3)),
    }));
    const executable = await executor.compile(program);
    const wrong = { data: Int32Array.of(1), shape: [1] };
    await expect(executable.run({ table: numbers(3), ids: wrong })).rejects.toThrow(/out of/);
    await executable.release();
  });
});

describe("spare arrays", () => {
  const program = trace((g) => {
    const x = g.input("x", "float32", ["n"]);
    return { twice: g.add(x, x), square: g.multiply(x, x) };
  });
  const feeds = { x: { data: Float32Array.of(1, 2, 3), shape: [3] } };

  it.each(["node", "koffi"] as const)(
    "do not change results, called through %s",
    async (binding) => {
      if (binding === "koffi" && !isKoffiThere) return;
      const executable = await createOnnxExecutor({ binding }).compile(program);
      const spare = {
        twice: Float32Array.of(7, 7, 7),
        square: Float32Array.of(7, 7),
        none: feeds.x.data,
      };
      const { twice, square } = await executable.run(feeds, spare);
      expect([...twice.data]).toEqual([2, 4, 6]);
      expect([...square.data]).toEqual([1, 4, 9]);
      // A spare array of another size is not used.
      expect([...spare.square]).toEqual([7, 7]);
      await executable.release();
    },
  );

  it.skipIf(!isKoffiThere)("are filled and returned through koffi", async () => {
    const executable = await createOnnxExecutor({ binding: "koffi" }).compile(program);
    const spare = { twice: new Float32Array(3) };
    expect((await executable.run(feeds, spare)).twice.data).toBe(spare.twice);
    await executable.release();
  });
});

it("adds rows to a large table without a second one", async () => {
  const [rows, width] = [2 ** 14, 64];
  const program = trace((g) => {
    const table = g.exp(g.input("table", "float32", [rows, width]));
    const parts = ["a", "b"].map((name) =>
      g.scatterAdd(
        g.input(name, "float32", ["n", width]),
        g.input(`ids ${name}`, "int32", ["n"]),
        rows,
      ),
    );
    return { sum: g.add(g.add(table, parts[0]!), parts[1]!) };
  });
  const kinds = scatterIntoSums(program).operations.map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === "scatterAdd")).toHaveLength(2);
  expect(kinds).not.toContain("add");
  const feeds = {
    table: numbers(rows, width),
    a: numbers(40, width),
    "ids a": ids(9, 40),
    b: numbers(40, width),
    "ids b": ids(rows, 40),
  };
  const executable = await executor.compile(program);
  const { sum } = await executable.run(feeds);
  expectClose(sum.data, interpret(program, feeds).sum.data);
  await executable.release();
});
