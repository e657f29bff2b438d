import type Dockerode from "dockerode";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { demoBaseImage, ensureDemoBaseImage } from "./demo-base-image.ts";
import { privateEngine, type PrivateEngine } from "./testing/private-engine.ts";
import { testEngine } from "./testing/test-engine.ts";
import {
  ContainerError,
  type Container,
  type ContainerSpec,
  type OutputBytes,
} from "./container.ts";
import { DockerEngine } from "./docker-engine.ts";
import { labelNames } from "./labels.ts";

// Allow long timeouts, because engines respond late on a busy machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const engine = await testEngine();

async function withContainer(
  use: (container: Container) => Promise<void>,
  spec: Partial<ContainerSpec> = {},
): Promise<void> {
  const container = await engine!.start({
    image: demoBaseImage,
    memoryBytes: 256 * 2 ** 20,
    maxProcesses: 64,
    ...spec,
  });
  try {
    await use(container);
  } finally {
    await container.close();
  }
}

const textOf = (bytes: OutputBytes): string => bytes.toString("utf8").trim();

async function faultOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "nothing",
    (error: unknown) => (error instanceof ContainerError ? error.kind : String(error)),
  );
}

describe.skipIf(engine === undefined)("a container", () => {
  afterAll(async () => engine?.close());

  it("runs commands with their streams, input, folder, variables and exit code", async () => {
    await withContainer(async (container) => {
      const result = await container.exec("cat; pwd; echo $A >&2; exit 3", {
        input: "in\n",
        cwd: "/tmp",
        env: { A: "b c" },
      });
      expect(result).toMatchObject({ exitCode: 3, isTimedOut: false, isTruncated: false });
      expect(textOf(result.stdout)).toBe("in\n/tmp");
      expect(textOf(result.stderr)).toBe("b c");
      const long = await container.exec(`echo ${"x".repeat(200_000)} | wc -c`);
      expect(textOf(long.stdout)).toBe("200001");
    });
  });

  it("has no network, no capabilities, no privilege escalation, and no mounts of the host", async () => {
    await withContainer(async (container) => {
      const { stdout } = await container.exec(
        "ls /sys/class/net; grep -E 'CapEff|CapBnd|NoNewPrivs|Seccomp:' /proc/self/status; " +
          "mount -t tmpfs x /mnt 2>&1; mknod /tmp/d b 8 0 2>&1; (echo > /dev/tcp/1.1.1.1/80) 2>&1",
      );
      const text = textOf(stdout);
      expect(text.split("\n")[0]).toBe("lo");
      expect(text).toMatch(/CapEff:\s0{16}/u);
      expect(text).toMatch(/CapBnd:\s0{16}/u);
      expect(text).toMatch(/NoNewPrivs:\s1/u);
      expect(text).toMatch(/Seccomp:\s2/u);
      expect(text).toContain("Operation not permitted");
      expect(text).toContain("Network is unreachable");
      const details = await (engine!.client as Dockerode).getContainer(container.id).inspect();
      expect(details.Mounts).toEqual([]);
      expect(details.HostConfig).toMatchObject({ Privileged: false, NetworkMode: "none" });
    });
  });

  it("blocks access to namespaces, devices, kernel settings and memory", async () => {
    await withContainer(async (container) => {
      const closed = [
        "unshare --user --map-root-user true",
        "unshare --mount true",
        "echo 1 > /proc/sys/kernel/sysrq",
        "echo b > /proc/sysrq-trigger",
        "head -c 1 /proc/kcore | grep -q .",
        "echo 1 > /sys/kernel/profiling",
        "mkdir /sys/fs/cgroup/mine",
        "chown 1000 /etc/passwd",
        "date -s 2000-01-01",
        "test -S /var/run/docker.sock",
        "ls /dev | grep -E '^(sd|vd|nvme|mem|kmsg)'",
      ];
      const { stdout } = await container.exec(
        closed.map((line, i) => `{ ${line}; } >/dev/null 2>&1 && echo ${i}`).join("\n"),
      );
      const open = textOf(stdout).split("\n").filter(Boolean);
      expect(open.map((i) => closed[Number(i)])).toEqual([]);
    });
  });

  it("kills a command that does not end, with all processes that it started", async () => {
    await withContainer(async (container) => {
      const script =
        'trap \'\' TERM; sleep 1001 & python3 -c \'import os; os.setsid(); os.execvp("sleep", ["sleep", "1002"])\' & ' +
        "echo begun; sleep 1003";
      const result = await container.exec(script, { timeoutSeconds: 1 });
      expect(result).toMatchObject({ exitCode: 124, isTimedOut: true });
      expect(textOf(result.stdout)).toBe("begun");
      const { stdout } = await container.exec("ps ax -o args | grep -c '^sleep 100'");
      expect(textOf(stdout)).toBe("0");
    });
  });

  it("survives an agent that kills its shell, all processes, and the first one's children", async () => {
    await withContainer(async (container) => {
      await container.exec("kill -KILL $$");
      await container.exec("kill -KILL -1");
      await container.exec("pkill sleep; kill -KILL 1; kill -TERM -1");
      await container.exec("for s in {1..64}; do kill -$s 1; done 2>/dev/null; kill -KILL -1");
      expect(await faultOf(container.exec("true"))).toBe("nothing");
    });
    await withContainer(async (container) => {
      await container.exec("kill -KILL -1; pkill -KILL sleep");
      expect(textOf((await container.exec("echo alive")).stdout)).toBe("alive");
    });
  });

  it("survives a fork bomb", async () => {
    await withContainer(async (container) => {
      await container.exec("bomb() { bomb | bomb & }; bomb; sleep 1", { timeoutSeconds: 2 });
      const { stdout, exitCode } = await container.exec("ps ax | wc -l");
      expect(exitCode).toBe(0);
      expect(Number(textOf(stdout))).toBeLessThan(10);
    });
  });

  it("limits a gigabyte of output to its beginning and end", async () => {
    await withContainer(async (container) => {
      const flood = await container.exec("echo first; head -c 1000000000 /dev/zero; echo last", {
        maxBytes: 1000,
      });
      expect(flood).toMatchObject({ exitCode: null, isTruncated: true });
      expect(flood.stdout.length).toBeLessThan(1100);
      expect(flood.stdout.subarray(0, 6).toString()).toBe("first\n");
      const much = await container.exec("echo first; head -c 5000000 /dev/zero; echo last", {
        maxBytes: 1000,
      });
      expect(much).toMatchObject({ exitCode: 0, isTruncated: true });
      expect(much.stdout.toString("latin1")).toMatch(
        /^first\n\0+\n\[\.\.\. 4999011 bytes omitted \.\.\.\]\n\0+last\n$/u,
      );
    });
  });

  it("preserves binary output byte for byte", async () => {
    await withContainer(async (container) => {
      const script = "head -c 100000 /dev/urandom | tee /tmp/garbage; sha256sum /tmp/garbage >&2";
      const { stdout, stderr } = await container.exec(script);
      expect(createHash("sha256").update(stdout).digest("hex")).toBe(textOf(stderr).split(" ")[0]);
    });
  });

  it("survives a full disk", async () => {
    await withContainer(
      async (container) => {
        const full = await container.exec("head -c 20M /dev/zero > /scratch/big; echo $?");
        expect(textOf(full.stderr)).toContain("No space left on device");
        expect((await container.exec("echo fine")).exitCode).toBe(0);
      },
      { tmpfs: { "/scratch": 8 * 2 ** 20 } },
    );
  });

  it("kills only the process that uses too much memory", async () => {
    await withContainer(async (container) => {
      const greedy = await container.exec("python3 -c 'x = bytearray(10**9); print(len(x))'");
      expect(greedy.exitCode).toBe(137);
      expect(greedy.isTimedOut).toBe(false);
      expect((await container.exec("echo fine")).exitCode).toBe(0);
    });
  });

  it("reports a container that is killed during a command", async () => {
    await withContainer(async (container) => {
      const running = faultOf(container.exec("sleep 100"));
      await new Promise((resolve) => setTimeout(resolve, 300));
      await (engine!.client as Dockerode).getContainer(container.id).kill();
      expect(await running).toBe("engine");
      expect(await faultOf(container.exec("true"))).toBe("engine");
      expect(await container.isAlive()).toBe(false);
    });
  });

  it("ends by itself at the end of its lifetime", async () => {
    const container = await engine!.start({ image: demoBaseImage, lifetimeSeconds: 1 });
    // The container may end during this command.
    await faultOf(container.exec("pkill sleep; sleep 1; pkill sleep"));
    await expect.poll(async () => container.isAlive(), { timeout: 10_000 }).toBe(false);
    await container.close();
  });

  it("copies files in and out, but not links, devices and pipes", async () => {
    await withContainer(async (container) => {
      await container.copyIn("/tmp", [
        { path: "in/a.txt", content: Buffer.from("hello"), mode: 0o600 },
        { path: `in/${"long/".repeat(40)}b.txt`, content: Buffer.from("") },
      ]);
      await container.exec("ln -s /etc/passwd /tmp/in/link; mkfifo /tmp/in/pipe");
      const { files, numSkipped } = await container.copyOut("/tmp/in");
      expect(files.map(({ path }) => path).toSorted()).toEqual([
        "in/a.txt",
        `in/${"long/".repeat(40)}b.txt`,
      ]);
      expect(numSkipped).toBe(2);
      await container.exec("head -c 3000000 /dev/zero > /tmp/in/big");
      expect(await faultOf(container.copyOut("/tmp/in", { maxBytes: 1_000_000 }))).toBe(
        "resources",
      );
      await expect(
        container.copyIn("/tmp", [{ path: "../x", content: Buffer.from("") }]),
      ).rejects.toThrow('packTar: path must be relative and without "..", got ../x');
    });
  });

  it("keeps a shell's folder and variables between commands, until the shell is lost", async () => {
    await withContainer(async (container) => {
      const shell = container.shell({ cwd: "/tmp" });
      await shell.run("cd /usr; X=1; f() { return 7; }");
      expect(await shell.run("echo $X $PWD; f")).toMatchObject({ exitCode: 7, isShellLost: false });
      const [a, b] = await Promise.all([shell.run("echo a"), shell.run("echo b >&2")]);
      expect([textOf(a.stdout), textOf(b.stdout)]).toEqual(["a", "b"]);
      expect(await shell.run("exit 3")).toMatchObject({ exitCode: null, isShellLost: true });
      const fresh = await shell.run("echo ${X-none} $PWD");
      expect(textOf(fresh.stdout)).toBe("none /tmp");
      const slow = await shell.run("echo before; sleep 100", { timeoutSeconds: 1 });
      expect(slow).toMatchObject({ exitCode: 124, isTimedOut: true, isShellLost: true });
      expect(textOf(slow.stdout)).toBe("before");
      shell.close();
    });
  });

  it("reports a shell that ended between two commands at once", async () => {
    await withContainer(async (container) => {
      const shell = container.shell();
      await shell.run("echo a");
      await container.exec("kill -KILL -1");
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await shell.run("echo b", { timeoutSeconds: 600 })).toMatchObject({
        exitCode: null,
        isTimedOut: false,
        isShellLost: true,
      });
      expect(textOf((await shell.run("echo c")).stdout)).toBe("c");
      await (engine!.client as Dockerode).getContainer(container.id).kill();
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await faultOf(shell.run("echo d", { timeoutSeconds: 600 }))).toBe("engine");
    });
  });

  it("can be aborted", async () => {
    await withContainer(async (container) => {
      const controller = new AbortController();
      const running = container.exec("sleep 100", { signal: controller.signal });
      setTimeout(() => controller.abort(new Error("enough")), 200);
      await expect(running).rejects.toThrow("enough");
      const { stdout } = await container.exec("ps ax -o args | grep -c '^sleep 100'");
      expect(textOf(stdout)).toBe("0");
    });
  });

  it("fails with a clear reason for an image that does not exist", async () => {
    expect(await faultOf(engine!.start({ image: "turnwise-none:1" }))).toBe("image");
  });

  it("is removed when its trainer is killed with -9", async () => {
    const program = `
      import { DockerEngine } from ${JSON.stringify(new URL("docker-engine.ts", import.meta.url).href)};
      const engine = await DockerEngine.connect({ pull: "never" });
      await engine.start({ image: ${JSON.stringify(demoBaseImage)} });
      console.log(engine.run);
      setInterval(() => {}, 1000);
    `;
    const child = spawn(
      process.execPath,
      ["--import", "tsx", "--conditions=turnwise-source", "--input-type=module", "-e", program],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const [line]: readonly unknown[] = await once(child.stdout, "data");
    const run = String(line).trim();
    const countOwned = async (): Promise<number> =>
      (
        await (engine!.client as Dockerode).listContainers({
          all: true,
          filters: { label: [`${labelNames.run}=${run}`] },
        })
      ).length;
    expect(await countOwned()).toBe(1);
    child.kill("SIGKILL");
    await expect.poll(countOwned, { timeout: 15_000 }).toBe(0);
  });

  it("is removed by the next trainer if the watchdog was killed too", async () => {
    const lost = await (engine!.client as Dockerode).createContainer({
      Image: demoBaseImage,
      Cmd: ["/bin/bash"],
      Labels: {
        [labelNames.run]: "lost",
        [labelNames.owner]: "elsewhere:1:1",
        [labelNames.expires]: "1",
      },
    });
    expect(await engine!.reap()).toBe(1);
    await expect(lost.inspect()).rejects.toThrow(/no such container/iu);
  });

  it("does not remove containers that others start from a Turnwise image", async () => {
    await withContainer(async (container) => {
      await engine!.commit(container, "turnwise-labels:1");
    });
    const client = engine!.client as Dockerode;
    const own = await client.createContainer({ Image: "turnwise-labels:1" });
    try {
      await engine!.reap();
      expect((await own.inspect()).Id).toBe(own.id);
    } finally {
      await own.remove({ force: true });
      await client.getImage("turnwise-labels:1").remove({ force: true });
    }
  });
});

describe.skipIf(engine === undefined)("an engine that restarts", () => {
  let other: PrivateEngine | undefined;
  beforeAll(async () => {
    other = privateEngine();
    await other?.start();
  });
  afterAll(async () => other?.remove());

  it("is an engine failure to its users, and can be used again", async ({ skip }) => {
    if (other === undefined) {
      skip();
      return;
    }
    const client = await DockerEngine.connect({ address: other.address, pull: "never" });
    await ensureDemoBaseImage(client);
    const container = await client.start({ image: demoBaseImage });
    const running = faultOf(container.exec("sleep 100"));
    await new Promise((resolve) => setTimeout(resolve, 300));
    await other.stop("SIGTERM");
    expect(await running).toBe("engine");
    expect(await faultOf(client.start({ image: demoBaseImage }))).toBe("engine");
    await container.close();
    await other.start();
    expect(await faultOf(container.exec("true"))).toBe("engine");
    const next = await client.start({ image: demoBaseImage });
    expect((await next.exec("echo again")).exitCode).toBe(0);
    await client.close();
  });
});
