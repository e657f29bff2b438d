import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Root of the repository. */
export const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Node arguments that run the command line from source, in {@link root}. */
export const sourceArguments = [
  "--import",
  "tsx",
  "--conditions=turnwise-source",
  "apps/trainer/src/main.ts",
] as const;

/** Output, exit code and signal of a process. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the command line from source in a separate process.
 * @param onOutput - Receives the output so far; the first signal that it returns is sent to the process.
 */
export function runTurnwise(
  args: readonly string[],
  {
    input = "",
    onOutput,
    env = {},
    killSignal,
  }: {
    readonly input?: string;
    readonly onOutput?: (stdout: string) => NodeJS.Signals | void;
    readonly env?: Readonly<Record<string, string>>;
    /** Kills the process when aborted. */
    readonly killSignal?: AbortSignal;
  } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [...sourceArguments, ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: "1", ...env },
  });
  let stdout = "";
  let stderr = "";
  let isSignalled = false;
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += String(chunk);
    const signal = isSignalled ? undefined : onOutput?.(stdout);
    if (signal === undefined) return;
    isSignalled = true;
    child.kill(signal);
  });
  child.stderr.on("data", (chunk: Buffer) => (stderr += String(chunk)));
  child.stdin.end(input);
  killSignal?.addEventListener("abort", () => child.kill("SIGKILL"));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
