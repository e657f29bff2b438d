import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Environment that keeps waiting PyTorch threads from spinning on cores that others need. */
const environment = { ...process.env, OMP_WAIT_POLICY: "PASSIVE" };

/**
 * Finds the first Python that can import these modules: the variable PYTHON, then `python3` on the
 * path.
 */
export function findPython(modules: string): string | undefined {
  const candidates = [process.env["PYTHON"], "python3", "/usr/bin/python3"];
  return candidates.find(
    (path) => path !== undefined && spawnSync(path, ["-c", `import ${modules}`]).status === 0,
  );
}

/**
 * Process that receives a specification, answers when it is ready, and then makes one update per
 * line of input.
 */
export class Side<Ready, Answer> {
  readonly #input: NodeJS.WritableStream;
  readonly #lines: AsyncIterator<string>;
  readonly #end: () => Promise<void>;

  constructor(command: string, args: readonly string[]) {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"], env: environment });
    this.#input = child.stdin;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const ended = once(child, "exit");
    this.#end = async () => {
      child.stdin.end();
      await ended;
    };
  }

  async start(spec: unknown): Promise<Ready> {
    this.#input.write(`${JSON.stringify(spec)}\n`);
    return JSON.parse(await this.#line()) as Ready;
  }

  async update(): Promise<Answer> {
    this.#input.write("update\n");
    return JSON.parse(await this.#line()) as Answer;
  }

  async #line(): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (done === true) throw new Error("side: the process exited before it answered");
    return value;
  }

  /** Waits for the process to exit. */
  close(): Promise<void> {
    return this.#end();
  }
}

/** Median of a list; the upper one for even lengths. */
export const median = (list: readonly number[]): number =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!;
