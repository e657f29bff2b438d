/** Run folder that a page can read. */
export interface ListedRun {
  /** Unique in the list; letters, digits, `.`, `_` and `-`, because it is part of addresses. */
  readonly id: string;
  /** Display name: the shortest path of the folder that distinguishes the runs. */
  readonly name: string;
}

/** Runs that a page shows together. */
export interface RunList {
  /** True if the files can change while the page is open. */
  readonly isLive: boolean;
  readonly runs: readonly ListedRun[];
}

const names =
  /^(manifest|config|heartbeat|start|tokenizer|tokenizer_config)\.json$|^(metrics|timings)\.jsonl$/u;
const episodes = /^trajectories\/[\w-]+\.(index|jsonl\.gz)$/u;
const tokenizers = /^(policy|warm-start)\/tokenizer(_config)?\.json$/u;

/**
 * True for files that pages read: records and tokenizers, but not weights or foreign files.
 * @param path - Within the folder of the run, with slashes.
 */
export function isPageFile(path: string): boolean {
  return [names, episodes, tokenizers].some((pattern) => pattern.test(path));
}
