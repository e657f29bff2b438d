import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import type { StudyTask } from "@turnwise/training/study";

/** Runs tasks of a study, each in a child process. */
export interface TaskLauncher {
  /** Runs a task. @returns The error in one line; `undefined` after success. */
  readonly launch: (task: StudyTask) => Promise<string | undefined>;
  /** Stops all child processes; their tasks can be resumed. */
  readonly stop: () => void;
}

/**
 * Creates a task launcher. The output of a task goes to a log file named after its cell.
 * @param logs - Folder of the log files.
 * @param parameters - Command-line arguments of a task.
 */
export function createTaskLauncher({
  logs,
  parameters,
}: {
  readonly logs: string;
  readonly parameters: (task: StudyTask) => readonly string[];
}): TaskLauncher {
  const children = new Set<ChildProcess>();
  return {
    launch: async (task) => {
      await mkdir(logs, { recursive: true });
      const name = task.kind === "start" ? `start-${task.plan.name}` : task.plan.name;
      const log = await open(join(logs, `${name}.log`), "a");
      try {
        const program = [...process.execArgv, process.argv[1]!, ...parameters(task)];
        const child = spawn(process.execPath, program, {
          // The IPC channel closes when this process dies; the child process then exits.
          stdio: ["ignore", log.fd, "pipe", "ipc"],
          env: { ...process.env, NO_COLOR: "1" },
        });
        children.add(child);
        let errors = "";
        child.stderr!.on("data", (chunk: Buffer) => {
          errors = `${errors}${String(chunk)}`.slice(-4000);
          void log.appendFile(chunk);
        });
        const { code, signal } = await waitForExit(child);
        children.delete(child);
        if (code === 0) return undefined;
        const last =
          errors
            .trim()
            .split("\n")
            .at(-1)
            ?.replace(/^turnwise: /u, "") ?? "";
        if (last !== "") return last;
        return signal === null
          ? `process exited with code ${code}`
          : `process was killed by ${signal}`;
      } finally {
        await log.close();
      }
    },
    stop: () => {
      for (const child of children) child.kill("SIGTERM");
    },
  };
}

function waitForExit(
  child: ChildProcess,
): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
}
