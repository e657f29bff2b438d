import { describe, expect, it } from "vitest";
import { createReferenceExecutor, trace, type Program, type ResidentTensor } from "@turnwise/graph";
import { executorLaws } from "@turnwise/graph/laws";
import { createCudaExecutor } from "./cuda-executor.ts";
import { getDeviceContext } from "./device-context.ts";
import { DeviceExecutable } from "./device-executable.ts";
import { openCudaDevice } from "../driver/open-cuda-device.ts";
import { planProgram } from "../plan/plan.ts";
import { softwareCuda } from "../testing/software-cuda.ts";

const software = softwareCuda();
if (software.missing !== undefined) console.log(`No CUDA device: ${software.missing}`);
const open =
  software.path === undefined ? undefined : await openCudaDevice({ path: software.path });
const device = open!;

function countUp(length: number, scale = 1): Float32Array {
  return Float32Array.from({ length }, (_, i) => scale * ((i % 17) - 8));
}

/** One time step of a moving object; updates both inputs elementwise. */
function traceMotion(): Program<"position" | "speed"> {
  return trace((g) => {
    const position = g.input("position", "float32", ["n"]);
    const speed = g.input("speed", "float32", ["n"]);
    const faster = g.add(g.multiply(speed, 0.9), g.input("push", "float32", ["n"]));
    return { position: g.add(position, faster), speed: faster };
  });
}

describe.skipIf(open === undefined)("the CUDA executor", () => {
  const executor = createCudaExecutor(open ? { device: open } : {});

  for (const law of executorLaws(executor)) it(`satisfies the law: ${law.name}`, law.check);

  // Executor that records every run as a CUDA graph and repeats recordings.
  const recording = createCudaExecutor({ ...(open && { device: open }), recordAfter: 0 });
  for (const law of executorLaws(recording)) {
    it(`satisfies the law, with recorded runs: ${law.name}`, law.check);
  }

  // bfloat16 factors have 8 significant bits, so products are off by a few thousandths.
  const rounding = createCudaExecutor({ ...(open && { device: open }), products: "bfloat16" });
  for (const law of executorLaws(rounding, { tolerance: 0.04 })) {
    if (!/matmul|linear|attention|logProb|trains|frozen|replaceRows/u.test(law.name)) continue;
    it(`satisfies the law, with products in bfloat16: ${law.name}`, law.check);
  }

  it("computes in the memory of consumed inputs", async () => {
    const options = { resident: ["position", "speed"], consumed: ["position", "speed"] } as const;
    const executable = await executor.compile(traceMotion(), options);
    const { memory } = getDeviceContext(device);
    const upload = (data: Float32Array) => executor.upload({ data, shape: [data.length] });
    const held = memory.use.held;
    let position = await upload(countUp(5000));
    let speed = await upload(countUp(5000, 0.5));
    const { held: before, cached } = memory.use;
    const push = { data: countUp(5000, 0.1), shape: [5000] };
    for (let step = 0; step < 3; step++)
      ({ position, speed } = await executable.run({ position, speed, push }));
    expect(memory.use).toMatchObject({ held: before, cached });
    const expected = countUp(5000, 0.5).map(
      (v, i) => 0.9 * (0.9 * (0.9 * v + push.data[i]!) + push.data[i]!) + push.data[i]!,
    );
    const speeds = await speed.read();
    for (let i = 0; i < 5000; i++) expect(speeds[i]).toBeCloseTo(expected[i]!, 4);
    position.dispose();
    speed.dispose();
    await executable.release();
    expect(memory.use.held).toBe(held);
  });

  it("does not compute in the memory of inputs that it only reads", async () => {
    const executable = await executor.compile(traceMotion(), {
      resident: ["position"],
      consumed: [],
    });
    const position = await executor.upload({ data: countUp(100), shape: [100] });
    const zeros = { data: new Float32Array(100), shape: [100] };
    const next = await executable.run({
      position,
      speed: zeros,
      push: { ...zeros, data: countUp(100) },
    });
    expect(await position.read()).toEqual(countUp(100));
    expect(await next.position.read()).toEqual(countUp(100, 2));
    for (const tensor of [position, next.position]) tensor.dispose();
    await executable.release();
  });

  it("reads rows of a table before it replaces others in it", async () => {
    const program = trace((g) => {
      const table = g.input("table", "float32", ["rows", 64]);
      const rows = g.gather(table, g.input("from", "int32", ["n"]));
      return { table: g.replaceRows(table, rows, g.input("to", "int32", ["n"])) };
    });
    const options = { resident: ["table"], consumed: ["table"] } as const;
    const executable = await executor.compile(program, options);
    const data = Float32Array.from({ length: 64 * 64 }, (_, i) => Math.floor(i / 64));
    const table = await executor.upload({ data, shape: [64, 64] });
    const { held } = getDeviceContext(device).memory.use;
    // All rows move by one position, so every row is both read and overwritten.
    const from = { data: Int32Array.from({ length: 64 }, (_, i) => i), shape: [64] };
    const to = { data: from.data.map((i) => (i + 1) % 64), shape: [64] };
    const moved = (await executable.run({ table, from, to })).table;
    expect(getDeviceContext(device).memory.use.held).toBe(held);
    expect(await moved.read()).toEqual(data.map((row) => (row + 63) % 64));
    moved.dispose();
    await executable.release();
  });

  it("replaces rows of a table twice without a copy", async () => {
    const program = trace((g) => {
      const table = g.input("table", "float32", [100_000, 2]);
      const row = g.input("row", "float32", [1, 2]);
      const id = (i: number) => g.constant([i], { dtype: "int32", shape: [1] });
      return { table: g.replaceRows(g.replaceRows(table, row, id(7)), row, id(99_999)) };
    });
    const options = { resident: ["table"], consumed: ["table"] } as const;
    const executable = await executor.compile(program, options);
    const table = await executor.upload({ data: new Float32Array(200_000), shape: [100_000, 2] });
    const { held, workspace } = getDeviceContext(device).memory.use;
    const row = { data: Float32Array.of(3, 4), shape: [1, 2] };
    const result = (await executable.run({ table, row })).table;
    expect(getDeviceContext(device).memory.use).toMatchObject({ held, workspace });
    const data = await result.read();
    expect([...data.subarray(14, 16), ...data.subarray(-2)]).toEqual([3, 4, 3, 4]);
    result.dispose();
    await executable.release();
  });

  it("accumulates products and scatters into a consumed sum", async () => {
    const program = trace((g) => {
      const x = g.input("x", "float32", ["n", 96]);
      const c = g.input("c", "float32", ["n", 64]);
      const ids = g.input("ids", "int32", ["n"]);
      const products = [x, g.exp(x)].map((each) => g.matmul(c, each, { transposeA: true }));
      const total = g.add(g.add(products[0]!, products[1]!), g.scatterAdd(x, ids, 64));
      return { sum: g.add(g.input("sum", "float32", [64, 96]), total) };
    });
    const options = { resident: ["sum"], consumed: ["sum"] } as const;
    const executable = await executor.compile(program, options);
    const reference = await createReferenceExecutor().compile(program, { resident: ["sum"] });
    const feeds = {
      x: { data: countUp(10 * 96, 0.1), shape: [10, 96] },
      c: { data: countUp(10 * 64, 0.05), shape: [10, 64] },
      ids: { data: Int32Array.of(3, 1, 63, 1, 5, 9, 2, 6, 5, 3), shape: [10] },
    };
    const start = { data: countUp(64 * 96), shape: [64, 96] };
    let expected = (await reference.run({ ...feeds, sum: start })).sum;
    let sum = (await executable.run({ ...feeds, sum: await executor.upload(start) })).sum;
    const { held, workspace } = getDeviceContext(device).memory.use;
    for (let run = 0; run < 2; run++) {
      expected = (await reference.run({ ...feeds, sum: expected })).sum;
      sum = (await executable.run({ ...feeds, sum })).sum;
    }
    expect(getDeviceContext(device).memory.use).toMatchObject({ held, workspace });
    const [found, wanted] = [await sum.read(), await expected.read()];
    wanted.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 3));
    sum.dispose();
    await executable.release();
  });

  it("computes the start of a resident sum in the buffer of the sum", async () => {
    const program = trace((g) => {
      const x = g.input("x", "float32", ["n", 256]);
      const products = [x, g.exp(x), g.tanh(x)].map((each) =>
        g.matmul(x, each, { transposeA: true }),
      );
      return { sum: products.reduce((sum, each) => g.add(sum, each)) };
    });
    const executable = await executor.compile(program, { resident: ["sum"] });
    const x = { data: countUp(512, 0.1), shape: [2, 256] };
    const [{ sum }, reference] = [
      await executable.run({ x }),
      await createReferenceExecutor().compile(program),
    ];
    const expected = (await reference.run({ x })).sum.data;
    const found = await sum.read();
    expected.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 4));
    // Two of the three products accumulate into the first.
    const { steps } = planProgram(program, "float32");
    expect(steps.filter(({ updated: copied }) => copied !== undefined)).toHaveLength(2);
    sum.dispose();
    await executable.release();
  });

  it("repeats a long program in the same memory, and notices changed addresses", async () => {
    const program = trace((g) => {
      let x = g.input("x", "float32", ["n", 32]);
      const weight = g.input("weight", "float32", [32, 32]);
      let table = g.input("table", "float32", [64, 32]);
      const id = g.input("id", "int32", [1]);
      for (let layer = 0; layer < 8; layer++) {
        x = g.tanh(
          g.linear(
            g.rmsNorm(
              x,
              g.constant(
                Array.from({ length: 32 }, (_, i) => 1 + i / 32),
                { shape: [32] },
              ),
            ),
            weight,
          ),
        );
      }
      table = g.replaceRows(table, g.slice(x, 0, 0, 1), id);
      return { table, y: g.reduceSum(g.add(x, g.reduceSum(table)), { axes: [1] }) };
    });
    const options = { resident: ["table"], consumed: ["table"] } as const;
    const executable = await executor.compile(program, options);
    const reference = await createReferenceExecutor().compile(program, {
      resident: ["table"],
    });
    const values = countUp(32 * 32, 0.02);
    let weight = await executor.upload({ data: values, shape: [32, 32] });
    const fed = { data: values, shape: [32, 32] };
    let table = await executor.upload({ data: countUp(64 * 32, 0.01), shape: [64, 32] });
    let expected: ResidentTensor | undefined;
    for (let run = 0; run < 24; run++) {
      const n = run < 12 ? 3 : 2 + (run % 2);
      if (run === 8) {
        // The same weights at another address: the recording must not be reused.
        const moved = await executor.upload({ data: values, shape: [32, 32] });
        weight.dispose();
        weight = moved;
      }
      const feeds = {
        x: { data: countUp(32 * n, 0.03).map((value) => value + run / 10), shape: [n, 32] },
        id: { data: Int32Array.of((7 * run) % 64), shape: [1] },
      };
      const before = expected ?? { data: countUp(64 * 32, 0.01), shape: [64, 32] };
      const wanted = await reference.run({ ...feeds, weight: fed, table: before });
      const found = await executable.run({ ...feeds, weight, table });
      expected = wanted.table;
      table = found.table;
      wanted.y.data.forEach((value, i) => expect(found.y.data[i]).toBeCloseTo(value, 3));
    }
    for (const tensor of [weight, table]) tensor.dispose();
    await executable.release();
  });

  it("gives the same bits in every run, with repeated ids and long sums", async () => {
    const program = trace((g) => {
      const x = g.input("x", "float32", ["n", 3]);
      const ids = g.input("ids", "int32", ["n"]);
      return {
        many: g.scatterAdd(x, ids, 4000),
        few: g.scatterAdd(x, ids, 600),
        along: g.scatterAddAlong(g.reshape(x, [3, "n"]), g.expand(ids, [3, "n"]), 4000),
        sum: g.reduceSum(x),
        columns: g.reduceSum(x, { axes: [0] }),
      };
    });
    const executable = await executor.compile(program);
    const n = 3000;
    const x = {
      data: Float32Array.from({ length: 3 * n }, (_, i) => Math.sin(i) * 10 ** (i % 7)),
      shape: [n, 3],
    };
    const ids = { data: Int32Array.from({ length: n }, (_, i) => (i * i) % 600), shape: [n] };
    const first = await executable.run({ x, ids });
    expect(await executable.run({ x, ids })).toEqual(first);
    const reference = await createReferenceExecutor().compile(program);
    const expected = await reference.run({ x, ids });
    for (const name of ["many", "few", "along", "sum", "columns"] as const) {
      // Sums of numbers up to 1e6 have rounding errors of about 1e-1.
      expected[name].data.forEach((value, i) =>
        expect(Math.abs(first[name].data[i]! - value)).toBeLessThan(20),
      );
    }
    await executable.release();
  });

  it("accepts constants everywhere: as outputs, and as ids", async () => {
    const program = trace((g) => {
      const ids = g.constant([2, 2], { dtype: "int32", shape: [2] });
      return {
        ones: g.constant([1, 1, 1], { shape: [3] }),
        list: g.constant([1, 2, 3], { shape: [3] }),
        sum: g.scatterAdd(g.input("x", "float32", [2]), ids, 3),
      };
    });
    const executable = await executor.compile(program, { resident: ["ones", "list"] });
    const { ones, list, sum } = await executable.run({
      x: { data: Float32Array.of(4, 5), shape: [2] },
    });
    await executable.release();
    expect([...(await ones.read())]).toEqual([1, 1, 1]);
    expect([...(await list.read())]).toEqual([1, 2, 3]);
    expect([...sum.data]).toEqual([0, 0, 9]);
    for (const tensor of [ones, list]) tensor.dispose();
  });

  it("does not grow in memory from run to run", async () => {
    const program = trace((g) => {
      const x = g.input("x", "float32", ["n", 64]);
      return { y: g.softmax(g.matmul(x, g.exp(x), { transposeB: true })) };
    });
    const executable = await executor.compile(program, { resident: ["y"] });
    const { memory } = getDeviceContext(device);
    const run = async (n: number): Promise<void> => {
      const { y } = await executable.run({ x: { data: countUp(64 * n, 0.01), shape: [n, 64] } });
      y.dispose();
    };
    await run(200);
    const { held, workspace } = memory.use;
    for (const n of [200, 100, 150, 200]) await run(n);
    expect(memory.use).toMatchObject({ held, workspace });
    await executable.release();
  });

  it("keeps one bfloat16 copy of a weight for its lifetime, and only the copy of a frozen one", async () => {
    const program = trace((g) => {
      const weight = g.input("weight", "float32", [512, 512]);
      const x = g.input("x", "float32", ["n", 512]);
      return { y: g.linear(g.linear(x, weight), weight) };
    });
    const { memory } = getDeviceContext(device);
    const before = memory.use.held;
    const weights = { data: countUp(512 * 512, 1 / 128), shape: [512, 512] };
    const x = { data: countUp(512, 0.25), shape: [1, 512] };
    const full = 4 * 512 * 512;
    const held = (): number => memory.use.held - before;

    const fed = await rounding.compile(program);
    const weight = await rounding.upload(weights);
    expect(held()).toBe(full);
    const first = await fed.run({ weight, x });
    expect(held()).toBe(1.5 * full);
    expect(await fed.run({ weight, x })).toEqual(first);
    expect(held()).toBe(1.5 * full);
    weight.dispose();
    expect(held()).toBe(0);
    await fed.release();

    const frozen = await rounding.compile(program, { frozen: { weight: weights } });
    expect(held()).toBe(full);
    for (let run = 0; run < 2; run++) expect(await frozen.run({ x })).toEqual(first);
    expect(held()).toBe(full / 2);
    await frozen.release();
    expect(held()).toBe(0);
  });

  it("counts entries in 64 bits if there are many", async () => {
    const program = trace((g) => {
      const x = g.input("x", "float32", ["n", 6]);
      const normed = g.rmsNorm(x, g.constant([1, 2, 3, 4, 5, 6], { shape: [6] }));
      const ids = g.input("ids", "int32", ["n"]);
      return {
        y: g.add(g.transpose(g.softmax(normed), [1, 0]), g.reduceMax(x, { axes: [1] })),
        z: g.scatterAdd(g.concat([g.slice(x, 1, 2), g.slice(x, 1, 0, 2)], 1), ids, "n"),
      };
    });
    const feeds = {
      x: { data: countUp(60, 0.3), shape: [10, 6] },
      ids: { data: Int32Array.of(3, 1, 4, 1, 5, 9, 2, 6, 5, 3), shape: [10] },
    };
    const context = getDeviceContext(device);
    const run = async (maxNarrowEntries: number) => {
      const options = { maxNarrowEntries };
      const compiled = await DeviceExecutable.create(context, program, "float32", {}, options);
      const outputs = await compiled.run(feeds);
      compiled.release();
      return outputs;
    };
    expect(await run(7)).toEqual(await run(2 ** 31 - 1));
  });

  it("reports available memory, and how much a run needs", async () => {
    const program = trace((g) => {
      const x = g.input("x", "float32", ["n"]);
      return { y: g.expand(x, ["n", "n"]) };
    });
    const executable = await executor.compile(program, { resident: ["y"] });
    const { memory } = getDeviceContext(device);
    const { held } = memory.use;
    const n = 200_000;
    await expect(executable.run({ x: { data: new Float32Array(n), shape: [n] } })).rejects.toThrow(
      /^run: out of memory on .+, \d{6}\.\d MiB requested, \d+\.\d MiB of \d+\.\d MiB free, \d+\.\d MiB held by tensors$/u,
    );
    expect(memory.use.held).toBe(held);
    // After the failure, a smaller run still works.
    const { y } = await executable.run({ x: { data: Float32Array.of(1, 2), shape: [2] } });
    expect([...(await y.read())]).toEqual([1, 2, 1, 2]);
    y.dispose();
    await executable.release();
  });

  it("refuses unknown options", () => {
    expect(() => createCudaExecutor({ deviceId: -1 })).toThrow(
      "createCudaExecutor: deviceId must be a whole number >= 0, got -1",
    );
    // @ts-expect-error -- no such type.
    expect(() => createCudaExecutor({ products: "int8" })).toThrow(
      "createCudaExecutor: products must be one of float32, tensorfloat32, bfloat16, got int8",
    );
  });
});
