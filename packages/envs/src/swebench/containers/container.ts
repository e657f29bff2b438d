import type { FailureKind } from "@turnwise/core";

/**
 * Kinds of failure of an engine or a container. `engine`: something outside ended or removed the
 * container. `resources`: its memory ran out. `environment`: it ended by itself, since an agent can
 * cause that.
 */
export type ContainerFault = FailureKind;

/**
 * Failure of an engine or a container. Never scored: an episode with such a failure has no reward,
 * and the algorithm decides how it counts.
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
  /** Working folder. Default: the image's. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the user of the container. */
  readonly user?: string;
  /** Standard input. Default: empty. */
  readonly input?: string | Uint8Array;
  /**
   * Time after which the command and all processes that it started are killed, seconds, `> 0`.
   * Default 120.
   */
  readonly timeoutSeconds?: number;
  /** Bytes to keep of each stream, from its beginning and end. Default 1 MiB. */
  readonly maxBytes?: number;
  /** Writes both streams to `stdout`, in order of arrival. Default false. */
  readonly mergeStreams?: boolean;
  readonly signal?: AbortSignal;
}

/** The part of Node's `Buffer` needed to read output, for when Node's types are not installed. */
interface PlainBytes extends Uint8Array {
  /** Decodes the bytes. Default UTF-8, with U+FFFD for invalid bytes. */
  toString(encoding?: "utf8" | "latin1" | "base64" | "hex"): string;
  subarray(start?: number, end?: number): PlainBytes;
}

/** Bytes that a command wrote: Node's `Buffer`, if its type is known. */
export type OutputBytes = typeof globalThis extends {
  Buffer: { isBuffer(value: unknown): value is infer NodeBuffer };
}
  ? NodeBuffer
  : PlainBytes;

/** Result of a command. */
export interface CommandResult {
  /** Exit code; 124 for a timeout. `null` if unknown: the output was endless, or the shell died. */
  readonly exitCode: number | null;
  readonly stdout: OutputBytes;
  readonly stderr: OutputBytes;
  readonly isTimedOut: boolean;
  /** True if part of a stream was omitted. */
  readonly isTruncated: boolean;
  readonly seconds: number;
}

/** A file to copy into a container, or copied out of one. */
export interface ContainerFile {
  /** Relative path with `/`, without `..`; a folder ends in `/`. */
  readonly path: string;
  readonly content: Uint8Array;
  /** Permissions. Default 0o644. */
  readonly mode?: number;
  /** Id of the owning user and group. Default 0. */
  readonly owner?: number;
}

/** A shell that keeps its folder, variables and functions between commands. */
export interface ContainerShell {
  /**
   * Runs a command in the shell, with both streams in `stdout`. A command that times out or ends
   * the shell loses it, and the next command starts a new one. If the shell ended between two
   * commands, the second one is not run and reports the lost shell.
   */
  run(
    command: string,
    options?: Pick<CommandOptions, "timeoutSeconds" | "maxBytes">,
  ): Promise<CommandResult & { readonly isShellLost: boolean }>;
  close(): void;
}

/** A running container. All its processes end with it. */
export interface Container {
  readonly id: string;
  readonly image: string;
  /**
   * True if the preparation of its specification was done. Absent if the engine does not prepare
   * images.
   */
  readonly isPrepared?: boolean;
  /** Engine that runs it. */
  readonly host: string;
  /**
   * Runs a bash command line and waits for its end. Failures of the command are part of the result.
   */
  exec(command: string, options?: CommandOptions): Promise<CommandResult>;
  /** Starts a shell. */
  shell(options?: Pick<CommandOptions, "cwd" | "env" | "user">): ContainerShell;
  /** Copies files into a folder, which must exist. */
  copyIn(folder: string, files: readonly ContainerFile[]): Promise<void>;
  /**
   * Copies out a file, or all files of a folder. Links, devices and paths that lead out of the
   * folder are skipped and counted.
   */
  copyOut(
    path: string,
    options?: { readonly maxBytes?: number },
  ): Promise<{ readonly files: readonly ContainerFile[]; readonly numSkipped: number }>;
  isAlive(): Promise<boolean>;
  /**
   * Lists the absolute paths that were added, changed or deleted since the container started. The
   * engine reports them; no program in the container is involved.
   */
  changes(): Promise<readonly string[]>;
  /** True if the engine reports that a process of the container was killed for lack of memory. */
  isOutOfMemory(): Promise<boolean>;
  /** Kills and removes the container. May be called again. */
  close(): Promise<void>;
}

/** Script that an engine runs once per image; containers start from its result. */
export interface ContainerPreparation {
  /**
   * Bash script. Runs as root, with the capabilities to own and write all files and without network
   * access; `TURNWISE_UID` and `TURNWISE_GID` identify the user of the containers. On failure, the
   * last line on standard error says why the image is unusable.
   */
  readonly script: string;
  /** Seconds. Default 3600. */
  readonly timeoutSeconds?: number;
}

/** Image and limits of a container. Limits always apply. */
export interface ContainerSpec {
  readonly image: string;
  /** Memory limit, swap included, bytes. Default 4 GiB. */
  readonly memoryBytes?: number;
  /** CPU limit, cores, fractions allowed. Default 1. */
  readonly cpus?: number;
  /** Maximum number of processes and threads. Default 512. */
  readonly maxProcesses?: number;
  /** Default `none`. */
  readonly network?: "none" | "bridge";
  /** Default: the user of the image. */
  readonly user?: string;
  /**
   * Preparation of the image, done once; an engine that cannot prepare images starts the container
   * without it. Default none.
   */
  readonly preparation?: ContainerPreparation;
  /** Time after which the container ends by itself, seconds. Default 7200. */
  readonly lifetimeSeconds?: number;
  /** Memory file systems: path to maximum size, bytes. */
  readonly tmpfs?: Readonly<Record<string, number>>;
  /** Makes the root file system read-only, except for `tmpfs`. Default false. */
  readonly readOnly?: boolean;
}

/** Starts containers. */
export interface ContainerEngine {
  /** Address, for messages. */
  readonly host: string;
  /** @throws `ContainerError` that says which operation failed. */
  start(spec: ContainerSpec, signal?: AbortSignal): Promise<Container>;
  /** Removes all containers of this engine object and releases its resources. */
  close(): Promise<void>;
}
