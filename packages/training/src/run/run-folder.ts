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

/** Where a run stands: what its newest checkpoint holds. */
export interface RunState {
  /** Warm-start epochs that are done. */
  readonly warmStartEpochs: number;
  /** Iterations that are done. */
  readonly iterations: number;
  /** Whether the evaluation before the first iteration is done, and the one after the last. */
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

/** Origin of a run, as far as resuming depends on it. */
export interface RunManifest {
  /** Version of the trajectories' records; absent: 1. */
  readonly recordVersion?: number | undefined;
  /** The module that the experiment came from; absent for a built-in one. */
  readonly module?: ModuleRecord | undefined;
}

/** One line of `metrics.jsonl`. */
export interface MetricsLine {
  readonly stage: "warm-start" | "evaluation" | "iteration";
  /** How far the run was: the state's counters when the line was written. */
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
/** State of a run that begins with records of another one, before its first checkpoint. */
const startName = "start.json";
/** Folder of the evidence for verdicts, within a run's. */
const auditFolder = "audit";

/**
 * The folder of one run: `config.json`, `manifest.json`, `metrics.jsonl` (what was learned: equal for
 * equal runs), `timings.jsonl` (how long it took: never equal), `trajectories/` (packed, each file with
 * its index), `audit/` (evidence for verdicts, where the tasks give any) and `checkpoints/`.
 *
 * Everything that a state counts is on disk before the state is, and all that is on disk beyond the
 * state is dropped on resuming. So a run killed at any moment continues as if it had not been.
 */
export class RunFolder {
  readonly path: string;
  readonly config: ExperimentSettings;
  /** Writes in the background, one after another. */
  #writes: Promise<void> = Promise.resolve();
  /** Number of the newest checkpoint, once one was written. */
  #numCheckpoints: number | undefined;

  private constructor(path: string, config: ExperimentSettings) {
    this.path = path;
    this.config = config;
  }

  /** Begins a run. @throws {@link InputError} if the folder exists and is not empty. */
  static async create(
    path: string,
    config: ExperimentSettings,
    manifest: object,
  ): Promise<RunFolder> {
    const entries = await readdir(path).catch(() => undefined);
    if (entries !== undefined && entries.length > 0) {
      throw new InputError(
        `${path}: run folder must be new or empty, got ${entries.length} entries (to go on with it: train --resume ${path})`,
      );
    }
    try {
      await makeFolder(join(path, "checkpoints"));
      const whole = { recordVersion, ...manifest };
      await writeWhole(join(path, "manifest.json"), `${JSON.stringify(whole, null, 2)}\n`);
      await writeWhole(join(path, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
    } catch (cause) {
      // Half a folder would be in the way of the next attempt.
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

  /** Opens a run that exists. @throws {@link InputError} if it is none, or its config is not valid. */
  static async open(path: string): Promise<RunFolder> {
    const configPath = join(path, "config.json");
    if (!(await exists(path))) throw new InputError(`${path}: run folder must exist`);
    if (!(await exists(configPath))) {
      throw new InputError(`${path}: run folder must hold a config.json, found none`);
    }
    return new RunFolder(path, checkConfig(await readJson(configPath), configPath));
  }

  /** The part of the manifest that resuming depends on. @throws {@link InputError} if it is damaged. */
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

  /** The newest checkpoint and its state; `undefined` before the first. */
  async findNewestCheckpoint(): Promise<{ path: string; state: RunState } | undefined> {
    await this.flush();
    const newest = (await this.#checkpoints()).at(-1);
    if (newest === undefined) return undefined;
    const path = join(this.path, "checkpoints", newest);
    return { path, state: (await readJson(join(path, stateName))) as RunState };
  }

  /** Makes a run begin later than at its beginning: it has the records up to there from another one. */
  async writeStart(state: RunState): Promise<void> {
    await writeWhole(join(this.path, startName), `${JSON.stringify(state, null, 2)}\n`);
  }

  /** State that the run began with, if not at its beginning. */
  async readStart(): Promise<RunState | undefined> {
    const path = join(this.path, startName);
    return (await exists(path)) ? ((await readJson(path)) as RunState) : undefined;
  }

  async #checkpoints(): Promise<string[]> {
    const names = await readdir(join(this.path, "checkpoints")).catch(() => []);
    return names.filter((name) => /^\d{6}$/u.test(name)).sort();
  }

  /**
   * Writes a checkpoint and drops the oldest. The folder appears whole or not at all, in the background:
   * once all segments before it are on disk. An error is thrown as by {@link recordSegment}.
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

  /** Drops the metrics, timings and trajectories of work that no checkpoint holds. */
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
      // In the order of names, an index goes before the file that it belongs to.
      for (const name of names.sort()) {
        const iteration = /^iteration-(\d+)\.(?:index|jsonl\.gz)(?:\.part)?$/u.exec(name)?.[1];
        if (iteration !== undefined && Number(iteration) > state.iterations) {
          await rm(join(folder, name), { force: true });
        }
      }
    }
  }

  /** Appends a line to `metrics.jsonl`: what was measured, without times. */
  async writeMetrics(line: MetricsLine): Promise<void> {
    await appendFile(join(this.path, "metrics.jsonl"), `${JSON.stringify(line)}\n`);
  }

  /** Appends a line to `timings.jsonl`. */
  async writeTimings(line: MetricsLine): Promise<void> {
    await appendFile(join(this.path, "timings.jsonl"), `${JSON.stringify(line)}\n`);
  }

  /** All metrics so far. A line cut short by a crash is dropped. */
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
    // Should the disk be slower than the run, no more than one segment waits for it.
    await this.flush();
    this.#write(() => this.#writeSegment(name, records));
  }

  /** Waits until all segments and checkpoints are on disk. @throws the error of one that is not. */
  async flush(): Promise<void> {
    await this.#writes;
  }

  #write(work: () => Promise<void>): void {
    this.#writes = this.#writes.then(work);
    // The error waits for the next `flush`.
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

  /** Writes something to look at after a crash. @returns The file's path. */
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
