import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { checkPositive } from "@turnwise/core";
import type Dockerode from "dockerode";
import { BoundedOutput } from "./bounded-output.ts";
import type { CommandOptions, CommandResult, ContainerShell } from "./container.ts";
import { frameReader } from "./exec-frames.ts";
import { startExec } from "./start-exec.ts";

interface Parts {
  readonly doing: string;
  readonly killMarked: (mark: string) => Promise<void>;
  readonly assertAlive: () => Promise<void>;
}

interface Session {
  readonly stream: Duplex;
  readonly mark: string;
  /** Called with output of the current command. */
  onData: (data: Buffer) => void;
  onEnd: () => void;
}

/**
 * Bash process that reads commands from a stream. Commands take only milliseconds, because they
 * need no new process.
 */
export class DockerShell implements ContainerShell {
  readonly #container: Dockerode.Container;
  readonly #options: Pick<CommandOptions, "cwd" | "env" | "user">;
  readonly #parts: Parts;
  #session: Session | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(
    container: Dockerode.Container,
    options: Pick<CommandOptions, "cwd" | "env" | "user">,
    parts: Parts,
  ) {
    this.#container = container;
    this.#options = options;
    this.#parts = parts;
  }

  async run(
    command: string,
    options: Pick<CommandOptions, "timeoutSeconds" | "maxBytes"> = {},
  ): Promise<CommandResult & { readonly isShellLost: boolean }> {
    // Run commands one after another, because a shell has only one stream.
    const turn = this.#queue.then(async () => this.#runOnce(command, options));
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async #runOnce(
    command: string,
    {
      timeoutSeconds = 120,
      maxBytes = 2 ** 20,
    }: Pick<CommandOptions, "timeoutSeconds" | "maxBytes">,
  ): Promise<CommandResult & { readonly isShellLost: boolean }> {
    checkPositive("ContainerShell.run", { timeoutSeconds, maxBytes });
    this.#session ??= await this.#open();
    const session = this.#session;
    const started = performance.now();
    const output = new BoundedOutput(maxBytes);
    // Use a new random sentinel for each command, so that its output cannot fake the end of the
    // command.
    const sentinel = `\n${randomBytes(12).toString("hex")} `;
    let exitCode: number | null = null;
    let tail = "";
    let timer: NodeJS.Timeout | undefined;
    const ending = await new Promise<"done" | "lost" | "expired">((resolve) => {
      session.onEnd = () => resolve("lost");
      // A stream that ended between two commands emits no further event.
      if (session.stream.readableEnded || session.stream.destroyed) session.onEnd();
      session.onData = (data) => {
        // Decode as Latin-1, which preserves bytes. Hold back output that may be the start of the
        // sentinel.
        tail += data.toString("latin1");
        const found = tail.indexOf(sentinel);
        const end = found === -1 ? -1 : tail.indexOf("\n", found + sentinel.length);
        if (end !== -1) {
          output.write(Buffer.from(tail.slice(0, found), "latin1"));
          exitCode = Number(tail.slice(found + sentinel.length, end));
          resolve("done");
          return;
        }
        const keep = found === -1 ? Math.max(0, tail.length - sentinel.length) : found;
        output.write(Buffer.from(tail.slice(0, keep), "latin1"));
        tail = tail.slice(keep);
      };
      timer = setTimeout(() => resolve("expired"), timeoutSeconds * 1000);
      const encoded = Buffer.from(command, "utf8").toString("base64");
      session.stream.write(
        `eval "$(base64 -d <<<${encoded})" </dev/null 2>&1; printf '\\n${sentinel.trim()} %d\\n' $?\n`,
      );
    });
    clearTimeout(timer);
    session.onData = () => undefined;
    if (ending !== "done") {
      this.#session = undefined;
      session.stream.destroy();
      output.write(Buffer.from(tail, "latin1"));
      if (ending === "lost") await this.#parts.assertAlive();
      await this.#parts.killMarked(session.mark);
    }
    return {
      exitCode: ending === "expired" ? 124 : exitCode,
      stdout: output.bytes(),
      stderr: Buffer.alloc(0),
      isTimedOut: ending === "expired",
      isTruncated: output.isTruncated,
      isShellLost: ending !== "done",
      seconds: (performance.now() - started) / 1000,
    };
  }

  async #open(): Promise<Session> {
    const mark = randomBytes(12).toString("hex");
    const { stream } = await startExec(
      this.#container,
      ["/bin/bash", "--noprofile", "--norc"],
      this.#options,
      { doing: this.#parts.doing, mark, hasInput: true },
    );
    const session: Session = { stream, mark, onData: () => undefined, onEnd: () => undefined };
    const endSession = (): void => session.onEnd();
    stream.on("end", endSession);
    stream.on("close", endSession);
    stream.on("error", endSession);
    stream.on(
      "data",
      frameReader((_name, data) => session.onData(data)),
    );
    return session;
  }

  close(): void {
    this.#session?.stream.destroy();
    this.#session = undefined;
  }
}
