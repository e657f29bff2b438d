import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";

const engineProgram = "dockerd";
const unmountProgram = "umount";

/** A Docker Engine that a test may stop, kill and start. */
export interface PrivateEngine {
  readonly address: string;
  start(): Promise<void>;
  /** @param signal - `SIGTERM` for an orderly shutdown, `SIGKILL` for a crash. */
  stop(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Stops the engine and removes all its files. */
  remove(): Promise<void>;
}

const sleep = async (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

async function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const ping = request({ socketPath, path: "/_ping", timeout: 2000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on("error", () => resolve(false));
    ping.on("timeout", () => ping.destroy());
    ping.end();
  });
}

/**
 * Prepares a second engine. If this machine cannot run one, prints a message and returns
 * `undefined`. Its paths are short because the length of a socket path is limited.
 */
export function privateEngine(): PrivateEngine | undefined {
  const isAble =
    process.platform === "linux" &&
    process.getuid?.() === 0 &&
    spawnSync(engineProgram, ["--version"]).status === 0;
  if (!isAble) {
    console.log("skipped: a second Docker Engine needs root and the program dockerd");
    return undefined;
  }
  const folder = mkdtempSync("/tmp/tw-");
  const socket = join(folder, "s");
  const pidFile = join(folder, "pid");
  const stop = async (signal: "SIGTERM" | "SIGKILL"): Promise<void> => {
    if (!existsSync(pidFile)) return;
    const pid = Number(readFileSync(pidFile, "utf8"));
    const isRunning = (): boolean => existsSync(`/proc/${pid}/root/`);
    if (isRunning()) process.kill(pid, signal);
    for (let i = 0; i < 300 && isRunning(); i++) await sleep(50);
    rmSync(pidFile, { force: true });
  };
  return {
    address: `unix://${socket}`,
    start: async () => {
      const args = [
        "--data-root",
        join(folder, "d"),
        "--exec-root",
        join(folder, "r"),
        "--pidfile",
        pidFile,
        "-H",
        `unix://${socket}`,
        "--storage-driver=overlay2",
        "--iptables=false",
        "--ip6tables=false",
        "--ip-forward=false",
        "--bridge=none",
      ];
      const child = spawn(engineProgram, args, { detached: true, stdio: "ignore" });
      child.on("error", () => undefined);
      child.unref();
      for (let i = 0; i < 300; i++) {
        if (await answers(socket)) return;
        await sleep(100);
      }
      throw new Error(`dockerd did not answer at ${socket}`);
    },
    stop,
    remove: async () => {
      await stop("SIGTERM");
      const mounts = readFileSync("/proc/mounts", "utf8")
        .split("\n")
        .map((line) => line.split(" ")[1] ?? "")
        .filter((path) => path.startsWith(`${folder}/`));
      for (const path of mounts.toReversed()) spawnSync(unmountProgram, ["-l", path]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
