import { gunzipSync, gzipSync } from "node:zlib";
import type { AuditRecord } from "../task-source.ts";
import type { SweRecord } from "./environment.ts";
import type { ExtractedPatch } from "./evaluation/extract-patch.ts";
import { officialReport } from "./grading/official-report.ts";

/** Maximum length of a stored log, characters; longer logs are cut in the middle. */
const maxLogCharacters = 2 ** 19;

/** Collects the audit records of graded episodes until the caller takes them. */
export interface SweAudit {
  add(record: SweRecord): void;
  take(): readonly AuditRecord[];
}

/** Creates an empty collection. Logs are stored compressed. */
export function sweAudit(): SweAudit {
  let kept: { readonly record: Omit<SweAuditRecord, "log">; readonly log: Buffer }[] = [];
  return {
    add: (record) => {
      const { log, ...rest } = sweAuditRecord(record);
      kept.push({ record: rest, log: gzipSync(log, { level: 1 }) });
    },
    take: () => {
      const taken = kept;
      kept = [];
      return taken.map(({ record, log }) => ({
        ...record,
        log: gunzipSync(log).toString("utf8"),
      })) as readonly AuditRecord[];
    },
  };
}

/** Evidence for the verdict on one episode. Field names follow SWE-bench's reports. */
export interface SweAuditRecord {
  readonly taskId: string;
  readonly isSuspicious: boolean;
  readonly instance_id: string;
  readonly ending: SweRecord["ending"];
  readonly model_patch: string | null;
  /** Patch in base64 if it is not valid UTF-8, otherwise `null`. */
  readonly model_patch_base64: string | null;
  readonly left_out: unknown;
  readonly grading: string;
  readonly resolved: boolean;
  readonly reason: string | null;
  readonly official: unknown;
  readonly suspicions: readonly unknown[];
  readonly restored: readonly unknown[];
  /**
   * True if the verdict was reused from an earlier episode with an equal patch; the log is in that
   * episode's record.
   */
  readonly is_recalled: boolean;
  readonly seconds: unknown;
  readonly log: string;
}

/** Creates the audit record of a graded episode. */
export function sweAuditRecord(record: SweRecord): SweAuditRecord {
  const { instanceId, ending, patch, evaluation, isRecalled } = record;
  const { grade, grading, official, suspicions, restored, log, seconds } = evaluation;
  return {
    taskId: instanceId,
    isSuspicious: suspicions.length > 0,
    instance_id: instanceId,
    ending,
    model_patch: patch.patch,
    model_patch_base64: isWholeText(patch)
      ? null
      : Buffer.from(patch.bytes ?? []).toString("base64"),
    left_out: patch.excluded,
    grading,
    resolved: grade.isResolved,
    reason: grade.reason ?? null,
    official: { ...officialReport(official), reason: official.reason ?? null },
    suspicions,
    restored,
    is_recalled: isRecalled,
    seconds,
    log: shortenLog(log),
  };
}

function isWholeText({ bytes, patch }: ExtractedPatch): boolean {
  return bytes === null || Buffer.from(patch ?? "").equals(bytes);
}

function shortenLog(log: string): string {
  if (log.length <= maxLogCharacters) return log;
  const half = maxLogCharacters / 2;
  return `${log.slice(0, half)}\n... ${log.length - maxLogCharacters} characters omitted ...\n${log.slice(-half)}`;
}
