import type { FailureKind } from "@turnwise/core";

/**
 * Kinds of failure of an engine or a container. A container that something outside ended, or removed,
 * is the `engine`'s; one whose memory ran out `resources`; one that ended by itself `environment`,
 * since an agent can bring that about.
 */
export type ContainerFault = FailureKind;

/**
 * An engine or a container failed. Never scored: an episode in which it happens has no reward, and
 * the recipe decides what becomes of it.
 */
export class ContainerError extends Error {
  override readonly name = "ContainerError";
  readonly kind: ContainerFault;

  constructor(kind: ContainerFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** How a command is run. */
export interface CommandOptions {
  /** Default: the image's working folder. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the container's user. */
  readonly user?: string;
  /** What the command reads; without it, it reads nothing. */
  readonly input?: string | Uint8Array;
  /** After that, the command and all that it started are killed, seconds, `> 0`. Default 120. */
  readonly timeoutSeconds?: number;
  /** What is kept of each stream, bytes: the beginning and the end. Default 1 MiB. */
  readonly maxBytes?: number;
  /** Writes both streams to `stdout`, in the order in which they came. Default false. */
  readonly mergeStreams?: boolean;
  readonly signal?: AbortSignal;
}

/** The part of Node's `Buffer` that output is read with, where Node's types are not installed. */
interface PlainBytes extends Uint8Array {
  /** The bytes as a text. Default UTF-8, with U+FFFD in the place of what is none. */
  toString(encoding?: "utf8" | "latin1" | "base64" | "hex"): string;
  subarray(start?: number, end?: number): PlainBytes;
}

/** Bytes that a command wrote: Node's `Buffer`, by its own type where that is known. */
export type OutputBytes = typeof globalThis extends {
  Buffer: { isBuffer(value: unknown): value is infer NodeBuffer };
}
  ? NodeBuffer
  : PlainBytes;

/** What a command did. */
export interface CommandResult {
  /**
   * Exit code; 124 for a command that ran out of time. `null` where none is known: it wrote without
   * end, or its shell died.
   */
  readonly exitCode: number | null;
  readonly stdout: OutputBytes;
  readonly stderr: OutputBytes;
  readonly isTimedOut: boolean;
  /** Whether something of a stream was left out. */
  readonly isTruncated: boolean;
  readonly seconds: number;
}

/** A file to be put into a container, or one that came out of it. */
export interface ContainerFile {
  /** Relative, with `/`, without `..`; a folder ends in `/`. */
  readonly path: string;
  readonly content: Uint8Array;
  /** Permissions, default 0o644. */
  readonly mode?: number;
  /** Id of the user and the group that own it, default 0. */
  readonly owner?: number;
}

/** A shell that lives from command to command: its folder, variables and functions stay. */
export interface ContainerShell {
  /**
   * Runs a command in the shell, its streams merged in `stdout`. If the command runs out of time or
   * ends the shell, the shell is lost, and the next command begins a new one. If the shell ended
   * between two commands, the second one is not run and reports the lost shell.
   */
  run(
    command: string,
    options?: Pick<CommandOptions, "timeoutSeconds" | "maxBytes">,
  ): Promise<CommandResult & { readonly isShellLost: boolean }>;
  close(): void;
}

/** A running container. Everything it is given to do ends with it. */
export interface Container {
  readonly id: string;
  readonly image: string;
  /** True if the preparation of its specification was done. Absent: the engine prepares nothing. */
  readonly isPrepared?: boolean;
  /** The engine that it runs on. */
  readonly host: string;
  /** Runs a bash command line and waits for its end. What it does wrong is in the result. */
  exec(command: string, options?: CommandOptions): Promise<CommandResult>;
  /** Begins a shell. */
  shell(options?: Pick<CommandOptions, "cwd" | "env" | "user">): ContainerShell;
  /** Puts files under a folder, which must exist. */
  copyIn(folder: string, files: readonly ContainerFile[]): Promise<void>;
  /**
   * Takes out a file, or all files of a folder. Links, devices and paths that lead out of the
   * folder are left out, and counted.
   */
  copyOut(
    path: string,
    options?: { readonly maxBytes?: number },
  ): Promise<{ readonly files: readonly ContainerFile[]; readonly numSkipped: number }>;
  isAlive(): Promise<boolean>;
  /**
   * Lists the absolute paths that were added, changed or deleted since the container began, as the
   * engine sees them: no program of the container is asked.
   */
  changes(): Promise<readonly string[]>;
  /** Whether the engine reports that a process of the container was killed for want of memory. */
  isOutOfMemory(): Promise<boolean>;
  /** Kills and removes it. May be called again. */
  close(): Promise<void>;
}

/** A script that an engine runs once per image, and whose result its containers start from. */
export interface ContainerPreparation {
  /**
   * Bash. Runs as root with the capabilities to own and to write all files, without a network;
   * `TURNWISE_UID` and `TURNWISE_GID` name the user of the containers. If it fails, its last line on
   * standard error says why the image is unusable.
   */
  readonly script: string;
  /** Default 3600. */
  readonly timeoutSeconds?: number;
}

/** What a container may use. Limits are always on. */
export interface ContainerSpec {
  readonly image: string;
  /** Bytes; swap included. Default 4 GiB. */
  readonly memoryBytes?: number;
  /** Processors, fractions allowed. Default 1. */
  readonly cpus?: number;
  /** Processes and threads. Default 512. */
  readonly maxProcesses?: number;
  /** Default `none`. */
  readonly network?: "none" | "bridge";
  /** Default: the image's. */
  readonly user?: string;
  /** Done once per image; an engine that cannot do it starts the container without. Default none. */
  readonly preparation?: ContainerPreparation;
  /** The container ends by itself after that, seconds. Default 7200. */
  readonly lifetimeSeconds?: number;
  /** Memory file systems by path, bytes: they bound what can be written there. */
  readonly tmpfs?: Readonly<Record<string, number>>;
  /** The root file system cannot be written to, but for `tmpfs`. Default false. */
  readonly readOnly?: boolean;
}

/** What makes containers. */
export interface ContainerEngine {
  /** Its address, for messages. */
  readonly host: string;
  /** @throws `ContainerError` with what could not be done. */
  start(spec: ContainerSpec, signal?: AbortSignal): Promise<Container>;
  /** Removes all containers of this engine object, and frees it. */
  close(): Promise<void>;
}
