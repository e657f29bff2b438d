import { readFileSync } from "node:fs";
import { link, readFile, rm, writeFile } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { InputError } from "../input-error.ts";
import { makeFolder } from "./make-folder.ts";
import { writeWhole } from "./write-whole.ts";

/** Content of a lock file. */
interface LockRecord {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** Time of the last heartbeat. */
  readonly at: string;
}

/** Seconds between two heartbeats. */
const beatSeconds = 10;
/** Seconds without a heartbeat after which a lock held on another machine counts as stale. */
const staleSeconds = 300;

/** Options of {@link withLock}. */
export interface LockOptions {
  /** Called before each wait for another process. Default: throw if the lock is held. */
  readonly onWait?: () => void;
}

/** Seconds between two attempts to acquire a lock. */
const waitSeconds = 2;

/**
 * Locks that this process holds. Any other lock with this process id is from an earlier process.
 */
const held = new Set<string>();

/** Thrown if another process holds the lock. */
export class LockedError extends InputError {}

/**
 * Runs work under a lock file that only one process can hold, also across machines that share the
 * file system. A stale lock is replaced.
 * @param path - Lock file; its folder is created.
 * @param what - Name of the work, for messages: `study toy`.
 * @throws {@link LockedError} if another process holds the lock and `onWait` is absent.
 */
export async function withLock<T>(
  path: string,
  what: string,
  work: () => Promise<T>,
  { onWait }: LockOptions = {},
): Promise<T> {
  const id = randomUUID();
  held.add(id);
  try {
    await acquireInTurn(path, what, id, onWait);
    return await workWithSigns(path, id, work);
  } finally {
    held.delete(id);
  }
}

/** Acquires a lock; if `onWait` is given, waits while another process holds it. */
async function acquireInTurn(
  path: string,
  what: string,
  id: string,
  onWait: (() => void) | undefined,
): Promise<void> {
  for (;;) {
    try {
      return await acquire(path, what, id);
    } catch (cause) {
      if (!(cause instanceof LockedError) || onWait === undefined) throw cause;
      onWait();
      await sleep(1000 * waitSeconds);
    }
  }
}

/** Runs work, updates the heartbeat in the lock meanwhile, and removes the lock at the end. */
async function workWithSigns<T>(path: string, id: string, work: () => Promise<T>): Promise<T> {
  let written = Promise.resolve();
  const timer = setInterval(() => {
    written = written.then(() => writeWhole(path, formatRecord(id))).catch(() => undefined);
  }, 1000 * beatSeconds);
  timer.unref();
  try {
    return await work();
  } finally {
    clearInterval(timer);
    await written;
    await rm(path, { force: true });
  }
}

const formatRecord = (id: string): string =>
  `${JSON.stringify({ id, host: hostname(), pid: process.pid, at: new Date().toISOString() })}\n`;

async function acquire(path: string, what: string, id: string): Promise<void> {
  await makeFolder(dirname(path));
  if (await createFile(path, formatRecord(id))) return;
  await refuseIfHeld(path, what);
  // Another lock ensures that only one process replaces a stale lock; that process may die too.
  const guard = `${path}.takeover`;
  if (!(await createFile(guard, formatRecord(id)))) {
    await refuseIfHeld(guard, what);
    await rm(guard, { force: true });
    if (!(await createFile(guard, formatRecord(id)))) await refuse(guard, what);
  }
  try {
    await refuseIfHeld(path, what);
    await writeWhole(path, formatRecord(id));
    if ((await readLock(path))?.id !== id) await refuse(path, what);
  } finally {
    await rm(guard, { force: true });
  }
}

/** Throws if a live process holds a lock. */
async function refuseIfHeld(path: string, what: string): Promise<void> {
  const found = await readLock(path);
  if (found !== undefined && isAlive(found)) throw createLockedError(path, what, found);
}

async function refuse(path: string, what: string): Promise<never> {
  throw createLockedError(path, what, await readLock(path));
}

/**
 * Creates a file with its content atomically, so that no reader sees it empty.
 * @returns False if the file exists.
 */
async function createFile(path: string, content: string): Promise<boolean> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    await writeFile(temporary, content);
    await link(temporary, path);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw cause;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** True if a live process holds a lock. */
export async function isLocked(path: string): Promise<boolean> {
  const found = await readLock(path);
  return found !== undefined && isAlive(found);
}

async function readLock(path: string): Promise<LockRecord | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as LockRecord;
  } catch {
    return undefined; // The lock file is damaged, so no live process updates it.
  }
}

function isAlive({ id, host, pid, at }: LockRecord): boolean {
  const isRecent = Date.now() - Date.parse(at) < 1000 * staleSeconds;
  if (host !== hostname()) return isRecent;
  // Containers that run one after another often have the same process id.
  if (pid === process.pid) return held.has(id);
  try {
    process.kill(pid, 0);
    // A process with this id exists, but the id may have been reused; then the heartbeat is old.
    return isRecent && !isZombie(pid);
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EPERM" && isRecent;
  }
}

/**
 * True if a process has ended but still has an id, because its parent has not waited for it: common in
 * containers whose first process is not an init. Only Linux tells.
 */
function isZombie(pid: number): boolean {
  try {
    // `PID (NAME) STATE ...`; the name may contain parentheses.
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return /^[ZX]/u.test(text.slice(text.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}

function createLockedError(path: string, what: string, found: LockRecord | undefined): LockedError {
  const holder = found === undefined ? "another process" : `process ${found.pid} on ${found.host}`;
  return new LockedError(
    `${what} must be run by one process at a time, got ${holder} (if that process is no longer running, delete ${path})`,
  );
}
