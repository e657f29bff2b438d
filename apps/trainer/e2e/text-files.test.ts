import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Files that read only text of this project, the kernel, or a process that we start. */
const allowed = [
  // package.json of the program itself, and its templates
  "apps/trainer/src/create-package.ts",
  "apps/trainer/src/read-version.ts",
  "packages/training/src/read-versions.ts",
  // the page of `turnwise view`, which the build makes
  "apps/trainer/src/view/page-files.ts",
  // package.json of installed packages
  "packages/training/src/study/machine.ts",
  // locks and cached responses that the program writes itself
  "packages/policy/src/remote/response-cache.ts",
  "packages/training/src/files/lock.ts",
  // standard input of a process that we start
  "packages/policy/src/doctor/cuda-probe.ts",
  "packages/policy/src/doctor/diagnose.ts",
  // /proc and /sys
  "packages/policy/src/engine/available-memory.ts",
  "packages/envs/src/containers/labels.ts",
];

it("reads users' text files only through decodeText, which handles byte order marks", async () => {
  const folders = (await readdir(join(root, "packages"))).map((name) => `packages/${name}/src`);
  const offenders: string[] = [];
  for (const folder of [...folders, "apps/trainer/src"]) {
    const entries = await readdir(join(root, folder), { recursive: true }).catch(() => []);
    for (const entry of entries) {
      const path = `${folder}/${entry.replaceAll("\\", "/")}`;
      const isProduct = path.endsWith(".ts") && !/\.(?:test|property\.test)\.ts$/u.test(path);
      if (!isProduct || /\/(?:testing|demo)\/|shared-data\.ts$/u.test(path)) continue;
      const source = await readFile(join(root, path), "utf8");
      if (/readFile(?:Sync)?\([^;]*?"utf-?8"/u.test(source)) offenders.push(path);
    }
  }
  expect(offenders.filter((path) => !allowed.includes(path))).toEqual([]);
});
