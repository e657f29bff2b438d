import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Duration and sampled tokens of one side. */
export interface SamplingAnswer {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly tokens: readonly (readonly number[])[];
}

/** Side of a comparison, which continues prompts of one length greedily. */
export interface SamplingSide {
  sample(prompts: readonly (readonly number[])[], maxTokens: number): Promise<SamplingAnswer>;
  close(): Promise<void> | void;
}

/** First message to `policy_sampling.py`. */
export interface SamplingSpec {
  /** Bare tensor loop, or `generate` of transformers. */
  readonly engine: "bare" | "transformers";
  /** Folder of a Qwen3 with tied embeddings, in float32, in one file. */
  readonly folder: string;
  readonly threads: number;
  /** Device of the Python side. Default `"cpu"`. */
  readonly device?: "cpu" | "cuda";
  /** Data type of matrix products. Default `"float32"`. */
  readonly products?: string;
}

/** Starts a Python process that samples on request. */
export async function startPythonSide(python: string, spec: SamplingSpec): Promise<SamplingSide> {
  const script = fileURLToPath(new URL("policy_sampling.py", import.meta.url));
  const child = spawn(python, [script], {
    stdio: ["pipe", "pipe", "inherit"],
    // Otherwise waiting threads would occupy cores that the other side needs.
    env: { ...process.env, OMP_WAIT_POLICY: "PASSIVE" },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async <T>(question: object): Promise<T> => {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`${spec.engine}: Python exited before it answered`);
    return JSON.parse(value) as T;
  };
  await ask(spec);
  return {
    sample: (prompts, maxTokens) => ask({ prompts, maxTokens }),
    close: () => {
      child.stdin.end();
    },
  };
}
