import { open, readFile, rm, unlink } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { InputError } from "../input-error.ts";
import { makeFolder } from "../files/make-folder.ts";
import { writeWhole } from "../files/write-whole.ts";

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
/** Seconds without a heartbeat after which a lock of another machine counts as stale. */
const staleSeconds = 300;

/** Options of {@link withLock}. */
export interface LockOptions {
  /** Called before each wait for another process; absent: a lock that is held is an error. */
  readonly onWait?: () => void;
}

/** Seconds between two attempts to acquire a lock. */
const waitSeconds = 2;

/** Thrown if another process holds the lock. */
export class LockedError extends InputError {}

/**
 * Runs work under a lock file that only one process can hold, also across machines that share the file
 * system. A stale lock is taken over.
 * @param path - Lock file; its folder is created.
 * @param what - Name of the work for messages: `study toy`.
 * @throws {@link LockedError} if another process holds the lock and `onWait` is absent.
 */
export async function withLock<T>(
  path: string,
  what: string,
  work: () => Promise<T>,
  { onWait }: LockOptions = {},
): Promise<T> {
  const id = randomUUID();
  for (;;) {
    try {
      await acquire(path, what, id);
      break;
    } catch (cause) {
      if (!(cause instanceof LockedError) || onWait === undefined) throw cause;
      onWait();
      await sleep(1000 * waitSeconds);
    }
  }
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
  const held = await readLock(path);
  if (held !== undefined && isAlive(held)) throw createLockedError(path, what, held);
  // Only one process may replace a stale lock.
  const guard = `${path}.takeover`;
  if (!(await createFile(guard, formatRecord(id)))) throw createLockedError(path, what, held);
  try {
    const present = await readLock(path);
    if (present !== undefined && isAlive(present)) throw createLockedError(path, what, present);
    await writeWhole(path, formatRecord(id));
  } finally {
    await unlink(guard);
  }
}

/** Creates a file with a content; false if it exists. */
async function createFile(path: string, content: string): Promise<boolean> {
  const file = await open(path, "wx").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "EEXIST") return undefined;
    throw cause;
  });
  if (file === undefined) return false;
  try {
    await file.writeFile(content);
  } finally {
    await file.close();
  }
  return true;
}

/** Checks whether a process holds a lock. */
export async function isLocked(path: string): Promise<boolean> {
  const held = await readLock(path);
  return held !== undefined && isAlive(held);
}

async function readLock(path: string): Promise<LockRecord | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as LockRecord;
  } catch {
    return undefined; // Its process died while writing it.
  }
}

function isAlive({ host, pid, at }: LockRecord): boolean {
  const isRecent = Date.now() - Date.parse(at) < 1000 * staleSeconds;
  if (host !== hostname()) return isRecent;
  try {
    process.kill(pid, 0);
    // The process id may have been reused.
    return isRecent;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EPERM" && isRecent;
  }
}

function createLockedError(path: string, what: string, held: LockRecord | undefined): LockedError {
  const holder = held === undefined ? "another process" : `process ${held.pid} on ${held.host}`;
  return new LockedError(
    `${what} must be run by one process at a time, got ${holder} (if it has died, delete ${path})`,
  );
}
