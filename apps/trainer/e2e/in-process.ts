import { Readable } from "node:stream";
import { runCommandLine } from "../src/command-line.ts";

/** Output and exit code of a command. */
export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The last command: only one runs at a time, since all share the streams of the process. */
let last: Promise<unknown> = Promise.resolve();

/** Runs a command line in this process, which is faster than in a new one. */
export function runInProcess(
  parameters: readonly string[],
  { input = "" }: { readonly input?: string } = {},
): Promise<Result> {
  const result = last.then(() => capture(() => runCommandLine(parameters), input));
  last = result.catch(() => undefined);
  return result;
}

/** Runs a function with `input` as standard input, and captures its output. */
async function capture(run: () => Promise<number>, input: string): Promise<Result> {
  const printed = { stdout: "", stderr: "" };
  const stdin = Object.getOwnPropertyDescriptor(process, "stdin")!;
  const writers = {
    stdout: process.stdout.write.bind(process.stdout),
    stderr: process.stderr.write.bind(process.stderr),
  };
  const redirect =
    (name: keyof typeof printed) =>
    (chunk: unknown): boolean => {
      printed[name] += chunk instanceof Uint8Array ? Buffer.from(chunk).toString() : String(chunk);
      return true;
    };
  Object.defineProperty(process, "stdin", {
    value: Readable.from([Buffer.from(input)]),
    configurable: true,
  });
  process.stdout.write = redirect("stdout");
  process.stderr.write = redirect("stderr");
  try {
    const code = await run();
    return { code, ...printed };
  } finally {
    process.stdout.write = writers.stdout;
    process.stderr.write = writers.stderr;
    Object.defineProperty(process, "stdin", stdin);
  }
}
