/**
 * Latency, throughput and memory of served environments: 1, 64 and 1,000 concurrent episodes of ALFWorld and
 * 256 of WebShop (generated tasks), through WebSockets and through `step_many`, alternating in rounds. The
 * server is a process of its own with two threads; the client chooses random admissible actions.
 *
 *   npx tsx --conditions=turnwise-source bench/serve.bench.ts [--rounds 2] [--turns 20] [--slope-seconds 60]
 *
 * `--slope-seconds`: time for which 64 sessions play one episode after another, to find the growth of memory.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createRandom, mean, type Random } from "@turnwise/core";
import { serveEnvironments } from "@turnwise/envs/serve";
import { environments, resolveConfig } from "@turnwise/training";
import { serveBuiltIn } from "@turnwise/training/serve";
import { WebSocket } from "ws";

const { values: options } = parseArgs({
  options: {
    serve: { type: "string" },
    capacity: { type: "string", default: "1024" },
    rounds: { type: "string", default: "2" },
    turns: { type: "string", default: "20" },
    "slope-seconds": { type: "string", default: "60" },
  },
});

interface Observation {
  readonly text: string;
  readonly admissible_actions: readonly string[];
}

/** Result of a session, as both protocols send it. */
interface Result {
  readonly observation: Observation;
  readonly done: boolean;
}

/** Concurrent sessions of one protocol. */
interface Player {
  /** Starts the episodes of all sessions, and measures the latency of each call, milliseconds. */
  reset(latencies: number[]): Promise<void>;
  /** Performs an action in each session. */
  step(latencies: number[]): Promise<void>;
  close(): Promise<void>;
}

/** Serves an environment, as the process that is measured. */
async function serve(name: string): Promise<void> {
  const environment = environments.find((one) => one.name === name)!;
  const experiment = resolveConfig(
    environment.createExperiment(1, {}),
    { tasks: environment.serving.tasks },
    "bench",
  );
  const served = serveBuiltIn(environment, experiment as never, { numTasks: 256 });
  const capacity = Number(options.capacity);
  const server = await serveEnvironments([served], { port: 0, capacity });
  process.send!(server.address);
  process.once("disconnect", () => {
    void server.close();
  });
}

async function startServer(name: string): Promise<{ process: ChildProcess; address: string }> {
  const child = fork(fileURLToPath(import.meta.url), ["--serve", name]);
  const [address] = (await once(child, "message")) as [string];
  return { process: child, address };
}

/** Reads a metric of the server: a whole number. */
async function readMetric(address: string, name: string): Promise<number> {
  const text = await (await fetch(`${address}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\d+)$`, "mu").exec(text)![1]);
}

const readMemory = (address: string): Promise<number> =>
  readMetric(address, "process_resident_memory_bytes");

/** A random admissible action; searches have the words of the instruction. */
function chooseAction({ observation, done }: Result, random: Random): string {
  const actions = observation.admissible_actions;
  if (done || actions.length === 0) return "look";
  const action = actions[random.integer(actions.length)]!;
  return action.startsWith("search[") ? "search[red cotton shirt]" : action;
}

async function connectSockets(address: string, count: number, random: Random): Promise<Player> {
  const sockets = await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = new WebSocket(`${address.replace("http", "ws")}/ws`);
      await once(socket, "open");
      return socket;
    }),
  );
  const results: Result[] = [];
  const ask = async (i: number, message: object, latencies: number[]): Promise<void> => {
    const begun = performance.now();
    const reply = once(sockets[i]!, "message");
    sockets[i]!.send(JSON.stringify(message));
    const [data] = (await reply) as [Buffer];
    latencies.push(performance.now() - begun);
    const { type, data: result } = JSON.parse(data.toString("utf8")) as {
      readonly type: string;
      readonly data: Result;
    };
    if (type !== "observation") throw new Error(data.toString("utf8"));
    results[i] = result;
  };
  return {
    reset: async (latencies) => {
      await Promise.all(
        sockets.map((_, i) => ask(i, { type: "reset", data: { index: i % 256 } }, latencies)),
      );
    },
    step: async (latencies) => {
      const steps = results.flatMap((result, i) => {
        if (result.done) return [];
        const data = { command: chooseAction(result, random) };
        return [ask(i, { type: "step", data }, latencies)];
      });
      await Promise.all(steps);
    },
    close: async () => {
      await Promise.all(
        sockets.map(async (socket) => {
          socket.close();
          await once(socket, "close");
        }),
      );
    },
  };
}

function openBatch(address: string, count: number, random: Random): Player {
  let results: (Result & { readonly session: string })[] = [];
  const post = async (path: string, body: object, latencies: number[]): Promise<typeof results> => {
    const begun = performance.now();
    const response = await fetch(`${address}${path}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    const text = await response.text();
    latencies.push(performance.now() - begun);
    if (!response.ok) throw new Error(text);
    return (JSON.parse(text) as { results: typeof results }).results;
  };
  return {
    reset: async (latencies) => {
      const known = results.map(({ session }) => ({ session }));
      const resets = Array.from({ length: count }, (_, i) => ({ index: i % 256, ...known[i] }));
      results = await post("/reset_many", { resets }, latencies);
    },
    step: async (latencies) => {
      const steps = results
        .filter(({ done }) => !done)
        .map((result) => ({ session: result.session, command: chooseAction(result, random) }));
      const stepped = await post("/step_many", { steps }, latencies);
      const bySession = new Map(stepped.map((result) => [result.session, result]));
      results = results.map((result) => bySession.get(result.session) ?? result);
    },
    close: async () => {
      const sessions = results.map(({ session }) => session);
      await fetch(`${address}/close_many`, { method: "POST", body: JSON.stringify({ sessions }) });
    },
  };
}

const quantile = (values: readonly number[], share: number): string =>
  values
    .toSorted((a, b) => a - b)
    .at(Math.min(values.length - 1, Math.floor(share * values.length)))!
    .toFixed(1);

/** Waits until the server has released the closed sessions. */
async function settle(address: string): Promise<void> {
  while ((await readMetric(address, "turnwise_episodes")) > 0) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function measure(name: string, counts: readonly number[]): Promise<void> {
  const server = await startServer(name);
  const { address } = server;
  const random = createRandom("bench/serve");
  for (const count of counts) {
    for (let round = 1; round <= Number(options.rounds); round++) {
      for (const protocol of ["WebSocket", "step_many"] as const) {
        const before = await readMemory(address);
        const isSocket = protocol === "WebSocket";
        const open = isSocket ? connectSockets : openBatch;
        const player = await open(address, count, random);
        const [resets, steps]: [number[], number[]] = [[], []];
        await player.reset(resets);
        const begun = performance.now();
        for (let turn = 0; turn < Number(options.turns); turn++) await player.step(steps);
        const seconds = (performance.now() - begun) / 1000;
        const numSteps = steps.length * (isSocket ? 1 : count);
        const memory = (await readMemory(address)) - before;
        console.log(
          `${name} x ${count}, ${protocol}, round ${round}: reset p50 ${quantile(resets, 0.5)} p99 ${quantile(resets, 0.99)} ms; ` +
            `${isSocket ? "step" : "call"} p50 ${quantile(steps, 0.5)} p99 ${quantile(steps, 0.99)} ms; ` +
            `${(numSteps / seconds).toFixed(0)} steps per second; ` +
            `memory ${(memory / 2 ** 20).toFixed(1)} MiB, ${(memory / 1024 / count).toFixed(0)} KiB per session; load ${loadavg()[0]!.toFixed(0)}`,
        );
        await player.close();
        await settle(address);
      }
    }
  }
  if (name === "alfworld") await measureSlope(address, random);
  server.process.disconnect();
  await once(server.process, "exit");
}

/** Growth of memory while sessions play one episode after another. */
async function measureSlope(address: string, random: Random): Promise<void> {
  const player = openBatch(address, 64, random);
  const seconds = Number(options["slope-seconds"]);
  const begun = performance.now();
  const elapsed = (): number => (performance.now() - begun) / 1000;
  const samples: { readonly at: number; readonly bytes: number }[] = [];
  let numSteps = 0;
  while (elapsed() < seconds) {
    await player.reset([]);
    for (let turn = 0; turn < Number(options.turns); turn++) await player.step([]);
    numSteps += 64 * Number(options.turns);
    samples.push({ at: elapsed(), bytes: await readMemory(address) });
  }
  await player.close();
  // Least squares over the second half: in the first, the heaps grow to their working size.
  const late = samples.filter(({ at }) => at >= seconds / 2);
  const [at, bytes] = [mean(late.map((s) => s.at)), mean(late.map((s) => s.bytes))];
  const slope =
    mean(late.map((s) => (s.at - at) * (s.bytes - bytes))) /
    mean(late.map((s) => (s.at - at) ** 2));
  console.log(
    `64 sessions for ${seconds} s, ${numSteps} steps: ${(samples[0]!.bytes / 2 ** 20).toFixed(0)} MiB first, ` +
      `${(samples.at(-1)!.bytes / 2 ** 20).toFixed(0)} MiB last; second half ${((slope * 60) / 2 ** 20).toFixed(2)} MiB per minute; load ${loadavg()[0]!.toFixed(0)}`,
  );
}

if (options.serve === undefined) {
  await measure("alfworld", [1, 64, 1000]);
  await measure("webshop", [256]);
} else {
  await serve(options.serve);
}
