import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readAvailableMemory } from "./available-memory.ts";

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

async function rootWith(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "turnwise-memory-"));
  folders.push(root);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return root;
}

const meminfo = "MemTotal:       200000 kB\nMemFree:         10000 kB\nMemAvailable:   100000 kB\n";

test("is the system's available memory if nothing limits it", async () => {
  const root = await rootWith({ "proc/meminfo": meminfo, "proc/self/cgroup": "0::/user\n" });
  expect(await readAvailableMemory(root)).toBe(100_000 * 1024);
});

test("is what the tightest control group leaves, not counting page cache", async () => {
  const root = await rootWith({
    "proc/meminfo": meminfo,
    "proc/self/cgroup": "0::/slice/job\n",
    "sys/fs/cgroup/slice/memory.max": "9000000\n",
    "sys/fs/cgroup/slice/memory.current": "5000000\n",
    "sys/fs/cgroup/slice/memory.stat": "anon 1\ninactive_file 2000000\nactive_file 7\n",
    "sys/fs/cgroup/slice/job/memory.max": "max\n",
    "sys/fs/cgroup/slice/job/memory.current": "5000000\n",
  });
  expect(await readAvailableMemory(root)).toBe(6_000_000);
});

test("supports cgroup v1, and containers that see the group under another path", async () => {
  const root = await rootWith({
    "proc/meminfo": meminfo,
    "proc/self/cgroup": "5:cpu,memory:/docker/abc\n1:name=systemd:/docker/abc\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": "7000000\n",
    "sys/fs/cgroup/memory/memory.usage_in_bytes": "8000000\n",
    "sys/fs/cgroup/memory/memory.stat": "total_inactive_file 1500000\n",
  });
  expect(await readAvailableMemory(root)).toBe(500_000);
  const full = await rootWith({
    "proc/meminfo": meminfo,
    "proc/self/cgroup": "0::/\n",
    "sys/fs/cgroup/memory.max": "100",
    "sys/fs/cgroup/memory.current": "300",
  });
  expect(await readAvailableMemory(full)).toBe(0);
});

test("asks the system if there is no /proc", async () => {
  expect(await readAvailableMemory(await rootWith({}))).toBeGreaterThan(0);
});
