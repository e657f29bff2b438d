import { readFile } from "node:fs/promises";
import { freemem } from "node:os";
import { dirname, join } from "node:path";

/**
 * Bytes of memory that this process can still use: the system's available memory, capped by the
 * limits of its control groups (containers, systemd slices, batch jobs). Page cache does not count
 * as used, because the kernel reclaims it when memory is needed.
 *
 * @param root - Folder that contains `proc` and `sys`. Default `/`.
 */
export async function readAvailableMemory(root = "/"): Promise<number> {
  const system = await readSystemMemory(root);
  const groups = await readGroupMemory(root);
  return Math.max(0, Math.min(system, ...groups));
}

const readIfPresent = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");

async function readSystemMemory(root: string): Promise<number> {
  const text = await readIfPresent(join(root, "proc/meminfo"));
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/mu.exec(text)?.[1];
  return kilobytes === undefined ? freemem() : 1024 * Number(kilobytes);
}

/** Free memory of each control group that has a limit. */
async function readGroupMemory(root: string): Promise<number[]> {
  const lines = (await readIfPresent(join(root, "proc/self/cgroup"))).split("\n");
  const left: number[] = [];
  for (const line of lines) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/u.exec(line) ?? [];
    if (path === undefined) continue;
    if (controllers === "") {
      left.push(...(await readLimits(join(root, "sys/fs/cgroup"), path, newer)));
    } else if (controllers!.split(",").includes("memory")) {
      left.push(...(await readLimits(join(root, "sys/fs/cgroup/memory"), path, older)));
    }
  }
  return left;
}

/** Memory files of a control group. */
interface GroupFiles {
  readonly limit: string;
  readonly used: string;
  /** Pattern of inactive page cache in `memory.stat`. */
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

/**
 * Free memory of a group and of its parents. In a container the path may refer to the host and not
 * exist; then only its parents count.
 */
async function readLimits(
  mount: string,
  path: string,
  { limit, used, inactive }: GroupFiles,
): Promise<number[]> {
  const left: number[] = [];
  for (let group = join("/", path); ; group = dirname(group)) {
    const folder = join(mount, group);
    // `max` and a missing file parse to NaN.
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
