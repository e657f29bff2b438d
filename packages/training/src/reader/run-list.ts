/** Run that a page can read. */
export interface ListedRun {
  /**
   * Identifier, unique in the list; only letters, digits, `.`, `_` and `-`, because URLs contain
   * it.
   */
  readonly id: string;
  /** Display name: the shortest end of the folder's path that distinguishes the runs. */
  readonly name: string;
}

/** Runs that a page shows. */
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
 * @param path - Path within the folder of the run, with slashes.
 */
export function isPageFile(path: string): boolean {
  return [names, episodes, tokenizers].some((pattern) => pattern.test(path));
}
