import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { checkPositive } from "@turnwise/core";
import type Dockerode from "dockerode";
import { BoundedOutput } from "./bounded-output.ts";
import {
  ContainerError,
  type CommandOptions,
  type CommandResult,
  type Container,
  type ContainerFile,
  type ContainerShell,
  type OutputBytes,
} from "./container.ts";
import { dockerFault, withTimeout } from "./docker-fault.ts";
import { DockerShell } from "./docker-shell.ts";
import { frameReader } from "./exec-frames.ts";
import { packTar, unpackTar } from "./tar.ts";
import { startExec } from "./start-exec.ts";

/**
 * Maximum output of a command, bytes; a command that exceeds it counts as endless and is killed.
 */
const floodBytes = 256 * 2 ** 20;
/** Time after the timeout at which a command is killed from outside, seconds. */
const graceSeconds = 4;
/** Exit codes that may mean that the container was killed. */
const suspiciousCodes = new Set<number | null>([null, 126, 129, 137, 143, 255]);

interface Parts {
  readonly image: string;
  readonly host: string;
  readonly maxProcesses: number;
  readonly isPrepared: boolean;
  /** End of the container's lifetime, on the clock of `performance.now()`. */
  readonly endsAt: number;
  readonly onClose: (container: DockerContainer) => void;
}

/** Container on a Docker Engine. */
export class DockerContainer implements Container {
  readonly id: string;
  readonly image: string;
  readonly host: string;
  readonly isPrepared: boolean;
  readonly #container: Dockerode.Container;
  readonly #docker: Dockerode;
  readonly #parts: Parts;
  #closing: Promise<void> | undefined;

  constructor(docker: Dockerode, container: Dockerode.Container, parts: Parts) {
    this.#docker = docker;
    this.#container = container;
    this.#parts = parts;
    this.id = container.id;
    this.image = parts.image;
    this.host = parts.host;
    this.isPrepared = parts.isPrepared;
  }

  async exec(command: string, options: CommandOptions = {}): Promise<CommandResult> {
    const result = await this.#execAlive(command, options);
    if (!isRefused(result)) return result;
    const { cwd } = options;
    if (cwd !== undefined && isWithoutFolder(result)) {
      const stderr = Buffer.from(`cd: ${cwd}: No such file or directory\n`);
      return { ...result, exitCode: 1, stdout: Buffer.alloc(0), stderr };
    }
    // The engine could not start the command because the process limit is reached.
    await this.#killEverything();
    const again = await this.#execAlive(command, options);
    if (!isRefused(again)) return again;
    const said = Buffer.concat([again.stdout, again.stderr]).toString("utf8").slice(0, 200).trim();
    throw this.#fault("environment", `exec: ${said}`);
  }

  /** Runs a command; if the engine reports that the container is not running, finds out why. */
  async #execAlive(command: string, options: CommandOptions): Promise<CommandResult> {
    try {
      return await this.#execOnce(command, options);
    } catch (cause) {
      if (cause instanceof ContainerError && cause.kind === "environment") {
        await this.#assertAlive("exec");
      }
      throw cause;
    }
  }

  async #execOnce(command: string, options: CommandOptions): Promise<CommandResult> {
    const { timeoutSeconds = 120, maxBytes = 2 ** 20, signal, mergeStreams = false } = options;
    const { user, input } = options;
    checkPositive("Container.exec", { timeoutSeconds, maxBytes });
    signal?.throwIfAborted();
    const mark = randomBytes(12).toString("hex");
    const started = performance.now();
    const { exec, stream } = await startExec(
      this.#container,
      [
        "timeout",
        "-k",
        "2",
        String(timeoutSeconds),
        ...(await this.#bashArguments(
          mergeStreams ? `exec 2>&1\n${command}` : command,
          mark,
          options,
        )),
      ],
      options,
      { doing: this.#label("exec"), mark, hasInput: input !== undefined },
    );
    const outputs = { stdout: new BoundedOutput(maxBytes), stderr: new BoundedOutput(maxBytes) };
    const ending = await this.#collect(stream, outputs, input, timeoutSeconds, signal);
    let exitCode: number | null = null;
    if (ending === "ended") exitCode = await this.#exitCode(exec);
    const seconds = (performance.now() - started) / 1000;
    const isKilled = (exitCode === 124 || exitCode === 137) && seconds >= timeoutSeconds;
    const isTimedOut = ending === "expired" || isKilled;
    if (isTimedOut || ending === "flooded" || ending === "aborted") {
      // Processes that left the process group may still run: find them by their environment.
      await this.#killMarked(mark, user);
    }
    if (suspiciousCodes.has(exitCode)) {
      await this.#assertAlive("exec");
      // The engine records the end of a container slightly after its processes end.
      await new Promise((resolve) => setTimeout(resolve, 200));
      await this.#assertAlive("exec");
    }
    if (ending === "aborted") throw signal?.reason;
    return {
      exitCode: isTimedOut ? 124 : exitCode,
      stdout: outputs.stdout.bytes(),
      stderr: outputs.stderr.bytes(),
      isTimedOut,
      isTruncated: outputs.stdout.isTruncated || outputs.stderr.isTruncated,
      seconds,
    };
  }

  /**
   * Creates the arguments that run a command line. A long command line is written to a file,
   * because the length of an argument is limited.
   */
  async #bashArguments(command: string, mark: string, options: CommandOptions): Promise<string[]> {
    if (Buffer.byteLength(command) < 100_000) return ["/bin/bash", "-c", command];
    const path = `/tmp/.turnwise-${mark}`;
    await this.#execOnce(`cat >${path}`, {
      input: command,
      ...(options.user === undefined ? {} : { user: options.user }),
    });
    return ["/bin/bash", path];
  }

  /** Reads the streams of a command until they end, or until there is a reason to stop. */
  async #collect(
    stream: Duplex,
    outputs: Readonly<Record<"stdout" | "stderr", BoundedOutput>>,
    input: string | Uint8Array | undefined,
    timeoutSeconds: number,
    signal: AbortSignal | undefined,
  ): Promise<"ended" | "expired" | "flooded" | "aborted"> {
    let onAbort: (() => void) | undefined;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve) => {
        // Add listeners first, because a stream that has already ended emits the event only once.
        stream.on("end", () => resolve("ended"));
        stream.on("close", () => resolve("ended"));
        stream.on("error", () => resolve("ended"));
        const read = frameReader((name, data) => {
          outputs[name].write(data);
          if (outputs.stdout.total + outputs.stderr.total > floodBytes) resolve("flooded");
        });
        stream.on("data", read);
        timer = setTimeout(() => resolve("expired"), (timeoutSeconds + graceSeconds) * 1000);
        onAbort = () => resolve("aborted");
        signal?.addEventListener("abort", onAbort, { once: true });
        if (input !== undefined) stream.end(input);
      });
    } finally {
      clearTimeout(timer);
      if (onAbort) signal?.removeEventListener("abort", onAbort);
      stream.destroy();
    }
  }

  async #exitCode(exec: Dockerode.Exec): Promise<number | null> {
    // The streams may end before the engine has recorded the exit code.
    for (let attempt = 0; attempt < 50; attempt++) {
      let state: Dockerode.ExecInspectInfo;
      try {
        state = await withTimeout(30, this.#label("exec"), exec.inspect());
      } catch (cause) {
        await this.#assertAlive("exec");
        throw cause;
      }
      if (!state.Running) return state.ExitCode;
      await new Promise((resolve) => setTimeout(resolve, 20 * (attempt + 1)));
    }
    return null;
  }

  /** Kills all processes that have a command's mark in their environment. */
  async #killMarked(mark: string, user: string | undefined): Promise<void> {
    const script =
      "for round in 1 2 3 4 5; do found=; for d in /proc/[0-9]*; do " +
      `if grep -qsF TURNWISE_COMMAND=${mark} $d/environ; then found=1; kill -KILL \${d#/proc/}; fi; ` +
      "done; [ -z $found ] && break; done";
    const isDone = await this.#runQuietly(script, user).catch(() => false);
    if (!isDone) await this.#killEverything();
  }

  /**
   * Kills all processes except the first. Temporarily raises the process limit by one, because a
   * fork bomb leaves no process free.
   */
  async #killEverything(): Promise<void> {
    const { maxProcesses } = this.#parts;
    const limit = async (PidsLimit: number): Promise<unknown> =>
      withTimeout(60, this.#label("clean up"), this.#container.update({ PidsLimit }));
    try {
      await limit(maxProcesses * 2 + 64);
      // Use a shell builtin, which needs no other process.
      const isDone = await this.#runQuietly("kill -KILL -1; exit 0", undefined);
      await limit(maxProcesses);
      if (isDone) return;
    } catch (cause) {
      await this.#assertAlive("clean up");
      throw dockerFault(this.#label("clean up"), cause);
    }
    await withTimeout(60, this.#label("kill"), this.#container.kill()).catch(() => undefined);
    throw this.#fault("environment", "clean up: the container had to be killed");
  }

  /** Runs an internal command without output. @returns True if it succeeded in time. */
  async #runQuietly(script: string, user: string | undefined): Promise<boolean> {
    const exec = await withTimeout(
      20,
      this.#label("exec"),
      this.#container.exec({
        Cmd: ["/bin/bash", "-c", script],
        AttachStdout: true,
        AttachStderr: true,
        ...(user === undefined ? {} : { User: user }),
      }),
    );
    const stream = await withTimeout(20, this.#label("exec"), exec.start({ hijack: true }));
    const outputs = { stdout: new BoundedOutput(4096), stderr: new BoundedOutput(4096) };
    const ending = await this.#collect(stream, outputs, undefined, 20, undefined);
    return ending === "ended" && (await this.#exitCode(exec)) === 0;
  }

  shell(options: Pick<CommandOptions, "cwd" | "env" | "user"> = {}): ContainerShell {
    return new DockerShell(this.#container, options, {
      doing: this.#label("shell"),
      killMarked: async (mark) => this.#killMarked(mark, options.user),
      assertAlive: async () => this.#assertAlive("shell"),
    });
  }

  async copyIn(folder: string, files: readonly ContainerFile[]): Promise<void> {
    await withTimeout(
      300,
      this.#label("copy in"),
      this.#container.putArchive(packTar(files), { path: folder, noOverwriteDirNonDir: "1" }),
    );
  }

  async copyOut(
    path: string,
    { maxBytes = 64 * 2 ** 20 }: { readonly maxBytes?: number } = {},
  ): Promise<{ readonly files: readonly ContainerFile[]; readonly numSkipped: number }> {
    const doing = this.#label(`copy out ${path}`);
    const stream = await withTimeout(60, doing, this.#container.getArchive({ path }));
    const chunks: Buffer[] = [];
    let total = 0;
    const read = (async () => {
      for await (const chunk of stream) {
        const bytes = Buffer.from(chunk);
        total += bytes.length;
        if (total > maxBytes) {
          throw new ContainerError("resources", `${doing}: more than ${maxBytes} bytes`);
        }
        chunks.push(bytes);
      }
    })();
    await withTimeout(300, doing, read);
    return unpackTar(Buffer.concat(chunks));
  }

  async isAlive(): Promise<boolean> {
    try {
      const state = await withTimeout(30, this.#label("inspect"), this.#container.inspect());
      return state.State.Running && !state.State.Paused;
    } catch {
      return false;
    }
  }

  async changes(): Promise<readonly string[]> {
    const listed: unknown = await withTimeout(
      120,
      this.#label("changes"),
      this.#container.changes(),
    );
    if (!Array.isArray(listed)) return [];
    return listed.map((entry: { readonly Path: string }) => entry.Path);
  }

  async isOutOfMemory(): Promise<boolean> {
    const doing = this.#label("events");
    const { State } = await withTimeout(30, doing, this.#container.inspect());
    if (State.OOMKilled) return true;
    // The container's state reports this only for the first process; the event reports it for all.
    const stream = await withTimeout(
      30,
      doing,
      this.#docker.getEvents({
        since: Math.floor(Date.parse(State.StartedAt) / 1000),
        until: Math.ceil(Date.now() / 1000),
        filters: { container: [this.id], event: ["oom"] },
      }),
    );
    let text = "";
    const read = (async () => {
      for await (const chunk of stream) text += String(chunk);
    })();
    await withTimeout(30, doing, read);
    return text.trim() !== "";
  }

  async close(): Promise<void> {
    this.#closing ??= this.#remove();
    await this.#closing;
  }

  async #remove(): Promise<void> {
    this.#parts.onClose(this);
    try {
      await withTimeout(
        120,
        this.#label("remove"),
        this.#container.remove({ force: true, v: true }),
      );
    } catch (cause) {
      const fault = dockerFault(this.#label("remove"), cause);
      // The container is already removed, or the engine is down, so that its containers have ended;
      // `reap` removes them later.
      if (fault.kind === "environment" || fault.kind === "engine") return;
      throw fault;
    }
  }

  /**
   * Checks that the container is running.
   * @throws `ContainerError` with the reason, as far as known, if it is not.
   */
  async #assertAlive(doing: string): Promise<void> {
    let state: Dockerode.ContainerInspectInfo["State"];
    try {
      ({ State: state } = await withTimeout(30, this.#label(doing), this.#container.inspect()));
    } catch (cause) {
      throw dockerFault(this.#label(doing), cause);
    }
    if (state.Running) return;
    if (state.OOMKilled) {
      throw this.#fault("resources", `${doing}: the container ran out of memory`);
    }
    // Processes inside cannot kill the first process, so the kill came through the engine.
    if (state.ExitCode === 137) {
      throw this.#fault("engine", `${doing}: the container was killed from outside`);
    }
    if (state.ExitCode === 0 && performance.now() >= this.#parts.endsAt) {
      throw this.#fault("timeout", `${doing}: the container reached the end of its lifetime`);
    }
    throw this.#fault("environment", `${doing}: the container ended with code ${state.ExitCode}`);
  }

  #label(what: string): string {
    return `${this.host}: container ${this.id.slice(0, 12)}: ${what}`;
  }

  #fault(kind: ContainerError["kind"], message: string): ContainerError {
    return new ContainerError(kind, this.#label(message));
  }
}

/** True if the command's working directory no longer exists. */
function isWithoutFolder({ stdout }: CommandResult): boolean {
  return /chdir to cwd|cwd/u.test(stdout.subarray(0, 500).toString("latin1"));
}

/**
 * True if the command could not be started, according to the engine or to the command's first
 * process.
 */
function isRefused({ exitCode, stdout, stderr }: CommandResult): boolean {
  const begins = (output: OutputBytes): string => output.subarray(0, 100).toString("latin1");
  if (exitCode === 125) return begins(stderr).startsWith("timeout: fork system call failed");
  return (
    (exitCode === 126 || exitCode === 127 || exitCode === 255) &&
    /^OCI runtime exec failed|^runc: |^Error: (?:crun|runc): /u.test(begins(stdout))
  );
}
