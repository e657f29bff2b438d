import { checkPositive } from "@turnwise/core";
import {
  ContainerError,
  type Container,
  type ContainerEngine,
  type ContainerSpec,
} from "../../containers/container.ts";
import { grade, type Grade } from "../grading/grade.ts";
import type { SweInstance } from "../instances/instance.ts";
import { activatesItself } from "../preparation/image-environment.ts";
import { openForTests } from "../preparation/open-repository.ts";
import { splitPatch } from "./split-patch.ts";
import { gradeStrictly, writesReport, type Suspicion } from "../strict/grade-strictly.ts";
import { isEnvironmentTampering, type ProtectedPath } from "../strict/protected-paths.ts";
import { restoreProtected, snapshotTree, type TreeSnapshot } from "../strict/restore-tree.ts";
import { runTestsStrictly } from "../strict/run-tests.ts";
import { checkoutScript, getFolder, gradingSetupScript, testRun, type TestRun } from "./scripts.ts";

/**
 * Grading mode: `official` gives the same verdict as the benchmark's own harness, for comparable
 * scores; `strict` also rejects forged output and changed test configurations, for training.
 */
export type GradingMode = "official" | "strict";

/** Options of an evaluation. */
export interface EvaluationOptions {
  /** Settings of the container; `network` defaults to `none`. */
  readonly container?: Omit<ContainerSpec, "image">;
  /** Default `official`. */
  readonly grading?: GradingMode;
  /** Time limit of the tests, seconds. Default: the harness's limit for the data format. */
  readonly testTimeoutSeconds?: number;
  /**
   * Handling of tests that time out: `unresolved` grades the patch as unresolved, as the official
   * harness does; `fail` throws, so that the episode has no reward. Default `unresolved`.
   */
  readonly onTestTimeout?: "unresolved" | "fail";
  /**
   * Handling of unresolved tests if the engine reports that the container ran out of memory: `fail`
   * throws, `unresolved` grades the patch as unresolved. Default `fail`.
   */
  readonly onOutOfMemory?: "fail" | "unresolved";
  readonly signal?: AbortSignal;
}

/** File of the patch that strict grading restored before the tests. */
export interface RestoredFile extends ProtectedPath {
  /** Number of hunks in this file; a change without hunks counts as one. */
  readonly numHunks: number;
}

/** Result of evaluating a patch. */
export interface Evaluation {
  /** Verdict that decides the reward. */
  readonly grade: Grade;
  readonly grading: GradingMode;
  /** Official verdict; equal to `grade` with official grading. */
  readonly official: Grade;
  /** Files restored before the tests; empty with official grading. */
  readonly restored: readonly RestoredFile[];
  /** Signs that the patch tries to manipulate its grading; empty with official grading. */
  readonly suspicions: readonly Suspicion[];
  /** Output of the tests; `""` if none were run. */
  readonly log: string;
  readonly isPatchApplied: boolean;
  /** Duration of each phase, seconds. */
  readonly seconds: { readonly start: number; readonly apply: number; readonly tests: number };
}

const applyCommands = [
  "git apply --verbose",
  "git apply --verbose --3way",
  "git apply --verbose --reject",
  "patch --batch --forward --fuzz=5 -p1 -i",
];
/** Maximum size of a stored log, bytes; of longer logs, the beginning and the end are kept. */
const maxLogBytes = 64 * 2 ** 20;

/**
 * Evaluates a patch in a new container: applies it with increasing leniency, as the official
 * harness does, runs the tests, and grades the result. If there is no patch or it does not apply,
 * the instance is not resolved.
 *
 * The output of the tests is never accepted as evidence of an infrastructure failure; only the
 * engine is. If the container ends while the tests run, the evaluation is repeated once; if it ends
 * again, the instance is not resolved.
 *
 * @param patch - A unified diff, as bytes or UTF-8 text; `null` or blank text is never run.
 * @throws `ContainerError` for failures that the patch did not cause: such an evaluation has no
 *   score.
 */
export async function evaluatePatch(
  instance: SweInstance,
  patch: string | Uint8Array | null,
  engine: ContainerEngine,
  options: EvaluationOptions = {},
): Promise<Evaluation> {
  const { grading = "official" } = options;
  const run = testRun(instance);
  const { testTimeoutSeconds = run.timeoutSeconds } = options;
  checkPositive("evaluatePatch", { testTimeoutSeconds });
  if (patch === null || isBlank(patch)) {
    return makeVerdict(grading, grade(instance, "", { patch: null }), "", noSeconds);
  }
  for (let attempt = 1; ; attempt++) {
    try {
      const strict = await evaluateOnce(instance, patch, engine, grading, run, options);
      if (grading === "official" || strict.restored.length === 0) return strict;
      // The strict log lists the restored files; the official verdict is about the unmodified
      // patch.
      const { grade: official } = await evaluateOnce(
        instance,
        patch,
        engine,
        "official",
        run,
        options,
      );
      return addOfficialVerdict(strict, official);
    } catch (error) {
      if (!(error instanceof ContainerEnded)) throw error;
      if (attempt === 1) continue;
      const log = `>>>>> Tests Errored\n${error.message}\n`;
      return makeVerdict(grading, { ...grade(instance, log), reward: 0 }, log, noSeconds, true);
    }
  }
}

/** Thrown if the container ended while it ran code of the patch. */
class ContainerEnded extends Error {}

const noSeconds: Evaluation["seconds"] = { start: 0, apply: 0, tests: 0 };

function makeVerdict(
  grading: GradingMode,
  verdict: Grade,
  log: string,
  seconds: Evaluation["seconds"],
  isPatchApplied = false,
): Evaluation {
  return {
    grade: verdict,
    grading,
    official: verdict,
    restored: [],
    suspicions: [],
    log,
    isPatchApplied,
    seconds,
  };
}

/** Adds the official verdict, and a suspicion if the two verdicts differ. */
function addOfficialVerdict(evaluation: Evaluation, official: Grade): Evaluation {
  const { grade: strict, suspicions } = evaluation;
  const others = suspicions.filter(({ kind }) => kind !== "disagreement");
  if (official.isResolved === strict.isResolved) {
    return { ...evaluation, official, suspicions: others };
  }
  const describe = (verdict: Grade): string =>
    `${verdict.isResolved ? "resolved" : "not resolved"}${verdict.reason === undefined ? "" : ` (${verdict.reason})`}`;
  const detail = `official: ${describe(official)}; strict: ${describe(strict)}`;
  return { ...evaluation, official, suspicions: [...others, { kind: "disagreement", detail }] };
}

async function evaluateOnce(
  instance: SweInstance,
  patch: string | Uint8Array,
  engine: ContainerEngine,
  grading: GradingMode,
  run: TestRun,
  options: EvaluationOptions,
): Promise<Evaluation> {
  const { container: spec = {}, signal } = options;
  const { onTestTimeout = "unresolved", onOutOfMemory = "fail" } = options;
  const { testTimeoutSeconds = run.timeoutSeconds } = options;
  const seconds = { ...noSeconds };
  const measure = async <T>(phase: keyof typeof seconds, work: Promise<T>): Promise<T> => {
    const begun = performance.now();
    try {
      return await work;
    } finally {
      seconds[phase] = (performance.now() - begun) / 1000;
    }
  };
  const opening = openForTests(
    engine,
    { ...spec, image: instance.image },
    getFolder(instance),
    signal,
  );
  const { container, environment } = await measure("start", opening);
  try {
    await prepare(container, `${checkoutScript(instance)} && ${gradingSetupScript(instance)}`);
    const snapshot =
      grading === "strict"
        ? await snapshotTree(container, getFolder(instance), container.id.slice(0, 12))
        : undefined;
    if (!(await measure("apply", applyPatch(container, getFolder(instance), patch)))) {
      const log = ">>>>> Patch Apply Failed\n";
      return makeVerdict(grading, grade(instance, log), log, seconds);
    }
    const env = activatesItself(run.script) ? {} : environment;
    const limits = { timeoutSeconds: testTimeoutSeconds, maxBytes: maxLogBytes, signal, env };
    const tests =
      snapshot === undefined
        ? runOfficially(container, instance, run, limits)
        : runStrictly(container, instance, patch, run, { ...limits, snapshot });
    const { isTimedOut, ...found } = await measure("tests", detectContainerEnd(tests));
    if (isTimedOut && onTestTimeout === "fail") {
      throw new ContainerError(
        "timeout",
        `${instance.id}: tests took longer than ${testTimeoutSeconds} s`,
      );
    }
    const evaluation: Evaluation = { ...found, grading, isPatchApplied: true, seconds };
    if (
      !evaluation.grade.isResolved &&
      onOutOfMemory === "fail" &&
      (await container.isOutOfMemory())
    ) {
      throw new ContainerError("resources", `${instance.id}: the tests ran out of memory`);
    }
    return addOfficialVerdict(evaluation, evaluation.official);
  } finally {
    await container.close();
  }
}

/** Distinguishes a container that ended while it ran code of the patch from other failures. */
async function detectContainerEnd<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ContainerError && error.kind === "environment") {
      throw new ContainerEnded(error.message, { cause: error });
    }
    throw error;
  }
}

interface RunLimits {
  readonly timeoutSeconds: number;
  readonly maxBytes: number;
  readonly signal: AbortSignal | undefined;
  /** Environment variables that the image defines. */
  readonly env: Readonly<Record<string, string>>;
}

/** Result of a test run: the fields of an evaluation that differ between runs. */
type RunResult = Pick<Evaluation, "grade" | "official" | "restored" | "suspicions" | "log"> & {
  readonly isTimedOut: boolean;
};

async function runOfficially(
  container: Container,
  instance: SweInstance,
  run: TestRun,
  { timeoutSeconds, maxBytes, signal, env }: RunLimits,
): Promise<RunResult> {
  // Write the file as root, because the image's user may lack permission, and must not be able to
  // change it.
  await container.exec("cat > /eval.sh && chmod 755 /eval.sh", { input: run.script, user: "0" });
  const result = await container.exec("bash /eval.sh </dev/null", {
    env,
    timeoutSeconds,
    maxBytes,
    mergeStreams: true,
    ...(signal === undefined ? {} : { signal }),
  });
  const { isTimedOut } = result;
  let log = result.stdout.toString("utf8");
  if (isTimedOut) {
    log += `\n\nTimeout error: ${timeoutSeconds} seconds exceeded.\n>>>>> Tests Timed Out\n`;
  }
  const verdict = grade(instance, log);
  return { grade: verdict, official: verdict, restored: [], suspicions: [], log, isTimedOut };
}

async function runStrictly(
  container: Container,
  instance: SweInstance,
  patch: string | Uint8Array,
  testRunOf: TestRun,
  { snapshot, ...limits }: RunLimits & { readonly snapshot: TreeSnapshot },
): Promise<RunResult> {
  // Write the files of the test patch again before the tests run.
  const testPatch = instance.format === "swe-bench" ? splitPatch(instance.testPatch) : [];
  const rewritten = new Set(testPatch.map(({ newPath }) => newPath));
  const tree = await restoreProtected(container, snapshot, rewritten);
  const restored = countHunks(patch, tree.restored);
  const changed = new Set([...tree.changed].filter((path) => !rewritten.has(path)));
  const { timeoutSeconds, maxBytes, signal, env } = limits;
  const run = await runTestsStrictly(container, testRunOf, {
    env,
    cwd: getFolder(instance),
    hasReport: writesReport(instance),
    timeoutSeconds,
    maxBytes,
    ...(signal === undefined ? {} : { signal }),
  });
  const project = instance.repo.split("/").at(-1)!;
  const tampered = (await container.changes()).filter((path) =>
    isEnvironmentTampering(path, getFolder(instance), project),
  );
  const strict = gradeStrictly(instance, { run, restored, changed, tampered });
  const { log, suspicions } = strict;
  const official = grade(instance, log);
  return { grade: strict.grade, official, restored, suspicions, log, isTimedOut: run.isTimedOut };
}

function countHunks(patch: string | Uint8Array, paths: readonly ProtectedPath[]): RestoredFile[] {
  const counts = new Map<string, number>();
  const readable = Buffer.from(patch).toString("utf8");
  for (const { text, oldPath, newPath } of splitPatch(readable)) {
    const numHunks = Math.max(1, text.split(/^@@ /mu).length - 1);
    for (const path of new Set([oldPath, newPath])) counts.set(path, numHunks);
  }
  return paths.map((entry) => ({ ...entry, numHunks: counts.get(entry.path) ?? 1 }));
}

const lineFeed = 10;

function isBlank(patch: string | Uint8Array): boolean {
  return /^\s*$/u.test(typeof patch === "string" ? patch : Buffer.from(patch).toString("latin1"));
}

async function prepare(container: Container, script: string): Promise<void> {
  const { exitCode, stderr } = await container.exec(script);
  if (exitCode === 0) return;
  throw new ContainerError(
    "image",
    `${container.image}: the repository could not be prepared: ${stderr.toString("utf8").trim().slice(0, 200)}`,
  );
}

/** Applies a patch with the first command that accepts it. */
async function applyPatch(
  container: Container,
  folder: string,
  patch: string | Uint8Array,
): Promise<boolean> {
  const file = "/tmp/patch.diff";
  const bytes = Buffer.from(patch);
  const end = Buffer.from(bytes.at(-1) === lineFeed ? "" : "\n");
  await container.exec(`cat > ${file}`, { input: Buffer.concat([bytes, end]) });
  const runInFolder = async (command: string): Promise<boolean> =>
    (await container.exec(command, { cwd: folder, timeoutSeconds: 300 })).exitCode === 0;
  for (const [i, command] of applyCommands.entries()) {
    // A failed attempt may have changed part of the files.
    if (i > 0) await runInFolder("git checkout -- . ; git clean -fdq");
    if (await runInFolder(`${command} ${file}`)) return true;
  }
  await runInFolder("git checkout -- . ; git clean -fdq");
  return runInFolder(`git apply --check --reverse ${file}`);
}
