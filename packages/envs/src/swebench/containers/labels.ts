import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** The labels that every container of ours carries: who owns it, and until when. */
export const labelNames = {
  /** One engine object of one process. */
  run: "turnwise.run",
  /** `machine:pid:start` of the process that owns it. */
  owner: "turnwise.owner",
  /** Seconds since 1970 after which anyone may remove it. */
  expires: "turnwise.expires",
} as const;

/**
 * Labels of an image that is made from a container of ours: the engine would hand the container's on
 * to all containers of the image, whoever starts them.
 */
export const noLabels: Readonly<Record<string, string>> = Object.fromEntries(
  Object.values(labelNames).map((name) => [name, ""]),
);

/** When a process began, in the kernel's ticks; empty where the system does not say. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the program stands in brackets and may hold blanks.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

/**
 * Identifies the system in which process numbers are valid. Virtual machines and containers often share
 * a host name, so the boot and the PID namespace are part of it, where the system has them.
 */
function machineOf(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${hostname()}/${boot}/${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}

const machine = machineOf();

/** Identifies a process, also after another process got the same number. */
export function ownerLabel(pid: number = process.pid): string {
  return `${machine}:${pid}:${startOf(pid)}`;
}

/**
 * True if the owner of a container is known to be gone: a process of this machine that does not run
 * any more. Owners on other machines, or in other PID namespaces, are never known to be gone.
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
  return match[3] !== "" && startOf(pid) !== match[3];
}
