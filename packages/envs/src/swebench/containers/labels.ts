import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Labels of every Turnwise container: its owner and its expiry. */
export const labelNames = {
  /** Engine object of a process. */
  run: "turnwise.run",
  /** `machine:pid:start` of the owning process. */
  owner: "turnwise.owner",
  /** Time after which anyone may remove it, seconds since 1970. */
  expires: "turnwise.expires",
} as const;

/**
 * Empty labels for an image that is made from a container: the engine would otherwise copy the
 * container's labels to every container that anyone starts from the image.
 */
export const noLabels: Readonly<Record<string, string>> = Object.fromEntries(
  Object.values(labelNames).map((name) => [name, ""]),
);

/** Start time of a process, in kernel ticks; `""` if the system does not report it. */
function readStartTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The program name is in parentheses and may contain blanks.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

/**
 * Identifies the system in which process ids are valid. Virtual machines and containers often share
 * a host name, so boot id and PID namespace are part of it if the system has them.
 */
function identifyMachine(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${hostname()}/${boot}/${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}

const machine = identifyMachine();

/** Identifies a process, even if another process reuses its id. */
export function ownerLabel(pid: number = process.pid): string {
  return `${machine}:${pid}:${readStartTime(pid)}`;
}

/**
 * True if the owner of a container is known to be gone: a process of this machine that no longer
 * runs. Owners on other machines or in other PID namespaces are never known to be gone.
 */
export function isOwnerGone(owner: string): boolean {
  const match = /^(.*):(\d+):(\d*)$/u.exec(owner);
  if (!match || match[1] !== machine) return false;
  const pid = Number(match[2]);
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
  return match[3] !== "" && readStartTime(pid) !== match[3];
}
