import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { exists } from "../files/exists.ts";
import { checkSeal } from "../files/seal.ts";
import { InputError } from "../input-error.ts";
import { hasWarmStart, warmStartFolder } from "./run.ts";
import { checkpointsFolder, RunFolder, stateName } from "./run-folder.ts";
import { checkLogs, findDamagedFiles, listLoggedFiles } from "./run-logs.ts";
import { readState } from "./run-state.ts";

/** Result of {@link checkRun}. */
export interface RunCheck {
  /** Descriptions of damage, one line each, naming the file; empty if the run is undamaged. */
  readonly problems: readonly string[];
  readonly numCheckpoints: number;
  /** Number of packed files and of files of the trained policy. */
  readonly numFiles: number;
  /** Number of lines of `metrics.jsonl`. */
  readonly numLines: number;
}

/**
 * Checks every file of a run against its digest, and checks that logs and states can be read. Does
 * not change any file.
 * @throws {@link InputError} if the folder is not a run folder.
 */
export async function checkRun(
  path: string,
  onProgress?: (done: number, total: number) => void,
): Promise<RunCheck> {
  const folder = await RunFolder.open(path);
  const problems: string[] = [];
  const collect = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (cause) {
      if (!(cause instanceof InputError)) throw cause;
      problems.push(cause.message);
      return undefined;
    }
  };
  await collect(() => folder.checkResumable());
  const lines = await collect(() => folder.readMetrics());
  const warmPath = join(path, warmStartFolder);
  if (hasWarmStart(folder.config) && (await exists(warmPath))) {
    await collect(() => checkSeal(warmPath));
  }
  const names: string[] = await readdir(join(path, checkpointsFolder)).catch(() => []);
  for (const name of names.filter((one) => one.endsWith(".damaged"))) {
    problems.push(
      `${join(path, checkpointsFolder, name)}: damaged checkpoint, renamed by an earlier resume`,
    );
  }
  const numbered = await folder.listCheckpointNames();
  for (const name of numbered) {
    const checkpoint = join(path, checkpointsFolder, name);
    const seal = await collect(() => checkSeal(checkpoint));
    await collect(() => readState(join(checkpoint, stateName)));
    // Check the logs only against the newest checkpoint: its digests cover all that older
    // checkpoints cover.
    if (seal !== undefined && name === numbered.at(-1)) {
      await collect(() => checkLogs(path, seal.logs));
    }
  }
  const files = (await collect(() => listLoggedFiles(path))) ?? [];
  problems.push(...(await findDamagedFiles(path, files, onProgress)));
  return {
    problems: [...new Set(problems)],
    numCheckpoints: numbered.length,
    numFiles: files.length,
    numLines: lines?.length ?? 0,
  };
}
