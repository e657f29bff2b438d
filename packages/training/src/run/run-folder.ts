import { mkdir, readFile, readdir, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { recordVersion } from "@turnwise/core";
import type { AuditRecord } from "@turnwise/envs";
import { z } from "zod";
import { checkConfig } from "../settings/config.ts";
import type { ModuleRecord } from "../experiment/experiment-module.ts";
import type { ExperimentSettings } from "../experiment/experiment-schema.ts";
import {
  digestBytes,
  digestFolder,
  fileDigestSchema,
  findDamage,
  type FileDigest,
  type FileDigests,
} from "../files/digests.ts";
import { exists } from "../files/exists.ts";
import { InputError, readInput } from "../input-error.ts";
import { makeFolder } from "../files/make-folder.ts";
import { checkRecordVersion } from "../records/check-record-version.ts";
import { packTrajectories } from "../records/pack-trajectories.ts";
import { parseJsonLines } from "../records/parse-json-lines.ts";
import type { RecordedTrajectory } from "../records/recorded-trajectory.ts";
import { formatSegmentName } from "../records/format-segment-name.ts";
import { readChecked } from "../files/read-checked.ts";
import { readJson } from "../files/read-json.ts";
import { checkSeal, sealFolder } from "../files/seal.ts";
import { syncFolder } from "../files/sync-folder.ts";
import { writeWhole } from "../files/write-whole.ts";
import {
  appendLine,
  digestLogs,
  filesLog,
  findDamagedFiles,
  listLoggedFiles,
  rewindLogs,
} from "./run-logs.ts";
import { readStartState, readState, type RunState, type StartState } from "./run-state.ts";

const manifestSchema = z.looseObject({
  recordVersion: z.int().positive().optional(),
  configFile: fileDigestSchema.optional(),
  module: z
    .strictObject({
      path: z.string().min(1),
      files: z.array(z.strictObject({ path: z.string(), sha256: z.string() })),
    })
    .optional(),
});

/** Fields of the manifest on which resuming depends. */
export interface RunManifest {
  /** Version of the trajectory records; absent means version 1. */
  readonly recordVersion?: number | undefined;
  /** Digest of `config.json`. */
  readonly configFile?: FileDigest | undefined;
  /** Module of the experiment; absent for a built-in one. */
  readonly module?: ModuleRecord | undefined;
}

/** A checkpoint and its state. */
export interface RunCheckpoint {
  readonly path: string;
  readonly state: RunState;
  /** Digests of the run's logs at the time of the checkpoint. */
  readonly logs: FileDigests;
}

/** One line of `metrics.jsonl`. */
export interface MetricsLine {
  readonly stage: "warm-start" | "evaluation" | "iteration";
  /** Progress of the run when the line was written. */
  readonly warmStartEpoch: number;
  readonly iteration: number;
  readonly [metric: string]: unknown;
}

/** Records of an iteration or an evaluation. */
export interface SegmentRecords {
  readonly trajectories: Iterable<RecordedTrajectory>;
  /** Evidence for the verdicts on graded episodes. Default: none. */
  readonly audit?: readonly AuditRecord[] | undefined;
  readonly metrics: MetricsLine;
  readonly timings?: MetricsLine | undefined;
}

/** The newest undamaged checkpoint. */
export interface NewestCheckpoint extends RunCheckpoint {
  /** Newer checkpoints that are damaged, each with a description of the damage. */
  readonly damaged: readonly { readonly name: string; readonly message: string }[];
}

/** File name of the state in a checkpoint. */
export const stateName = "state.json";
/**
 * File name of the state with which a run starts that has copied the records of another run; used
 * before the first checkpoint.
 */
const startName = "start.json";
/** Name of the folder with evidence for verdicts. */
const auditFolder = "audit";
/** Name of the folder with checkpoints. */
export const checkpointsFolder = "checkpoints";
/**
 * Files that may exist if a run was killed while its folder was created; `config.json` is written
 * last.
 */
const beginnings: readonly string[] = [
  checkpointsFolder,
  "manifest.json",
  "manifest.json.part",
  "config.json.part",
];

/**
 * The folder of one run: `config.json`, `manifest.json`, `metrics.jsonl` (deterministic: identical
 * for equal settings and seed), `timings.jsonl` (durations, which differ), `trajectories/` (packed,
 * each file with its index),
 * `audit/` (evidence for verdicts, if the tasks provide it), `files.jsonl` (digests of the packed
 * files) and `checkpoints/`.
 *
 * A checkpoint contains digests of all earlier records, which are on disk before the checkpoint
 * itself. On resume, all later records are dropped. So a run can be killed at any time and resumed
 * with the same results, and damaged files are detected.
 */
export class RunFolder {
  readonly path: string;
  readonly config: ExperimentSettings;
  /** Chain of background writes. */
  #writes: Promise<void> = Promise.resolve();
  /** Number of the newest checkpoint; `undefined` before the first. */
  #numCheckpoints: number | undefined;
  /** Called after each line of metrics, once its times and trajectories are readable too. */
  #onRecorded: () => void = () => undefined;

  private constructor(path: string, config: ExperimentSettings) {
    this.path = path;
    this.config = config;
  }

  /** Creates the folder of a run. @throws {@link InputError} if the folder exists and is not empty. */
  static async create(
    path: string,
    config: ExperimentSettings,
    manifest: object,
  ): Promise<RunFolder> {
    const entries = await readdir(path).catch(() => undefined);
    if (entries?.every((name) => beginnings.includes(name)) === false) {
      throw new InputError(
        `${path}: run folder must be new or empty, got ${entries.length} entries (to resume it: train --resume ${path})`,
      );
    }
    try {
      await makeFolder(join(path, checkpointsFolder));
      const content = Buffer.from(`${JSON.stringify(config, null, 2)}\n`);
      const whole = { recordVersion, configFile: digestBytes(content), ...manifest };
      await writeWhole(join(path, "manifest.json"), `${JSON.stringify(whole, null, 2)}\n`);
      await writeWhole(join(path, "config.json"), content);
      await syncFolder(path);
    } catch (cause) {
      // Remove an incomplete folder, which would block the next attempt.
      for (const name of beginnings) {
        await rm(join(path, name), { recursive: true, force: true }).catch(() => undefined);
      }
      if (entries === undefined) await rmdir(path).catch(() => undefined);
      throw new InputError(
        `${path}: run folder could not be created: ${(cause as Error).message} (choose another folder with --out)`,
        { cause },
      );
    }
    return new RunFolder(path, config);
  }

  /**
   * Opens an existing run.
   * @throws {@link InputError} if the folder is not a run folder, or its config is invalid.
   */
  static async open(path: string): Promise<RunFolder> {
    const configPath = join(path, "config.json");
    if (!(await exists(path))) throw new InputError(`${path}: no such run folder`);
    if (!(await exists(configPath))) {
      throw new InputError(
        `${path}: run folder must contain config.json, got no such file (if the run was interrupted before it wrote this file, start it again with train --out ${path})`,
      );
    }
    return new RunFolder(path, checkConfig(await readJson(configPath), configPath));
  }

  /**
   * Reads the fields of the manifest on which resuming depends.
   * @throws {@link InputError} if the manifest is damaged.
   */
  async readManifest(): Promise<RunManifest> {
    return readChecked(join(this.path, "manifest.json"), manifestSchema);
  }

  /**
   * Checks that the run can be resumed.
   * @throws {@link InputError} for records of another version, or if `config.json` was edited.
   */
  async checkResumable(): Promise<void> {
    const { recordVersion: found, configFile } = await this.readManifest();
    const config = join(this.path, "config.json");
    const remedy = `turnwise train ${this.config.experiment} --config ${config} --out FOLDER`;
    checkRecordVersion(join(this.path, "manifest.json"), found, remedy);
    const damage = configFile && (await findDamage(config, configFile));
    if (damage !== undefined) {
      throw new InputError(
        `${damage}; the settings of a run cannot be changed (to start a new run with the edited settings: ${remedy})`,
      );
    }
  }

  /** Adds fields to the manifest. */
  async appendToManifest(fields: object): Promise<void> {
    const path = join(this.path, "manifest.json");
    const manifest = { ...((await readJson(path)) as object), ...fields };
    await writeWhole(path, `${JSON.stringify(manifest, null, 2)}\n`);
  }

  /**
   * Finds the newest undamaged checkpoint; `undefined` before the first checkpoint.
   * @throws {@link InputError} if there are checkpoints, and all of them are damaged.
   */
  async findNewestCheckpoint(): Promise<NewestCheckpoint | undefined> {
    await this.flush();
    const damaged: { name: string; message: string }[] = [];
    for (const name of (await this.listCheckpointNames()).reverse()) {
      try {
        return { ...(await this.#readCheckpoint(name)), damaged };
      } catch (cause) {
        if (!(cause instanceof InputError)) throw cause;
        damaged.push({ name, message: cause.message });
      }
    }
    const [newest] = damaged;
    if (newest === undefined) return undefined;
    throw new InputError(
      `${newest.message}; all checkpoints are damaged (in a new run, a larger checkpoints.keep keeps more checkpoints)`,
    );
  }

  /** Lists all checkpoints, oldest first. @throws {@link InputError} if one is damaged. */
  async listCheckpoints(): Promise<RunCheckpoint[]> {
    await this.flush();
    const names = await this.listCheckpointNames();
    return Promise.all(names.map((name) => this.#readCheckpoint(name)));
  }

  async #readCheckpoint(name: string): Promise<RunCheckpoint> {
    const path = join(this.path, checkpointsFolder, name);
    const { logs } = await checkSeal(path);
    return { path, state: await readState(join(path, stateName)), logs };
  }

  /** Renames a damaged checkpoint, so that it is ignored but can be inspected. */
  async setAside(name: string): Promise<string> {
    const path = join(this.path, checkpointsFolder, name);
    await rm(`${path}.damaged`, { recursive: true, force: true });
    await rename(path, `${path}.damaged`);
    return `${path}.damaged`;
  }

  /** Writes the digests of a folder of this run that will not change again. */
  async seal(path: string): Promise<void> {
    await this.flush();
    await sealFolder(path, await digestLogs(this.path));
  }

  /** Logs the digests of the files in a folder, so that damage is detected later. */
  async logFolder(name: string): Promise<void> {
    await this.flush();
    for (const [file, digest] of Object.entries(await digestFolder(join(this.path, name)))) {
      await appendLine(this.path, filesLog, { path: `${name}/${file}`, ...digest });
    }
  }

  /** Stores the state with which the run starts, after its records were copied from another run. */
  async writeStart(state: RunState): Promise<void> {
    const start: StartState = { state, logs: await digestLogs(this.path) };
    await writeWhole(join(this.path, startName), `${JSON.stringify(start, null, 2)}\n`);
    await syncFolder(this.path);
  }

  /**
   * Reads the state with which the run started, if it is not the initial one.
   * @throws {@link InputError} if the file is damaged.
   */
  async readStart(): Promise<StartState | undefined> {
    const path = join(this.path, startName);
    return (await exists(path)) ? readStartState(path) : undefined;
  }

  /** Lists the names of all checkpoints, including damaged ones, oldest first. */
  async listCheckpointNames(): Promise<string[]> {
    const names = await readdir(join(this.path, checkpointsFolder)).catch(() => []);
    return names.filter((name) => /^\d{6}$/u.test(name)).sort();
  }

  /**
   * Writes a checkpoint in the background, and keeps only the newest `checkpoints.keep`. The folder appears atomically,
   * after all earlier segments are on disk. Errors are thrown as by {@link recordSegment}.
   * @param save - Writes the policy into the given folder.
   */
  async saveCheckpoint(state: RunState, save: (directory: string) => Promise<void>): Promise<void> {
    this.#numCheckpoints ??= Number((await this.listCheckpointNames()).at(-1) ?? "0");
    const number = this.#numCheckpoints + 1;
    const path = join(this.path, checkpointsFolder, String(number).padStart(6, "0"));
    const temporary = `${path}.part`;
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary, { recursive: true });
    await save(temporary);
    this.#numCheckpoints = number;
    this.#write(async () => {
      await writeWhole(join(temporary, stateName), `${JSON.stringify(state, null, 2)}\n`);
      await sealFolder(temporary, await digestLogs(this.path));
      await rename(temporary, path);
      await syncFolder(join(this.path, checkpointsFolder));
      const names = await this.listCheckpointNames();
      for (const name of names.slice(0, -this.config.checkpoints.keep)) {
        await rm(join(this.path, checkpointsFolder, name), { recursive: true, force: true });
      }
    });
  }

  /**
   * Deletes the metrics, timings, trajectories and evidence that were recorded after a point, and
   * checks everything that was recorded before it.
   * @param logs - Digests of the logs at that point.
   * @throws {@link InputError} naming a file that has changed since then or is missing.
   */
  async rewind(
    logs: FileDigests,
    onProgress?: (done: number, total: number) => void,
  ): Promise<void> {
    await rewindLogs(this.path, logs);
    const files = await listLoggedFiles(this.path);
    const [damage] = await findDamagedFiles(this.path, files, onProgress);
    if (damage !== undefined) throw new InputError(damage);
  }

  /** Sets a function that is called after each line of metrics, once all of its records are readable. */
  onRecorded(listener: () => void): void {
    this.#onRecorded = listener;
  }

  /**
   * Appends a line to `metrics.jsonl`; it contains no times. Waits for the checkpoint that is being
   * written, whose digests must not include the line.
   */
  async writeMetrics(line: MetricsLine): Promise<void> {
    await this.flush();
    await appendLine(this.path, "metrics.jsonl", line);
    this.#onRecorded();
  }

  /** Appends a line to `timings.jsonl`. */
  async writeTimings(line: MetricsLine): Promise<void> {
    await appendLine(this.path, "timings.jsonl", line);
  }

  /** Reads all metrics so far. An incomplete last line is dropped. */
  async readMetrics(): Promise<MetricsLine[]> {
    await this.flush();
    const path = join(this.path, "metrics.jsonl");
    return (await exists(path)) ? readLines(path) : [];
  }

  /**
   * Records an iteration or an evaluation in the background: its trajectories and evidence, and
   * then its metrics. Errors are thrown by the next call, or by {@link flush}.
   * @throws `TypeError` for metrics of a stage without episodes.
   */
  async recordSegment(records: SegmentRecords): Promise<void> {
    const name = formatSegmentName(records.metrics);
    if (name === undefined) {
      throw new TypeError(
        `recordSegment: stage must have episodes, got ${JSON.stringify(records.metrics.stage)}`,
      );
    }
    // Limit the pending segments to one if the disk is slower than the run.
    await this.flush();
    this.#write(() => this.#writeSegment(name, records));
  }

  /** Waits until all segments and checkpoints are on disk. @throws The first write error. */
  async flush(): Promise<void> {
    await this.#writes;
  }

  #write(work: () => Promise<void>): void {
    this.#writes = this.#writes.then(work);
    // The next `flush` throws the error.
    this.#writes.catch(() => undefined);
  }

  async #writeSegment(
    name: string,
    { trajectories, audit = [], metrics, timings }: SegmentRecords,
  ): Promise<void> {
    await this.writeTrajectories(name, trajectories, metrics.iteration);
    await this.writeAudit(name, audit);
    await appendLine(this.path, "metrics.jsonl", metrics);
    if (timings !== undefined) await this.writeTimings(timings);
    this.#onRecorded();
  }

  /**
   * Writes the trajectories of an iteration or evaluation, packed, and then their index, so that a
   * reader that sees an index also sees the file.
   * @param iteration - Number of the iteration; for an evaluation, the number of iterations before
   *   it.
   */
  async writeTrajectories(
    name: string,
    trajectories: Iterable<RecordedTrajectory>,
    iteration: number,
  ): Promise<void> {
    const { seed } = this.config;
    const { packed, index } = await packTrajectories(trajectories, { iteration, seed });
    await this.#writePacked(`trajectories/${name}.jsonl.gz`, packed);
    await this.#writePacked(`trajectories/${name}.index`, index);
  }

  /**
   * Writes the evidence for the verdicts on graded episodes, one per line, packed; writes nothing
   * for an empty list. A file of the same name is replaced.
   */
  async writeAudit(name: string, records: readonly AuditRecord[]): Promise<void> {
    if (records.length === 0) return;
    const lines = records.map((record) => `${JSON.stringify(record)}\n`);
    const packed = gzipSync(lines.join(""), { level: 1 });
    await this.#writePacked(`${auditFolder}/${name}.jsonl.gz`, packed);
  }

  async #writePacked(path: string, content: Uint8Array): Promise<void> {
    await writeWhole(join(this.path, path), content);
    await appendLine(this.path, filesLog, { path, ...digestBytes(content) });
  }

  /** Writes information for debugging after an error. @returns Path of the file. */
  async writeEvidence(name: string, evidence: unknown): Promise<string> {
    const path = join(this.path, name);
    await writeFile(path, JSON.stringify(evidence));
    return path;
  }
}

async function readLines(path: string): Promise<MetricsLine[]> {
  const bytes = await readFile(path);
  return (await readInput(() => parseJsonLines(bytes, path))) as MetricsLine[];
}
