import { spawn } from "node:child_process";
import { watch } from "node:fs";
import { readFile, readdir } from "node:fs/promises";

/** Moment of a fault. */
export type FaultMoment =
  /** Milliseconds after the start. */
  | { readonly kind: "time"; readonly milliseconds: number }
  /** Milliseconds after the Nth change of a file below the watched folder. */
  | { readonly kind: "write"; readonly index: number; readonly milliseconds: number };

/** End of a process. */
export interface Ended {
  /** Exit code; `null` if it was killed. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
  /** Number of file changes seen. */
  readonly numWrites: number;
}

/** Names the processes of a campaign in their environment, so that left-over ones can be found. */
const markName = "TURNWISE_KILLS";

/** Runs a program in a process group of its own, with a fault at a moment. */
export async function runKillable(
  args: readonly string[],
  { watched, mark, fault }: KillableOptions,
): Promise<Ended> {
  const started = performance.now();
  const child = spawn(process.execPath, args, {
    detached: true,
    env: { ...process.env, NO_COLOR: "1", [markName]: mark },
  });
  let [stdout, stderr, numWrites] = ["", "", 0];
  child.stdout.on("data", (chunk: Buffer) => (stdout += String(chunk)));
  child.stderr.on("data", (chunk: Buffer) => (stderr += String(chunk)));
  child.stdin.end();
  const kill = (): void => {
    try {
      process.kill(-child.pid!, "SIGKILL");
    } catch {
      // The process has ended.
    }
  };
  const timers: NodeJS.Timeout[] = [];
  let injected = Promise.resolve();
  const injectAfter = (milliseconds: number): void => {
    const inject = (): void => {
      injected = fault!.inject(kill);
    };
    timers.push(setTimeout(inject, milliseconds));
  };
  const moment = fault?.moment;
  if (moment?.kind === "time") injectAfter(moment.milliseconds);
  const watcher = watch(watched, { recursive: true }, () => {
    if (moment?.kind === "write" && numWrites === moment.index) injectAfter(moment.milliseconds);
    numWrites += 1;
  });
  // Files disappear while the watcher looks at them.
  watcher.on("error", () => undefined);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve(status));
  });
  for (const timer of timers) clearTimeout(timer);
  watcher.close();
  await injected;
  return { code, stdout, stderr, milliseconds: performance.now() - started, numWrites };
}

/** Options of {@link runKillable}. */
export interface KillableOptions {
  /** Existing folder; changes of files below it count as writes. */
  readonly watched: string;
  /** Value that marks the processes of a campaign. */
  readonly mark: string;
  /** Default: none. */
  readonly fault?: {
    readonly moment: FaultMoment;
    /** @param kill - Kills the process group. */
    readonly inject: (kill: () => void) => Promise<void>;
  };
}

/** Lists the ids of running processes with a mark; only on Linux. */
export async function listMarked(mark: string): Promise<string[]> {
  const ids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/u.test(name));
  const found = await Promise.all(
    ids.map(async (id) => {
      const environment = await readFile(`/proc/${id}/environ`, "latin1").catch(() => "");
      return environment.includes(`${markName}=${mark}`);
    }),
  );
  return ids.filter((_, i) => found[i]);
}
