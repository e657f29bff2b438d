import type Dockerode from "dockerode";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { evaluatePatch } from "../evaluation/evaluate.ts";
import { ContainerError, type ContainerEngine } from "../../containers/container.ts";
import { ContainerPool } from "../../containers/container-pool.ts";
import { testEngine } from "../../containers/testing/test-engine.ts";
import { DockerEngine } from "../../containers/docker-engine.ts";
import { labelNames } from "../../containers/labels.ts";
import { privateEngine } from "../../containers/testing/private-engine.ts";
import {
  cheatingAgent,
  goldAgent,
  idleAgent,
  scriptedAgent,
  type DemoAgent,
} from "./demo-agents.ts";
import { ensureDemoImages } from "./demo-images.ts";
import { demoIdentity } from "./git-hash.ts";
import { splitPatch } from "../evaluation/split-patch.ts";
import { fileDiff } from "./text-diff.ts";
import { playDemo, transcript } from "./play.ts";
import { demoCommitMessage, demoTasks } from "./tasks.ts";

// Allow long timeouts, because engines respond late on a busy machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const engine = await testEngine();
const hasGit = spawnSync("git", ["--version"]).status === 0;

describe.skipIf(!hasGit)("the demo tasks", () => {
  const folder = mkdtempSync(join(tmpdir(), "turnwise-demo-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("have the commit that git gives their files, and patches that git applies", () => {
    for (const { instance, files, fix } of demoTasks) {
      const root = join(folder, instance.id);
      for (const [path, content] of Object.entries(files)) {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), content);
      }
      const { name, email, date } = demoIdentity;
      const git = (args: readonly string[], input?: string): string => {
        const result = spawnSync(
          "git",
          ["-c", `user.name=${name}`, "-c", `user.email=${email}`, ...args],
          {
            cwd: root,
            encoding: "utf8",
            env: { ...process.env, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
            ...(input === undefined ? {} : { input }),
          },
        );
        expect([instance.id, args[0], result.status, result.stderr]).toEqual([
          instance.id,
          args[0],
          0,
          "",
        ]);
        return result.stdout.trim();
      };
      git(["init", "-q", "-b", "main", "."]);
      git(["add", "-A"]);
      git(["commit", "-q", "-m", demoCommitMessage]);
      expect(git(["rev-parse", "HEAD"])).toBe(instance.baseCommit);
      git(["apply", "-"], instance.goldPatch);
      git(["apply", "-"], instance.testPatch);
      expect(files[fix.file]!.split(fix.from.trim())).toHaveLength(2);
    }
  });
});

/** Wraps the engine that all tests of this file share, so that closing a pool does not close it. */
const keepOpen = (inner: ContainerEngine): ContainerEngine => ({
  host: inner.host,
  start: async (spec, signal) => inner.start(spec, signal),
  close: async () => undefined,
});

/** Lists the command lines of all processes in an engine's containers. */
async function processes(engine: DockerEngine): Promise<string> {
  const { run } = engine;
  const client = engine.client as Dockerode;
  const own = { label: [`${labelNames.run}=${run}`] };
  const listed = await client.listContainers({ filters: own });
  const tops = listed.map(async ({ Id: id }) =>
    // A container may end in the meantime.
    client
      .getContainer(id)
      .top()
      .catch(() => undefined),
  );
  return JSON.stringify(await Promise.all(tops));
}

describe.skipIf(engine === undefined)("a demo episode", () => {
  beforeAll(async () => ensureDemoImages(engine!, demoTasks));
  afterAll(async () => engine?.close());

  it("rewards the scripted agent, but not one that submits at once", async () => {
    // Play two episodes at a time, in a pool that allows no more.
    const pool = new ContainerPool([{ engine: keepOpen(engine!), maxContainers: 2 }]);
    const kinds = (["fix", "feature", "regression"] as const).map((kind) =>
      demoTasks.find((task) => task.kind === kind)!,
    );
    const outcomes = async (agent: DemoAgent): Promise<readonly unknown[]> =>
      Promise.all(
        kinds.map(async (task) => (await playDemo(task, agent, pool)).trajectory.outcome),
      );
    const all = (isSuccess: boolean): readonly unknown[] =>
      kinds.map(() => ({ kind: "terminated", isSuccess }));
    expect(await outcomes(scriptedAgent)).toEqual(all(true));
    expect(await outcomes(idleAgent)).toEqual(all(false));
    expect(pool.statistics).toMatchObject({ running: 0, waiting: 0, failed: 0, peak: 2 });
  });

  it("is resolved by every gold patch, and by no patch that only adds a file", async () => {
    const resolved: string[] = [];
    for (const { instance } of demoTasks) {
      const { grade } = await evaluatePatch(instance, instance.goldPatch, engine!);
      if (grade.isResolved) resolved.push(instance.id);
      const idle = await evaluatePatch(instance, fileDiff("notes.txt", undefined, "x\n"), engine!);
      expect([instance.id, idle.isPatchApplied, idle.grade.isResolved]).toEqual([
        instance.id,
        true,
        false,
      ]);
      expect([instance.id, idle.grade.tests!.passToPass.failure]).toEqual([instance.id, []]);
    }
    expect(resolved).toEqual(demoTasks.map(({ instance }) => instance.id));
  });

  it("does not reward changed tests, and keeps the whole change in the patch", async () => {
    const episode = await playDemo(demoTasks[0]!, cheatingAgent, engine!);
    expect(episode.trajectory.outcome).toEqual({ kind: "terminated", isSuccess: false });
    const { patch, excluded } = episode.record!.patch;
    expect(splitPatch(patch!).map(({ newPath }) => newPath)).toEqual([
      "build/x",
      "conftest.py",
      "tests/test_spans.py",
    ]);
    expect(excluded).toEqual([]);
    expect(transcript(episode)).toContain("--- verdict: not resolved");
  });

  it("does not resolve an empty patch, and reports a patch that does not apply", async () => {
    const { instance } = demoTasks[0]!;
    expect((await evaluatePatch(instance, " ", engine!)).grade.isResolved).toBe(false);
    const wrong = instance.goldPatch.replaceAll("merged", "nowhere");
    const evaluation = await evaluatePatch(instance, wrong, engine!);
    expect(evaluation).toMatchObject({
      isPatchApplied: false,
      grade: { reason: "patch_apply_failed", isResolved: false, reward: 0 },
    });
    const applied = await evaluatePatch(instance, instance.goldPatch, engine!);
    expect(applied.grade.tests!.passToPass.failure).toEqual([]);
  });

  it("counts tests that hang against the patch, unless told to fail", async () => {
    const { instance, files } = demoTasks[0]!;
    const source = files["spans/spans.py"]!;
    const endless = source.replace("    merged = []\n", "    while True:\n        pass\n");
    const hanging = fileDiff("spans/spans.py", source, endless);
    const limits = { testTimeoutSeconds: 2 };
    const failing = evaluatePatch(instance, hanging, engine!, { ...limits, onTestTimeout: "fail" });
    await expect(failing).rejects.toThrow(ContainerError);
    const counted = await evaluatePatch(instance, hanging, engine!, limits);
    expect(counted.grade).toMatchObject({ reason: "tests_timed_out", reward: 0 });
  });

  it("fails the episode of a container that dies, which no agent can cause", async () => {
    const killer: DemoAgent = () => [
      "<function=execute_bash><parameter=cmd>kill -TERM 1; kill -KILL 1; kill -SEGV 1; echo alive</parameter></function>",
      "<function=finish></function>",
    ];
    const failed = await playDemo(demoTasks[0]!, killer, engine!);
    expect(failed.trajectory.turns[0]!.observation).toContain("alive");
    expect(failed.trajectory.outcome).toEqual({ kind: "terminated", isSuccess: false });
    let id = "";
    const watched: ContainerEngine = {
      ...keepOpen(engine!),
      start: async (spec, signal) => {
        const container = await engine!.start(spec, signal);
        ({ id } = container);
        return container;
      },
    };
    const sleeper: DemoAgent = () => [
      "<function=execute_bash><parameter=cmd>touch /tmp/here; sleep 60</parameter></function>",
    ];
    const episode = playDemo(demoTasks[0]!, sleeper, watched);
    await expect
      .poll(
        async () =>
          id === ""
            ? ""
            : JSON.stringify(await (engine!.client as Dockerode).getContainer(id).top()),
        {
          timeout: 120_000,
        },
      )
      .toContain("sleep 60");
    await (engine!.client as Dockerode).getContainer(id).kill();
    const { trajectory, record } = await episode;
    expect(trajectory.outcome).toMatchObject({ kind: "failed", error: { kind: "engine" } });
    expect(record).toBeUndefined();
  });

  it("removes control sequences of an agent's output from the transcript", async () => {
    const painter: DemoAgent = () => [
      "<function=execute_bash><parameter=cmd>printf '\\033[2J\\033]0;mine\\007done\\n'</parameter></function>",
      "<function=finish></function>",
    ];
    const text = transcript(await playDemo(demoTasks[0]!, painter, engine!));
    expect(text).toContain("\\x1b[2J\\x1b]0;mine\\x07done\n");
    expect(text).not.toContain("\u001b");
  });

  it("gives agent and grader no network, whatever the agent does", async () => {
    const seen: unknown[] = [];
    const recording: ContainerEngine = {
      host: engine!.host,
      start: async (spec, signal) => {
        const container = await engine!.start(spec, signal);
        const { HostConfig } = await (engine!.client as Dockerode)
          .getContainer(container.id)
          .inspect();
        const { NetworkMode, Binds, CapDrop, SecurityOpt, Privileged, Devices } = HostConfig;
        seen.push({
          NetworkMode,
          Binds,
          CapDrop,
          SecurityOpt,
          Privileged,
          numDevices: Devices?.length ?? 0,
        });
        return container;
      },
      close: async () => undefined,
    };
    await playDemo(demoTasks[0]!, scriptedAgent, recording);
    const expected = {
      NetworkMode: "none",
      Binds: [],
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      Privileged: false,
      numDevices: 0,
    };
    expect(seen).toEqual([expected, expected]);
  });

  it("continues on another engine when one stops; its episode has no reward", async ({ skip }) => {
    const other = privateEngine();
    if (other === undefined) {
      skip();
      return;
    }
    try {
      await other.start();
      const doomed = await DockerEngine.connect({ address: other.address, pull: "never" });
      await ensureDemoImages(doomed, demoTasks.slice(0, 1));
      const sleeper: DemoAgent = () => [
        "<function=execute_bash><parameter=cmd>touch /tmp/here; sleep 60</parameter></function>",
      ];
      const pool = new ContainerPool([
        { engine: keepOpen(doomed), maxContainers: 1 },
        { engine: keepOpen(engine!), maxContainers: 1 },
      ]);
      const episode = playDemo(demoTasks[0]!, sleeper, pool);
      await expect.poll(async () => processes(doomed), { timeout: 120_000 }).toContain("sleep 60");
      await other.stop("SIGTERM");
      const broken = await episode;
      expect(broken.trajectory.outcome).toMatchObject({ kind: "failed" });
      expect(broken.record).toBeUndefined();
      const next = await playDemo(demoTasks[0]!, goldAgent, pool);
      expect(next.trajectory.outcome).toEqual({ kind: "terminated", isSuccess: true });
      expect(pool.statistics.coolingHosts).toBe(1);
      await doomed.close();
    } finally {
      await other.remove();
    }
  });

  it("hides the history and the network from the agent", async () => {
    const curious: DemoAgent = () => [
      "<function=execute_bash><parameter=cmd>git remote; git tag; git branch -a; git reflog | wc -l; ls /sys/class/net</parameter></function>",
      "<function=finish></function>",
    ];
    const { trajectory } = await playDemo(demoTasks[0]!, curious, engine!);
    expect(trajectory.turns[0]!.observation).toContain("[STDOUT]\n\n* work\n0\nlo\n");
  });
});
