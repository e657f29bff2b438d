import { createHmac, timingSafeEqual } from "node:crypto";
import type { SweInstance } from "../instances/instance.ts";

/** Outcome of a test according to the framework's report. */
export type ReportedStatus = "PASSED" | "FAILED" | "ERROR" | "SKIPPED" | "XFAIL" | "XPASS";

/** Content of the report of the reporter in the test process. */
export interface TestReportFile {
  /** Number of sessions that started. */
  readonly numSessions: number;
  /** Exit status of the last session; absent unless all sessions finished. */
  readonly exitStatus?: number;
  readonly statuses: ReadonlyMap<string, ReportedStatus>;
  /** Number of files that could not be collected. */
  readonly numCollectionErrors: number;
  /** Canary tests that were made to fail but passed: the framework was patched. */
  readonly passedCanaries: readonly string[];
  /** Functions of the framework that the repository replaced. */
  readonly replaced: readonly string[];
  /**
   * Repository files between a test and the exception that skipped it or made it an expected
   * failure, by test; relative paths.
   */
  readonly excusedThrough: ReadonlyMap<string, readonly string[]>;
  /**
   * Files whose code ran instead of a test, by test; relative if they belong to the repository,
   * `<other code>` for code without a file.
   */
  readonly otherCode: ReadonlyMap<string, readonly string[]>;
  /**
   * Repository files, or code without a file, on the call stack of a hook of the reporter;
   * `<no session>` for a hook that pytest did not call.
   */
  readonly calledVia: readonly string[];
  /** Files that inspected the test process, with the audit event. */
  readonly watched: readonly { readonly event: string; readonly path: string }[];
  /** Number of lines with a wrong signature or out of order. */
  readonly numForged: number;
}

interface TestRecord {
  readonly t: "begin" | "test" | "collect" | "note" | "watch" | "patched" | "finish";
  readonly n: number;
  readonly id?: string;
  readonly when?: string;
  readonly outcome?: string;
  readonly xfail?: boolean;
  readonly through?: readonly string[];
  readonly code?: readonly string[];
  readonly via?: readonly string[];
  readonly event?: string;
  readonly status?: number;
  readonly replaced?: readonly string[];
}

/** Verifies a signed line; `undefined` if the signature does not match the key. */
function verify(line: string, key: string): TestRecord | undefined {
  const mac = line.slice(0, 64);
  const body = line.slice(65);
  if (!/^[0-9a-f]{64}$/u.test(mac) || line[64] !== " ") return undefined;
  const expected = createHmac("sha256", key).update(body).digest();
  if (!timingSafeEqual(expected, Buffer.from(mac, "hex"))) return undefined;
  return JSON.parse(body) as TestRecord;
}

/**
 * Reads the report of a test run. Each session signs its records with its own key and numbers them;
 * unsigned and missing records count as forged.
 * @param keys - Keys of the sessions, in order.
 */
export function readTestReport(text: string, keys: readonly string[]): TestReportFile {
  const phases = new Map<string, Map<string, TestRecord[]>>();
  const passedCanaries: string[] = [];
  const replaced: string[] = [];
  const calledVia = new Set<string>();
  const watched: { readonly event: string; readonly path: string }[] = [];
  let numForged = 0;
  let numCollectionErrors = 0;
  let session = -1;
  let next = 0;
  let exitStatus: number | undefined;
  let numFinished = 0;
  for (const line of text.split("\n")) {
    if (line === "") continue;
    let record = session < 0 ? undefined : verify(line, keys[session]!);
    if (record === undefined && session + 1 < keys.length) {
      record = verify(line, keys[session + 1]!);
      if (record !== undefined) {
        session += 1;
        next = 0;
      }
    }
    if (record === undefined || record.n !== next) {
      numForged += 1;
      continue;
    }
    next += 1;
    for (const path of record.via ?? []) calledVia.add(path);
    if (record.t === "collect") numCollectionErrors += 1;
    if (record.t === "patched") passedCanaries.push(record.id ?? "");
    if (record.t === "watch") {
      watched.push({ event: record.event ?? "", path: record.id ?? "" });
    }
    if (record.t === "finish") {
      numFinished += 1;
      exitStatus = record.status;
      replaced.push(...(record.replaced ?? []));
    }
    if (record.t === "test" && record.id !== undefined && record.when !== undefined) {
      const test = phases.get(record.id) ?? new Map<string, TestRecord[]>();
      phases.set(record.id, test);
      test.set(record.when, [...(test.get(record.when) ?? []), record]);
    }
  }
  const statuses = new Map<string, ReportedStatus>();
  const excusedThrough = new Map<string, readonly string[]>();
  const otherCode = new Map<string, readonly string[]>();
  for (const [id, test] of phases) {
    const status = combinePhases(test);
    if (status !== undefined) statuses.set(id, status);
    const records = [...test.values()].flat();
    const code = records.flatMap((record) => record.code ?? []);
    if (code.length > 0) otherCode.set(id, code);
    if (status !== "XFAIL" && status !== "SKIPPED") continue;
    const files = records.flatMap(({ through }) => through ?? []);
    if (files.length > 0) excusedThrough.set(id, files);
  }
  return {
    numSessions: session + 1,
    ...(exitStatus === undefined || numFinished !== session + 1 ? {} : { exitStatus }),
    statuses,
    numCollectionErrors,
    passedCanaries,
    replaced,
    excusedThrough,
    otherCode,
    calledVia: [...calledVia],
    watched,
    numForged,
  };
}

/** Status of a test from its phases; `undefined` for a test with missing phases. */
function combinePhases(
  test: ReadonlyMap<string, readonly TestRecord[]>,
): ReportedStatus | undefined {
  const setup = test.get("setup") ?? [];
  const call = test.get("call") ?? [];
  const teardown = test.get("teardown") ?? [];
  const has = (records: readonly TestRecord[], outcome: string): boolean =>
    records.some((record) => record.outcome === outcome);
  if (has(call, "failed")) return "FAILED";
  if (has(setup, "failed") || has(teardown, "failed")) return "ERROR";
  const skipped = [...setup, ...call].find(({ outcome }) => outcome === "skipped");
  if (skipped !== undefined) return skipped.xfail === true ? "XFAIL" : "SKIPPED";
  const isComplete = has(setup, "passed") && has(call, "passed") && has(teardown, "passed");
  if (!isComplete) return undefined;
  return call.some(({ xfail }) => xfail === true) ? "XPASS" : "PASSED";
}

/**
 * Writes a report as a log in the format of an instance. Its parser then gives tests the names that
 * the instance's lists of expected tests use.
 */
export function reportAsLog(format: SweInstance["format"], { statuses }: TestReportFile): string {
  // As in pytest's summary, later lines overwrite earlier ones.
  const order: readonly ReportedStatus[] = [
    "PASSED",
    "XFAIL",
    "XPASS",
    "SKIPPED",
    "ERROR",
    "FAILED",
  ];
  const lines = order.flatMap((status) =>
    [...statuses]
      .filter(([, other]) => other === status)
      .map(([id]) => (format === "swe-smith" ? `${id} ${status}\n` : `${status} ${id}\n`)),
  );
  return (format === "r2e-gym" ? "short test summary info\n" : "") + lines.join("");
}
