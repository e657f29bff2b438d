import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const { packageManager } = JSON.parse(readFileSync(`${root}/package.json`, "utf8"));

/** Runs a command in the repository; ends this process with its exit code if it fails. */
export function run(command, args) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1" },
  });
  if (result.error) {
    console.error(`${command}: ${result.error.message}`);
    process.exit(1);
  }
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** Runs the pnpm version that package.json names, through npm, which comes with Node. */
export function pnpm(...args) {
  run("npm", ["exec", "--yes", "--", packageManager, ...args]);
}

/** Installs the packages in the lockfile; prints nothing if they are installed already. */
export function install() {
  pnpm(
    "install",
    "--frozen-lockfile",
    "--prefer-offline",
    "--reporter=append-only",
    "--loglevel=warn",
  );
}
