import {
  appendFile,
  mkdir,
  readFile,
  readdir,
  rename,
  rm,
  rmdir,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { recordVersion } from "@turnwise/core";
import type { AlgorithmState } from "@turnwise/estimators";
import type { AuditRecord } from "@turnwise/envs";
import { z } from "zod";
import { checkConfig } from "../settings/config.ts";
import { describeIssue } from "../settings/describe-issue.ts";
import type { ModuleRecord } from "../experiment/experiment-module.ts";
import type { ExperimentSettings } from "../experiment/experiment-schema.ts";
import { exists } from "../files/exists.ts";
import { InputError, readInput } from "../input-error.ts";
import { makeFolder } from "../files/make-folder.ts";
import { checkRecordVersion } from "../records/check-record-version.ts";
import { packTrajectories } from "../records/pack-trajectories.ts";
import { parseJsonLines } from "../records/parse-json-lines.ts";
import type { RecordedTrajectory } from "../records/recorded-trajectory.ts";
import { formatSegmentName } from "../records/format-segment-name.ts";
import { readJson } from "../files/read-json.ts";
import { writeWhole } from "../files/write-whole.ts";

/** Progress of a run, as stored in its newest checkpoint. */
export interface RunState {
  /** Number of completed warm-start epochs. */
  readonly warmStartEpochs: number;
  /** Number of completed iterations. */
  readonly iterations: number;
  /** True if the evaluation before the first iteration is done, and the one after the last. */
  readonly isEvaluatedBefore: boolean;
  readonly isEvaluatedAfter: boolean;
  /** State of the algorithm, such as an adaptive coefficient; absent before the first iteration. */
  readonly algorithmState?: AlgorithmState;
}

const manifestSchema = z.looseObject({
  recordVersion: z.int().positive().optional(),
  module: z
    .strictObject({
      path: z.string().min(1),
      files: z.array(z.strictObject({ path: z.string(), sha256: z.string() })),
    })
    .optional(),
});

/** Fields of the manifest that resuming depends on. */
export interface RunManifest {
  /** Version of the trajectories' records; absent: 1. */
  readonly recordVersion?: number | undefined;
  /** Module of the experiment; absent for a built-in one. */
  readonly module?: ModuleRecord | undefined;
}

/** A checkpoint and the state that it holds. */
export interface RunCheckpoint {
  readonly path: string;
  readonly state: RunState;
}

/** One line of `metrics.jsonl`. */
export interface MetricsLine {
  readonly stage: "warm-start" | "evaluation" | "iteration";
  /** Progress of the run: the state's counters when the line was written. */
  readonly warmStartEpoch: number;
  readonly iteration: number;
  readonly [metric: string]: unknown;
}

/** Records of an iteration or an evaluation. */
export interface SegmentRecords {
  readonly trajectories: Iterable<RecordedTrajectory>;
  /** Evidence for the verdicts on graded episodes; default: none. */
  readonly audit?: readonly AuditRecord[] | undefined;
  readonly metrics: MetricsLine;
  readonly timings?: MetricsLine | undefined;
}

const stateName = "state.json";
/** State of a run that begins with the records of another, before its first checkpoint. */
const startName = "start.json";
/** Folder of the evidence for verdicts, within the run folder. */
const auditFolder = "audit";

/**
 * The folder of one run: `config.json`, `manifest.json`, `metrics.jsonl` (deterministic: equal for equal
 * runs), `timings.jsonl` (durations, which differ), `trajectories/` (packed, each file with its index),
 * `audit/` (evidence for verdicts, where the tasks give any) and `checkpoints/`.
 *
 * Everything that a state counts is on disk before the state itself, and everything beyond the state is
 * dropped on resume. So a run that is killed at any moment resumes as if it had not been.
 */
export class RunFolder {
  readonly path: string;
  readonly config: ExperimentSettings;
  /** Background writes, one after another. */
  #writes: Promise<void> = Promise.resolve();
  /** Number of the newest checkpoint, if any was written. */
  #numCheckpoints: number | undefined;

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
    if (entries !== undefined && entries.length > 0) {
      throw new InputError(
        `${path}: run folder must be new or empty, got ${entries.length} entries (to resume it: train --resume ${path})`,
      );
    }
    try {
      await makeFolder(join(path, "checkpoints"));
      const whole = { recordVersion, ...manifest };
      await writeWhole(join(path, "manifest.json"), `${JSON.stringify(whole, null, 2)}\n`);
      await writeWhole(join(path, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
    } catch (cause) {
      // An incomplete folder would block the next attempt.
      for (const name of [
        "checkpoints",
        "manifest.json",
        "manifest.json.part",
        "config.json.part",
      ]) {
        await rm(join(path, name), { recursive: true, force: true }).catch(() => undefined);
      }
      if (entries === undefined) await rmdir(path).catch(() => undefined);
      throw new InputError(
        `${path}: run folder must be writable, got ${(cause as Error).message} (--out names another)`,
        { cause },
      );
    }
    return new RunFolder(path, config);
  }

  /**
   * Opens an existing run. @throws {@link InputError} if the folder is no run, or its config is not
   * valid.
   */
  static async open(path: string): Promise<RunFolder> {
    const configPath = join(path, "config.json");
    if (!(await exists(path))) throw new InputError(`${path}: run folder must exist`);
    if (!(await exists(configPath))) {
      throw new InputError(`${path}: run folder must hold a config.json, found none`);
    }
    return new RunFolder(path, checkConfig(await readJson(configPath), configPath));
  }

  /**
   * Reads the part of the manifest that resuming depends on. @throws {@link InputError} if it is damaged.
   */
  async readManifest(): Promise<RunManifest> {
    const path = join(this.path, "manifest.json");
    const value = await readJson(path);
    const result = manifestSchema.safeParse(value);
    if (result.success) return result.data;
    throw new InputError(describeIssue(manifestSchema, path, result.error.issues[0]!, value));
  }

  /** Requires that the run can be resumed. @throws {@link InputError} for records of another version. */
  async checkResumable(): Promise<void> {
    const { recordVersion: found } = await this.readManifest();
    const config = join(this.path, "config.json");
    const remedy = `turnwise train ${this.config.experiment} --config ${config} --out FOLDER`;
    checkRecordVersion(join(this.path, "manifest.json"), found, remedy);
  }

  /** Adds fields to the manifest. */
  async appendToManifest(fields: object): Promise<void> {
    const path = join(this.path, "manifest.json");
    const manifest = { ...((await readJson(path)) as object), ...fields };
    await writeWhole(path, `${JSON.stringify(manifest, null, 2)}\n`);
  }

  /** Finds the newest checkpoint and its state; `undefined` before the first. */
  async findNewestCheckpoint(): Promise<RunCheckpoint | undefined> {
    await this.flush();
    const newest = (await this.#checkpoints()).at(-1);
    return newest === undefined ? undefined : this.#readCheckpoint(newest);
  }

  /** All checkpoints that are kept, the oldest first. */
  async listCheckpoints(): Promise<RunCheckpoint[]> {
    await this.flush();
    const names = await this.#checkpoints();
    return Promise.all(names.map((name) => this.#readCheckpoint(name)));
  }

  async #readCheckpoint(name: string): Promise<RunCheckpoint> {
    const path = join(this.path, "checkpoints", name);
    return { path, state: (await readJson(join(path, stateName))) as RunState };
  }

  /** Lets a run begin at a later state, up to which its records were copied from another run. */
  async writeStart(state: RunState): Promise<void> {
    await writeWhole(join(this.path, startName), `${JSON.stringify(state, null, 2)}\n`);
  }

  /** Reads the state that the run began with, if not at the beginning. */
  async readStart(): Promise<RunState | undefined> {
    const path = join(this.path, startName);
    return (await exists(path)) ? ((await readJson(path)) as RunState) : undefined;
  }

  async #checkpoints(): Promise<string[]> {
    const names = await readdir(join(this.path, "checkpoints")).catch(() => []);
    return names.filter((name) => /^\d{6}$/u.test(name)).sort();
  }

  /**
   * Writes a checkpoint and drops the oldest. The folder appears atomically, in the background, after all
   * earlier segments are on disk. Errors are thrown as by {@link recordSegment}.
   * @param save - Writes the policy into the folder that it is given.
   */
  async saveCheckpoint(state: RunState, save: (directory: string) => Promise<void>): Promise<void> {
    this.#numCheckpoints ??= Number((await this.#checkpoints()).at(-1) ?? "0");
    const number = this.#numCheckpoints + 1;
    const path = join(this.path, "checkpoints", String(number).padStart(6, "0"));
    const temporary = `${path}.part`;
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary, { recursive: true });
    await save(temporary);
    this.#numCheckpoints = number;
    this.#write(async () => {
      await writeWhole(join(temporary, stateName), `${JSON.stringify(state, null, 2)}\n`);
      await rename(temporary, path);
      const names = await this.#checkpoints();
      for (const name of names.slice(0, -this.config.checkpoints.keep)) {
        await rm(join(this.path, "checkpoints", name), { recursive: true, force: true });
      }
    });
  }

  /** Drops metrics, timings and trajectories beyond a checkpoint's state. */
  async rewind(state: RunState): Promise<void> {
    const isKept = (line: MetricsLine): boolean => {
      if (line.stage === "warm-start") return line.warmStartEpoch <= state.warmStartEpochs;
      if (line.stage === "iteration") return line.iteration <= state.iterations;
      const isAfter = line["phase"] === "after";
      if (isAfter) return state.isEvaluatedAfter;
      if (line["phase"] === "before") return state.isEvaluatedBefore;
      return line.iteration <= state.iterations;
    };
    for (const name of ["metrics.jsonl", "timings.jsonl"]) {
      const path = join(this.path, name);
      if (!(await exists(path))) continue;
      const kept = (await readLines(path)).filter(isKept);
      await writeWhole(path, kept.map((line) => `${JSON.stringify(line)}\n`).join(""));
    }
    for (const folder of ["trajectories", auditFolder].map((name) => join(this.path, name))) {
      const names: string[] = await readdir(folder).catch(() => []);
      // In the order of names, an index is removed before its file.
      for (const name of names.sort()) {
        const iteration = /^iteration-(\d+)\.(?:index|jsonl\.gz)(?:\.part)?$/u.exec(name)?.[1];
        if (iteration !== undefined && Number(iteration) > state.iterations) {
          await rm(join(folder, name), { force: true });
        }
      }
    }
  }

  /** Appends a line to `metrics.jsonl`: measurements without times. */
  async writeMetrics(line: MetricsLine): Promise<void> {
    await appendFile(join(this.path, "metrics.jsonl"), `${JSON.stringify(line)}\n`);
  }

  /** Appends a line to `timings.jsonl`. */
  async writeTimings(line: MetricsLine): Promise<void> {
    await appendFile(join(this.path, "timings.jsonl"), `${JSON.stringify(line)}\n`);
  }

  /** Reads all metrics so far. A line cut short by a crash is dropped. */
  async readMetrics(): Promise<MetricsLine[]> {
    await this.flush();
    const path = join(this.path, "metrics.jsonl");
    return (await exists(path)) ? readLines(path) : [];
  }

  /**
   * Records an iteration or an evaluation in the background: its trajectories and evidence, and then its
   * metrics. An error is thrown by the next such call, or by {@link flush}.
   * @throws `TypeError` for metrics of a stage without episodes.
   */
  async recordSegment(records: SegmentRecords): Promise<void> {
    const name = formatSegmentName(records.metrics);
    if (name === undefined) {
      throw new TypeError(
        `recordSegment: stage must have episodes, got ${JSON.stringify(records.metrics.stage)}`,
      );
    }
    // If the disk is slower than the run, at most one segment is pending.
    await this.flush();
    this.#write(() => this.#writeSegment(name, records));
  }

  /** Waits until all segments and checkpoints are on disk. @throws the first write error. */
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
    await this.writeMetrics(metrics);
    if (timings !== undefined) await this.writeTimings(timings);
  }

  /**
   * Writes the trajectories of an iteration or evaluation, packed, and then their index: a reader that
   * sees an index sees the file too.
   * @param iteration - For an evaluation, the number of iterations before it.
   */
  async writeTrajectories(
    name: string,
    trajectories: Iterable<RecordedTrajectory>,
    iteration: number,
  ): Promise<void> {
    const { seed } = this.config;
    const { packed, index } = await packTrajectories(trajectories, { iteration, seed });
    const path = join(this.path, "trajectories", name);
    await writeWhole(`${path}.jsonl.gz`, packed);
    await writeWhole(`${path}.index`, index);
  }

  /**
   * Writes the evidence for the verdicts on graded episodes, one to a line, packed; nothing for an
   * empty list. A file of the same name is replaced.
   */
  async writeAudit(name: string, records: readonly AuditRecord[]): Promise<void> {
    if (records.length === 0) return;
    const lines = records.map((record) => `${JSON.stringify(record)}\n`);
    const path = join(this.path, auditFolder, `${name}.jsonl.gz`);
    await writeWhole(path, gzipSync(lines.join(""), { level: 1 }));
  }

  /** Writes evidence for debugging after a crash. @returns The file's path. */
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
