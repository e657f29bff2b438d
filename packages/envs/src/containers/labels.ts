import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Labels of Turnwise containers. */
export const labelNames = {
  /** Identifier of the engine object that started the container. */
  run: "turnwise.run",
  /** Owning process as `machine:pid:start`. */
  owner: "turnwise.owner",
  /** Time after which any process may remove the container, seconds since 1970. */
  expires: "turnwise.expires",
} as const;

/**
 * Empty labels for an image that is committed from a container. Without these, the engine would
 * copy the container's labels to every container started from the image.
 */
export const noLabels: Readonly<Record<string, string>> = Object.fromEntries(
  Object.values(labelNames).map((name) => [name, ""]),
);

/** Reads the start time of a process in kernel ticks; `""` if the system does not report it. */
function readStartTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Skip the program name, which is in parentheses and may contain spaces.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

/**
 * Identifies the system in which process ids are valid. Because virtual machines and containers
 * often share a host name, boot id and PID namespace are included if available.
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

/** Identifies a process uniquely, even if its process id is reused later. */
export function ownerLabel(pid: number = process.pid): string {
  return `${machine}:${pid}:${readStartTime(pid)}`;
}

/**
 * True if the owner of a container was a process on this machine and has ended. For owners on other
 * machines or in other PID namespaces this is unknown, so the result is false.
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
