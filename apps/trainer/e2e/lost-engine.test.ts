import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ContainerError, demoTasks, DockerEngine, ensureDemoImages } from "@turnwise/envs/swebench";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";
import { runTurnwise, type Ended } from "./turnwise.ts";

/** Finds the Unix socket of an engine that answers, and builds the images. */
async function findEngineSocket(): Promise<string | undefined> {
  let engine: DockerEngine | undefined;
  try {
    engine = await DockerEngine.connect({ pull: "never" });
    await ensureDemoImages(engine, demoTasks);
    const path = /^unix:\/\/(.+)$/u.exec(engine.host)?.[1];
    if (path === undefined) console.log(`skipped: engine at ${engine.host} has no Unix socket`);
    return path;
  } catch (error) {
    if (!(error instanceof ContainerError)) throw error;
    console.log(`skipped: ${error.message}`);
    return undefined;
  } finally {
    await engine?.close();
  }
}

const socketPath = await findEngineSocket();

/** Creates settings of two iterations of 4 episodes after an evaluation, with a policy too small to learn. */
const createConfig = (address: string | null, patienceSeconds: number): object => ({
  tasks: {
    numTraining: 2,
    evaluation: [{ split: "train", numTasks: 1 }],
    hosts: [{ address, maxContainers: 4 }],
  },
  model: { hiddenSize: 32, intermediateSize: 64, numHeads: 2, numKeyValueHeads: 1 },
  warmStart: { numDemonstrations: 2, epochs: 1, minibatchSize: 1 },
  episode: { maxTurns: 2, maxResponseTokens: 8 },
  training: { iterations: 2, groupsPerIteration: 2, groupSize: 2 },
  failures: { maxInfrastructureShare: 0.2, patienceSeconds, retrySeconds: 0.5 },
});

describe.skipIf(socketPath === undefined)("a lost container engine", { timeout: 600_000 }, () => {
  let folder: string;
  let undisturbed: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "turnwise-lost-"));
    const { code, stderr } = await train("undisturbed", createConfig(null, 1));
    if (code !== 0) throw new Error(stderr);
    undisturbed = await readMetrics("undisturbed");
  }, 600_000);
  afterAll(async () => rm(folder, { recursive: true, force: true }));

  const readMetrics = (name: string): Promise<string> =>
    readFile(join(folder, name, "metrics.jsonl"), "utf8");

  async function train(
    name: string,
    settings: object,
    onOutput?: (stdout: string) => void,
  ): Promise<Ended> {
    const file = join(folder, `${name}.json`);
    await writeFile(file, JSON.stringify(settings));
    const args = ["train", "swebench", "--config", file, "--out", join(folder, name)];
    return runTurnwise(args, { ...(onOutput && { onOutput: (text) => onOutput(text) }) });
  }

  /** Creates a proxy that stops once, at the n-th connection after `arm`. */
  async function createMortalProxy(
    n: number,
  ): Promise<TcpProxy & { arm(): void; isDead: boolean }> {
    let last = Infinity;
    const proxy = await startTcpProxy(socketPath!, (numConnections) => {
      if (numConnections < last) return;
      last = Infinity;
      armed.isDead = true;
      void proxy.stop();
    });
    const armed = Object.assign(proxy, {
      isDead: false,
      arm: () => {
        last = proxy.numConnections + n;
      },
    });
    return armed;
  }

  it("stops the run with a checkpoint, and the resumed run has the metrics of an undisturbed one", async () => {
    const proxy = await createMortalProxy(6);
    try {
      const out = join(folder, "stopped");
      const address = `tcp://127.0.0.1:${proxy.port}`;
      let isArmed = false;
      const ended = await train("stopped", createConfig(address, 1), (stdout) => {
        if (isArmed || !stdout.includes("evaluation, before: train, sampled")) return;
        isArmed = true;
        proxy.arm();
      });
      expect(proxy.isDead).toBe(true);
      expect(ended.stdout).toMatch(/\d of 4 episodes failed \(engine \d; first: .*retrying in/u);
      expect(ended.stdout).not.toContain("evaluation, after");
      expect(ended.stdout).not.toContain("done in");
      expect(ended.stderr).toMatch(
        /^turnwise: iteration \d of 2 is incomplete: \d of 4 episodes failed \(engine .*\n$/u,
      );
      expect(ended.stderr).toContain(`train --resume ${out}`);
      expect(ended.code).toBe(1);
      expect(await readdir(join(out, "checkpoints"))).not.toHaveLength(0);
      await proxy.start();
      const resumed = await runTurnwise(["train", "--resume", out]);
      expect(resumed.stderr).toBe("");
      expect(resumed.code).toBe(0);
      expect(resumed.stdout).toMatch(/iteration 2\/2 .*failed 0\/4/u);
      expect(await readMetrics("stopped")).toBe(undisturbed);
    } finally {
      await proxy.stop();
    }
  });

  it("pauses the run until it is back, with the metrics of an undisturbed one", async () => {
    const proxy = await createMortalProxy(6);
    try {
      const address = `tcp://127.0.0.1:${proxy.port}`;
      let [isArmed, isBack] = [false, false];
      const ended = await train("waited", createConfig(address, 600), (stdout) => {
        if (!isArmed && stdout.includes("evaluation, before: train, sampled")) {
          isArmed = true;
          proxy.arm();
        }
        if (!isBack && stdout.includes("retrying in")) {
          isBack = true;
          void proxy.start();
        }
      });
      expect(proxy.isDead).toBe(true);
      expect(ended.stderr).toBe("");
      expect(ended.code).toBe(0);
      expect(ended.stdout).toContain("retrying in");
      expect(await readMetrics("waited")).toBe(undisturbed);
    } finally {
      await proxy.stop();
    }
  });

  it("stops an evaluation, which keeps the episodes already played", async () => {
    const proxy = await createMortalProxy(6);
    try {
      const out = join(folder, "evaluation");
      const policy = join(folder, "undisturbed", "policy");
      const args = [
        "evaluate",
        "swebench",
        "--policy",
        policy,
        "--num-tasks",
        "3",
        "--samples",
        "2",
      ];
      const options = ["--patience", "0", "--max-turns", "2", "--json"];
      const env = { DOCKER_HOST: `tcp://127.0.0.1:${proxy.port}` };
      proxy.arm();
      const ended = await runTurnwise([...args, ...options, "--out", out], { env });
      expect(ended.code).toBe(1);
      expect(ended.stderr).toContain(`evaluate --resume ${out}`);
      const row = JSON.parse(ended.stdout.trim().split("\n").at(-1)!) as Record<string, unknown>;
      expect(row["failed"]).toBeGreaterThan(0);
      expect(row["failedEngine"]).toBe(row["failed"]);
      expect(JSON.stringify(row["stops"])).toContain('"failed: engine"');
      await proxy.start();
      const resumed = await runTurnwise(["evaluate", "--resume", out], { env });
      expect(resumed.stderr).toBe("");
      expect(resumed.code).toBe(0);
      expect(resumed.stdout).toContain("of 6 episodes of 3 tasks, failed 0/6");
    } finally {
      await proxy.stop();
    }
  });
});
