import type { CommandResult, Container } from "../containers/container.ts";

/** Limits and paths of the tools. */
export interface ToolOptions {
  /** Folder of the repository. Default `/testbed`. */
  readonly folder?: string;
  /** Maximum duration of a command, seconds. Default 90. */
  readonly commandTimeoutSeconds?: number;
  /** Additional environment variables of commands. */
  readonly env?: Readonly<Record<string, string>>;
  /** User of commands. Default: the container's user. */
  readonly user?: string;
  /** Maximum length of an answer, characters, `>= 1`. Default 10,000. */
  readonly maxCharacters?: number;
}

/** Container of an episode, with the functions that its tools need. */
export interface Workspace {
  readonly folder: string;
  readonly commandTimeoutSeconds: number;
  readonly maxCharacters: number;
  /** Earlier contents of edited files by path, oldest first, for `undo_edit`. */
  readonly edits: Map<string, Uint8Array[]>;
  /** Runs a command of the agent in the repository, in a new shell. */
  runCommand(command: string, signal?: AbortSignal): Promise<CommandResult>;
  /** Runs a command of a tool. */
  runInternal(command: string, input?: string | Uint8Array): Promise<CommandResult>;
}

/** Maximum size of a file that the editor reads, bytes. */
export const maxFileBytes: number = 4 * 2 ** 20;

/** Variables that keep commands from waiting for input. */
export const quietVariables: Readonly<Record<string, string>> = {
  PAGER: "cat",
  MANPAGER: "cat",
  GIT_PAGER: "cat",
  LESS: "-R",
  PIP_PROGRESS_BAR: "off",
  TQDM_DISABLE: "1",
};

/** Prepares a container for the tools of one episode. */
export function openWorkspace(container: Container, options: ToolOptions = {}): Workspace {
  const { folder = "/testbed", commandTimeoutSeconds = 90, maxCharacters = 10_000 } = options;
  const env = { ...quietVariables, ...options.env };
  const user = options.user === undefined ? {} : { user: options.user };
  return {
    folder,
    commandTimeoutSeconds,
    maxCharacters,
    edits: new Map(),
    runCommand: async (command, signal) =>
      container.exec(command, {
        cwd: folder,
        env,
        ...user,
        timeoutSeconds: commandTimeoutSeconds,
        ...(signal === undefined ? {} : { signal }),
      }),
    runInternal: async (command, input) =>
      container.exec(command, {
        cwd: folder,
        ...user,
        timeoutSeconds: 30,
        maxBytes: maxFileBytes,
        ...(input === undefined ? {} : { input }),
      }),
  };
}
