import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { isLocked, LockedError, withLock } from "./lock.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "turnwise-lock-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const record = (changes: object): string =>
  JSON.stringify({
    id: "x",
    host: hostname(),
    pid: process.ppid,
    at: new Date().toISOString(),
    ...changes,
  });

/** Process id that Linux never assigns. */
const noPid = 2 ** 22 + 1;

describe("withLock", () => {
  it("lets one process at a time do the work, and leaves no files", async () => {
    const path = join(folder, "one", "work.lock");
    const result = await withLock(path, "work", async () => {
      expect(await isLocked(path)).toBe(true);
      await expect(withLock(path, "work", async () => 2)).rejects.toThrow(LockedError);
      await expect(withLock(path, "work", async () => 2)).rejects.toThrow(
        `work must be run by one process at a time, got process ${process.pid} on ${hostname()} (if that process is no longer running, delete ${path})`,
      );
      return 1;
    });
    expect(result).toBe(1);
    expect(await readdir(join(folder, "one"))).toEqual([]);
    await expect(
      withLock(path, "work", async () => {
        throw new Error("broken");
      }),
    ).rejects.toThrow("broken");
    expect(await isLocked(path)).toBe(false);
  });

  it.each([
    ["a process that has died", record({ pid: noPid })],
    ["a process id that was reused", record({ at: "2026-01-01T00:00:00Z" })],
    ["an earlier process with this one's id", record({ pid: process.pid })],
    ["another machine that went silent", record({ host: "other", at: "2026-01-01T00:00:00Z" })],
    ["a process that died while it wrote", '{"id":'],
  ])("takes over the lock of %s", async (name, text) => {
    const path = join(folder, `${name}.lock`);
    await writeFile(path, text);
    expect(await withLock(path, "work", async () => 1)).toBe(1);
  });

  it.skipIf(process.platform !== "linux")("takes over the lock of a zombie", async () => {
    // The shell becomes a program that never waits for its child.
    const parent = spawn("sh", ["-c", "true & echo $!; exec sleep 60"]);
    try {
      const [pid] = (await once(parent.stdout, "data")) as [Buffer];
      const path = join(folder, "zombie.lock");
      await writeFile(path, record({ pid: Number(pid) }));
      await vi.waitFor(async () => expect(await isLocked(path)).toBe(false), { timeout: 60_000 });
      process.kill(Number(pid), 0); // It still has its id.
      expect(await withLock(path, "work", async () => 1)).toBe(1);
    } finally {
      parent.kill("SIGKILL");
    }
  });

  it("takes over from a process that died while it took over", async () => {
    const path = join(folder, "guarded.lock");
    await writeFile(path, record({ pid: noPid }));
    await writeFile(`${path}.takeover`, record({ pid: noPid }));
    expect(await withLock(path, "work", async () => 1)).toBe(1);
    await writeFile(path, record({ pid: noPid }));
    await writeFile(`${path}.takeover`, record({}));
    await expect(withLock(path, "work", async () => 1)).rejects.toThrow(LockedError);
  });

  it("respects a live process of another machine", async () => {
    const path = join(folder, "other.lock");
    await writeFile(path, record({ host: "other", pid: 7 }));
    await expect(withLock(path, "work", async () => 1)).rejects.toThrow("process 7 on other");
  });

  it("waits if asked to", async () => {
    const path = join(folder, "wait.lock");
    await writeFile(path, record({}));
    const onWait = (): void => void rm(path);
    expect(await withLock(path, "work", async () => 1, { onWait })).toBe(1);
  });
});
