import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const execute = promisify(execFile);

/**
 * Runs Python. @returns Its output. @throws `Error` with the output if Python is missing or fails.
 */
async function runPython(parameters: readonly string[]): Promise<string> {
  const { stdout, stderr } = await execute("python3", parameters, { cwd: root });
  return stdout + stderr;
}

const minVersion = [3, 10] as const;

/** Returns the reason why the tests cannot run; `undefined` if they can. */
async function findObstacle(): Promise<string | undefined> {
  const version = await runPython(["-c", "import sys; print(*sys.version_info[:2])"]).catch(
    () => undefined,
  );
  if (version === undefined) return "python3 is not installed";
  const [major = 0, minor = 0] = version.trim().split(" ").map(Number);
  const isNewEnough = major > minVersion[0] || (major === minVersion[0] && minor >= minVersion[1]);
  return isNewEnough ? undefined : `python3 must be >= ${minVersion.join(".")}, got ${version}`;
}

it("the Python packages pass their tests", async (context) => {
  const obstacle = await findObstacle();
  if (obstacle !== undefined) context.skip(obstacle);
  // Skipped tests and stand-ins are named, with the library that is not installed.
  const printed = await runPython(["-m", "unittest", "discover", "-v", "-s", "python/tests"]);
  const skipped = printed.split("\n").filter((line) => /skipped|^Stand-ins/u.test(line));
  if (skipped.length > 0) console.log(skipped.join("\n"));
  expect(printed).toMatch(/\nRan \d+ tests/u);
  expect(printed).toMatch(/\nOK/u);
});
