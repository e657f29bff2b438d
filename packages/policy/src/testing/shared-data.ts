import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Finds a path of the shared test data next to the repository. For tests only.
 * @returns `undefined` if the data is missing.
 */
export function findSharedData(path: string): string | undefined {
  let directory = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const candidate = join(directory, "shared", path);
    if (existsSync(candidate)) return candidate;
    const parent = dirname(directory);
    if (parent === directory) {
      console.log(`skipped: test data shared/${path} is not next to the repository`);
      return undefined;
    }
    directory = parent;
  }
}

/** Reference values that PyTorch computed for a small checkpoint; see the README of the data. */
export interface GoldenPolicy {
  readonly input_ids: number[][];
  readonly token_log_probs: number[][];
  readonly token_entropies: number[][];
  readonly greedy: { readonly prompt: number[]; readonly continuation: number[] };
  readonly ragged: readonly {
    readonly length: number;
    readonly token_log_probs: number[];
    readonly token_entropies: number[];
  }[];
  readonly mask: number[][];
  readonly advantages: number[];
  readonly old_log_probs: number[][];
  readonly cross_entropy: GoldenLoss;
  readonly clipped_surrogate: GoldenLoss;
  readonly adamw: {
    readonly lr: number;
    readonly betas: [number, number];
    readonly eps: number;
    readonly weight_decay: number;
    readonly clip: number;
    readonly losses: number[];
    readonly grad_norms: number[];
    readonly token_log_probs_after: number[][];
    readonly param_sums_after: Record<string, number>;
  };
  readonly tokenizer: {
    readonly text: string;
    readonly ids: number[];
    readonly decoded: string;
    readonly chat: readonly { readonly role: string; readonly content: string }[];
    readonly chat_ids: number[];
  };
}

/** Expected loss, and part of its gradient. */
export interface GoldenLoss {
  readonly loss: number;
  readonly grad_norms: Record<string, number>;
  readonly grad_first_8: Record<string, number[]>;
  readonly global_norm: number;
}

/** Reads the `golden.json` of a folder. */
export function readGolden(directory: string): GoldenPolicy {
  // Sound because the file was written in this form.
  return JSON.parse(readFileSync(join(directory, "golden.json"), "utf8")) as GoldenPolicy;
}
