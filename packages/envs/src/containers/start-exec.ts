import type { Duplex } from "node:stream";
import type Dockerode from "dockerode";
import type { CommandOptions } from "./container.ts";
import { withTimeout } from "./docker-fault.ts";

/** Process in a container, with its streams. */
interface StartedExec {
  readonly exec: Dockerode.Exec;
  readonly stream: Duplex;
}

/**
 * Starts a process in a container.
 * @param parts.mark - Value of `TURNWISE_COMMAND`, by which the process and its children are found.
 * @param parts.hasInput - True if the process reads standard input from the stream.
 */
export async function startExec(
  container: Dockerode.Container,
  command: string[],
  { cwd, env = {}, user }: Pick<CommandOptions, "cwd" | "env" | "user">,
  {
    doing,
    mark,
    hasInput,
  }: { readonly doing: string; readonly mark: string; readonly hasInput: boolean },
): Promise<StartedExec> {
  const exec = await withTimeout(
    60,
    doing,
    container.exec({
      Cmd: command,
      AttachStdin: hasInput,
      AttachStdout: true,
      AttachStderr: true,
      Tty: false,
      Env: [
        ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
        `TURNWISE_COMMAND=${mark}`,
      ],
      ...(cwd === undefined ? {} : { WorkingDir: cwd }),
      ...(user === undefined ? {} : { User: user }),
    }),
  );
  const stream = await withTimeout(60, doing, exec.start({ hijack: true, stdin: hasInput }));
  return { exec, stream };
}
