import type { FailureKind } from "@turnwise/core";

/**
 * Kinds of failure of an engine or a container. `engine`: something outside the container ended or
 * removed it. `resources`: it ran out of memory. `environment`: it ended by itself, which an agent
 * can cause.
 */
export type ContainerFault = FailureKind;

/**
 * Failure of an engine or a container. An episode with such a failure is never graded and has no
 * reward; the algorithm decides how to treat it.
 */
export class ContainerError extends Error {
  override readonly name = "ContainerError";
  readonly kind: ContainerFault;

  constructor(kind: ContainerFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** Options of a command. */
export interface CommandOptions {
  /** Working directory. Default: the image's. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** User. Default: the container's user. */
  readonly user?: string;
  /** Standard input. Default: empty. */
  readonly input?: string | Uint8Array;
  /**
   * Time limit, seconds, `> 0`; then the command and all processes that it started are killed.
   * Default 120.
   */
  readonly timeoutSeconds?: number;
  /** Number of bytes to keep of each stream, from its beginning and end. Default 1 MiB. */
  readonly maxBytes?: number;
  /** Writes both streams to `stdout`, in order of arrival. Default false. */
  readonly mergeStreams?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * The part of Node's `Buffer` that is needed to read output, declared here in case Node's types are
 * not installed.
 */
interface PlainBytes extends Uint8Array {
  /** Decodes the bytes. Default UTF-8, with U+FFFD for invalid bytes. */
  toString(encoding?: "utf8" | "latin1" | "base64" | "hex"): string;
  subarray(start?: number, end?: number): PlainBytes;
}

/** Output bytes of a command: Node's `Buffer`, if its type is known. */
export type OutputBytes = typeof globalThis extends {
  Buffer: { isBuffer(value: unknown): value is infer NodeBuffer };
}
  ? NodeBuffer
  : PlainBytes;

/** Result of a command. */
export interface CommandResult {
  /**
   * Exit code; 124 after a timeout. `null` if unknown, because the output was endless or the shell
   * died.
   */
  readonly exitCode: number | null;
  readonly stdout: OutputBytes;
  readonly stderr: OutputBytes;
  readonly isTimedOut: boolean;
  /** True if part of a stream was omitted. */
  readonly isTruncated: boolean;
  readonly seconds: number;
}

/** File to copy into or out of a container. */
export interface ContainerFile {
  /** Relative path with `/`, without `..`; folders end in `/`. */
  readonly path: string;
  readonly content: Uint8Array;
  /** Permission bits. Default 0o644. */
  readonly mode?: number;
  /** Id of the owning user and group. Default 0. */
  readonly owner?: number;
}

/** Shell that keeps its working directory, variables and functions between commands. */
export interface ContainerShell {
  /**
   * Runs a command in the shell, with both streams in `stdout`. If a command times out or ends the
   * shell, the next command starts a new shell. If the shell ended between two commands, the second
   * command is not run, and its result reports the lost shell.
   */
  run(
    command: string,
    options?: Pick<CommandOptions, "timeoutSeconds" | "maxBytes">,
  ): Promise<CommandResult & { readonly isShellLost: boolean }>;
  close(): void;
}

/** Running container. All its processes end with it. */
export interface Container {
  readonly id: string;
  readonly image: string;
  /**
   * True if the preparation in the container's specification was performed. Absent if the engine
   * does not prepare images.
   */
  readonly isPrepared?: boolean;
  /** Address of the engine that runs the container. */
  readonly host: string;
  /**
   * Runs a bash command line and waits for its end. A failing command is a result, not an error.
   */
  exec(command: string, options?: CommandOptions): Promise<CommandResult>;
  /** Starts a shell. */
  shell(options?: Pick<CommandOptions, "cwd" | "env" | "user">): ContainerShell;
  /** Copies files into a folder, which must exist. */
  copyIn(folder: string, files: readonly ContainerFile[]): Promise<void>;
  /**
   * Copies out a file, or all files of a folder. Links, devices and paths that lead outside the
   * folder are skipped and counted.
   */
  copyOut(
    path: string,
    options?: { readonly maxBytes?: number },
  ): Promise<{ readonly files: readonly ContainerFile[]; readonly numSkipped: number }>;
  isAlive(): Promise<boolean>;
  /**
   * Lists the absolute paths that were added, changed or deleted since the container started, as
   * reported by the engine; programs in the container cannot influence the list.
   */
  changes(): Promise<readonly string[]>;
  /** True if the engine reports that a process in the container was killed for lack of memory. */
  isOutOfMemory(): Promise<boolean>;
  /** Kills and removes the container. May be called repeatedly. */
  close(): Promise<void>;
}

/** Script that an engine runs once per image; containers then start from the resulting image. */
export interface ContainerPreparation {
  /**
   * Bash script. Runs as root, with the capabilities to own and write all files and without network
   * access; `TURNWISE_UID` and `TURNWISE_GID` identify the user of the containers. If it fails, the
   * last line on standard error must state why the image is unusable.
   */
  readonly script: string;
  /** Time limit, seconds. Default 3600. */
  readonly timeoutSeconds?: number;
}

/** Build of an image from a Dockerfile. */
export interface ContainerBuild {
  /** Build context with a `Dockerfile`. */
  readonly files: readonly ContainerFile[];
  /** Time limit, seconds. Default 600. */
  readonly timeoutSeconds?: number;
  /** Network of the commands of the Dockerfile. Default `bridge`. */
  readonly network?: "none" | "bridge";
}

/** Image and limits of a container. All limits have defaults. */
export interface ContainerSpec {
  readonly image: string;
  /** Build of the image, performed if the engine does not have it. Default: the image is pulled. */
  readonly build?: ContainerBuild;
  /** Memory limit including swap, bytes. Default 4 GiB. */
  readonly memoryBytes?: number;
  /** CPU limit, cores, fractions allowed. Default 1. */
  readonly cpus?: number;
  /** Maximum number of processes and threads. Default 512. */
  readonly maxProcesses?: number;
  /** Network. Default `none`. */
  readonly network?: "none" | "bridge";
  /** User. Default: the image's user. */
  readonly user?: string;
  /**
   * Capabilities of root: `none`, or `standard` for those with which root installs packages and
   * starts services. No process gains rights through setuid programs. Default `none`.
   */
  readonly capabilities?: "none" | "standard";
  /**
   * Preparation of the image, performed once; an engine that cannot prepare images ignores it.
   * Default none.
   */
  readonly preparation?: ContainerPreparation;
  /** Time after which the container ends by itself, seconds. Default 7200. */
  readonly lifetimeSeconds?: number;
  /** tmpfs mounts: path and maximum size, bytes. */
  readonly tmpfs?: Readonly<Record<string, number>>;
  /** Makes the root file system read-only, except for `tmpfs`. Default false. */
  readonly readOnly?: boolean;
}

/** Starts containers. */
export interface ContainerEngine {
  /** Address of the engine, for messages. */
  readonly host: string;
  /** Starts a container. @throws `ContainerError` naming the operation that failed. */
  start(spec: ContainerSpec, signal?: AbortSignal): Promise<Container>;
  /** Removes all containers that this object started, and releases its resources. */
  close(): Promise<void>;
}
