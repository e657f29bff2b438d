import { readFile } from "node:fs/promises";
import { freemem } from "node:os";
import { dirname, join } from "node:path";

/**
 * Bytes of memory that this process can still use: what the system has available, and no more than the
 * limits of the control groups that it runs in leave (containers, systemd slices, batch jobs). Pages of
 * files do not count as used, since they are dropped when memory is needed.
 *
 * @param root - Folder that `/proc` and `/sys` are looked for in.
 */
export async function availableMemory(root = "/"): Promise<number> {
  const system = await systemMemory(root);
  const groups = await groupMemory(root);
  return Math.max(0, Math.min(system, ...groups));
}

const readIfPresent = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");

async function systemMemory(root: string): Promise<number> {
  const text = await readIfPresent(join(root, "proc/meminfo"));
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/mu.exec(text)?.[1];
  return kilobytes === undefined ? freemem() : 1024 * Number(kilobytes);
}

/** What each control group with a limit leaves. */
async function groupMemory(root: string): Promise<number[]> {
  const lines = (await readIfPresent(join(root, "proc/self/cgroup"))).split("\n");
  const left: number[] = [];
  for (const line of lines) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/u.exec(line) ?? [];
    if (path === undefined) continue;
    if (controllers === "") {
      left.push(...(await limitsOf(join(root, "sys/fs/cgroup"), path, newer)));
    } else if (controllers!.split(",").includes("memory")) {
      left.push(...(await limitsOf(join(root, "sys/fs/cgroup/memory"), path, older)));
    }
  }
  return left;
}

/** Files of a control group's memory. */
interface GroupFiles {
  readonly limit: string;
  readonly used: string;
  /** Pattern of the pages of files that are not in active use, in `memory.stat`. */
  readonly inactive: RegExp;
}

const newer: GroupFiles = {
  limit: "memory.max",
  used: "memory.current",
  inactive: /^inactive_file (\d+)$/mu,
};

const older: GroupFiles = {
  limit: "memory.limit_in_bytes",
  used: "memory.usage_in_bytes",
  inactive: /^total_inactive_file (\d+)$/mu,
};

/** What a group and those above it leave. A path may be seen from outside of a container: then its parents count. */
async function limitsOf(
  mount: string,
  path: string,
  { limit, used, inactive }: GroupFiles,
): Promise<number[]> {
  const left: number[] = [];
  for (let group = join("/", path); ; group = dirname(group)) {
    const folder = join(mount, group);
    // `max` and a missing file are no number.
    const most = Number.parseInt(await readIfPresent(join(folder, limit)), 10);
    const current = Number.parseInt(await readIfPresent(join(folder, used)), 10);
    if (Number.isFinite(most) && Number.isFinite(current)) {
      const pages = Number(
        inactive.exec(await readIfPresent(join(folder, "memory.stat")))?.[1] ?? 0,
      );
      left.push(most - current + pages);
    }
    if (group === "/") return left;
  }
}
