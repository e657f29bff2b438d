/**
 * Tokens per second of a small decoder: training step (forward and backward) against forward pass alone,
 * and a profile by operation.
 *
 * npx tsx --conditions=turnwise-source bench/graph-training.bench.ts [threads] [batch] [time]
 */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "@turnwise/core";
import {
  attention,
  gradients,
  logProbAndEntropy,
  swiglu,
  trace,
  type Executable,
  type Feed,
  type Program,
  type Tensor,
  type Tracer,
} from "@turnwise/graph";
import { createOnnxExecutor } from "@turnwise/graph/onnx";

const [threads = 2, batch = 16, time = 256] = process.argv.slice(2).map(Number);
const size = 128;
const numLayers = 4;
const heads = 4;
const keyHeads = 2;
const headSize = size / heads;
const inner = 384;
const vocabulary = 300;
const rounds = 5;

function weightShapes(): Record<string, readonly number[]> {
  const shapes: Record<string, readonly number[]> = { embedding: [vocabulary, size], norm: [size] };
  for (let layer = 0; layer < numLayers; layer++) {
    Object.assign(shapes, {
      [`${layer}.norm1`]: [size],
      [`${layer}.q`]: [size, size],
      [`${layer}.k`]: [keyHeads * headSize, size],
      [`${layer}.v`]: [keyHeads * headSize, size],
      [`${layer}.o`]: [size, size],
      [`${layer}.norm2`]: [size],
      [`${layer}.gate`]: [inner, size],
      [`${layer}.up`]: [inner, size],
      [`${layer}.down`]: [size, inner],
    });
  }
  return shapes;
}

function decoder(g: Tracer, isTraining: boolean): Record<string, Tensor> {
  const weights = new Map(
    Object.entries(weightShapes()).map(([name, shape]) => [name, g.input(name, "float32", shape)]),
  );
  const w = (name: string): Tensor => {
    const weight = weights.get(name);
    if (!weight) throw new Error(`decoder: no weight ${name}`);
    return weight;
  };
  const tokens = g.input("tokens", "int32", ["batch", "time"]);
  const targets = g.input("targets", "int32", ["batch", "time"]);
  const positions = g.input("positions", "int32", ["batch", "time"]);
  const cos = g.input("cos", "float32", ["positions", headSize / 2]);
  const sin = g.input("sin", "float32", ["positions", headSize / 2]);

  let x = g.gather(w("embedding"), g.reshape(tokens, ["batch*time"]));
  for (let layer = 0; layer < numLayers; layer++) {
    const normed = g.rmsNorm(x, w(`${layer}.norm1`));
    const project = (name: string, count: number): Tensor =>
      g.reshape(g.linear(normed, w(`${layer}.${name}`)), ["batch", "time", count, headSize]);
    const query = g.rope(project("q", heads), cos, sin, positions);
    const key = g.rope(project("k", keyHeads), cos, sin, positions);
    const mixed = attention(g, { query, key, value: project("v", keyHeads) }, { causal: true });
    x = g.add(x, g.linear(g.reshape(mixed, ["batch*time", size]), w(`${layer}.o`)));
    const again = g.rmsNorm(x, w(`${layer}.norm2`));
    const gate = g.linear(again, w(`${layer}.gate`));
    const up = g.linear(again, w(`${layer}.up`));
    x = g.add(x, g.linear(swiglu(g, gate, up), w(`${layer}.down`)));
  }
  const { logProbs, entropies } = logProbAndEntropy(g, {
    hidden: g.rmsNorm(x, w("norm")),
    head: w("embedding"),
    targets: g.reshape(targets, ["batch*time"]),
  });
  if (!isTraining) return { logProbs, entropies };
  const loss = g.negate(g.reduceMean(logProbs));
  const names = [...weights.keys()];
  const found = gradients(g, loss, [...weights.values()]);
  return { loss, ...Object.fromEntries(found.map((gradient, i) => [names[i], gradient])) };
}

function createFeeds(): Record<string, Feed> {
  const random = createRandom("feeds");
  const feeds: Record<string, Feed> = {};
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  for (const [name, shape] of Object.entries(weightShapes())) {
    const length = shape.reduce((a, b) => a * b, 1);
    const isNorm = name.includes("norm");
    const data = Float32Array.from({ length }, () => (isNorm ? 1 : 0.05 * normal()));
    feeds[name] = { data, shape };
  }
  const ids = (): Feed => ({
    data: Int32Array.from({ length: batch * time }, () => random.integer(vocabulary)),
    shape: [batch, time],
  });
  feeds["tokens"] = ids();
  feeds["targets"] = ids();
  const positions = Int32Array.from({ length: batch * time }, (_, i) => i % time);
  feeds["positions"] = { data: positions, shape: [batch, time] };
  const half = headSize / 2;
  const angles = Float32Array.from(
    { length: time * half },
    (_, i) => Math.floor(i / half) / 10000 ** ((i % half) / half),
  );
  feeds["cos"] = { data: angles.map(Math.cos), shape: [time, half] };
  feeds["sin"] = { data: angles.map(Math.sin), shape: [time, half] };
  return feeds;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b).at(Math.floor(values.length / 2)) ?? NaN;
}

/** Measures wall-clock and CPU time of one run, milliseconds. */
async function measure(
  executable: Executable,
  feeds: Record<string, Feed>,
): Promise<{ wall: number; cpu: number }> {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  await executable.run(feeds);
  const used = process.cpuUsage(cpu);
  return { wall: performance.now() - start, cpu: (used.user + used.system) / 1000 };
}

async function profile(program: Program, feeds: Record<string, Feed>): Promise<void> {
  const prefix = join(tmpdir(), `turnwise-profile-${process.pid}`);
  const executable = await createOnnxExecutor({ threads, profilePrefix: prefix }).compile(program);
  for (let round = 0; round < 3; round++) await executable.run(feeds);
  await executable.release();
  const totals = new Map<string, { time: number; count: number }>();
  for (const file of readdirSync(tmpdir()).filter((name) =>
    join(tmpdir(), name).startsWith(prefix),
  )) {
    const events: { cat: string; name: string; dur: number; args: { op_name?: string } }[] =
      JSON.parse(readFileSync(join(tmpdir(), file), "utf8"));
    rmSync(join(tmpdir(), file));
    for (const { cat, name, dur, args } of events) {
      if (cat !== "Node" || !name.endsWith("_kernel_time")) continue;
      const total = totals.get(args.op_name!) ?? { time: 0, count: 0 };
      totals.set(args.op_name!, { time: total.time + dur / 3000, count: total.count + 1 / 3 });
    }
  }
  const sum = [...totals.values()].reduce((total, { time }) => total + time, 0);
  for (const [name, total] of [...totals].sort(([, a], [, b]) => b.time - a.time).slice(0, 16)) {
    const share = ((100 * total.time) / sum).toFixed(1).padStart(5);
    const spent = total.time.toFixed(1).padStart(8);
    console.log(`  ${share} %  ${spent} ms  ${total.count.toFixed(0).padStart(4)} x  ${name}`);
  }
  console.log(`  sum ${sum.toFixed(1)} ms`);
}

const feeds = createFeeds();
const programs = {
  training: trace((g) => decoder(g, true)),
  forward: trace((g) => decoder(g, false)),
};
const numParameters = Object.values(weightShapes()).reduce(
  (total, shape) => total + shape.reduce((a, b) => a * b, 1),
  0,
);
console.log(
  `${(numParameters / 1e6).toFixed(2)} M parameters, batch ${batch} x ${time}, ${threads} threads`,
);
const executor = createOnnxExecutor({ threads });
const compiled = Object.entries(programs).map(
  async ([name, program]) => [name, await executor.compile(program)] as const,
);
const executables = await Promise.all(compiled);
const times = executables.map(([name, executable]) => ({
  name,
  executable,
  walls: [] as number[],
  cpus: [] as number[],
}));
for (let round = 0; round <= rounds; round++) {
  for (const { executable, walls, cpus } of times) {
    const { wall, cpu } = await measure(executable, feeds);
    if (round === 0) continue;
    walls.push(wall);
    cpus.push(cpu);
  }
}
for (const { name, walls, cpus } of times) {
  const [wall, cpu] = [median(walls), median(cpus)];
  const speed = ((1000 * batch * time) / wall).toFixed(0);
  console.log(
    `${name}: ${wall.toFixed(0)} ms a run (median of ${rounds}; ${cpu.toFixed(0)} ms of CPU time), ${speed} tokens/s`,
  );
}
const ratio = times.map(({ cpus }) => median(cpus)).reduce((a, b) => a / b);
console.log(`training / forward: ${ratio.toFixed(2)} in CPU time`);
console.log("peak memory:", (process.resourceUsage().maxRSS / 1024).toFixed(0), "MB");
console.log("profile of a training step:");
await profile(programs.training, feeds);
