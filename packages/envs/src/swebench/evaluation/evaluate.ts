import { checkPositive } from "@turnwise/core";
import {
  ContainerError,
  type Container,
  type ContainerEngine,
  type ContainerFault,
  type ContainerSpec,
} from "../containers/container.ts";
import { grade, type Grade } from "../grading/grade.ts";
import type { SweInstance } from "../instances/instance.ts";
import { checkoutScript, gradingSetupScript, repositoryFolder, testRun } from "./scripts.ts";

/** How patches are evaluated. */
export interface EvaluationOptions {
  /** Of the container; `network` is `none` unless said otherwise. */
  readonly container?: Omit<ContainerSpec, "image">;
  /** The longest that the tests may take, seconds. Default: the format's own. */
  readonly testTimeoutSeconds?: number;
  /**
   * What tests that run out of time are: `infrastructure` throws, `unresolved` counts them as the
   * official harness does. Default `infrastructure`.
   */
  readonly onTestTimeout?: "infrastructure" | "unresolved";
  readonly signal?: AbortSignal;
}

/** A patch, evaluated. */
export interface Evaluation {
  readonly grade: Grade;
  /** The output of the tests; empty where none were run. */
  readonly log: string;
  readonly isPatchApplied: boolean;
  /** Seconds of each phase. */
  readonly seconds: { readonly start: number; readonly apply: number; readonly tests: number };
}

const applyCommands = [
  "git apply --verbose",
  "git apply --verbose --3way",
  "git apply --verbose --reject",
  "patch --batch --forward --fuzz=5 -p1 -i",
];
/** What is kept of a log, bytes: its beginning and its end. */
const maxLogBytes = 64 * 2 ** 20;

const faultOfReason: Readonly<Record<string, ContainerFault>> = {
  out_of_memory: "resources",
  container_unavailable: "engine",
  network_unreachable: "network",
};

/**
 * Evaluates a patch in a fresh container, as the official harness does: the patch is applied with
 * growing leniency, the tests are run, the log is graded. A patch that is missing or does not apply
 * is not resolved.
 *
 * @param patch - A unified diff; `null` or blank is never run.
 * @throws `ContainerError` for whatever was not the patch's doing: such an evaluation has no score.
 */
export async function evaluatePatch(
  instance: SweInstance,
  patch: string | null,
  engine: ContainerEngine,
  options: EvaluationOptions = {},
): Promise<Evaluation> {
  const { container: spec = {}, onTestTimeout = "infrastructure", signal } = options;
  const run = testRun(instance);
  const { testTimeoutSeconds = run.timeoutSeconds } = options;
  checkPositive("evaluatePatch", { testTimeoutSeconds });
  const seconds = { start: 0, apply: 0, tests: 0 };
  if (patch === null || patch.trim() === "") {
    const verdict = grade(instance, "", { patch: null });
    return { grade: verdict, log: "", isPatchApplied: false, seconds };
  }
  const timed = async <T>(phase: keyof typeof seconds, work: Promise<T>): Promise<T> => {
    const begun = performance.now();
    try {
      return await work;
    } finally {
      seconds[phase] = (performance.now() - begun) / 1000;
    }
  };
  const container = await timed("start", engine.start({ ...spec, image: instance.image }, signal));
  try {
    await prepare(container, `${checkoutScript(instance)} && ${gradingSetupScript(instance)}`);
    if (!(await timed("apply", applyPatch(container, patch)))) {
      const log = ">>>>> Patch Apply Failed\n";
      return { grade: grade(instance, log), log, isPatchApplied: false, seconds };
    }
    const tests = container.exec(`cat > /eval.sh && bash /eval.sh </dev/null`, {
      input: run.script,
      timeoutSeconds: testTimeoutSeconds,
      maxBytes: maxLogBytes,
      mergeStreams: true,
      ...(signal === undefined ? {} : { signal }),
    });
    const result = await timed("tests", tests);
    let log = result.stdout.toString("utf8");
    if (result.isTimedOut) {
      if (onTestTimeout === "infrastructure") {
        throw new ContainerError(
          "timeout",
          `${instance.id}: tests took longer than ${testTimeoutSeconds} s`,
        );
      }
      log += `\n\nTimeout error: ${testTimeoutSeconds} seconds exceeded.\n>>>>> Tests Timed Out\n`;
    }
    const verdict = grade(instance, log);
    if (verdict.isInfrastructureFailure) {
      const reason = verdict.infrastructureReason ?? "";
      throw new ContainerError(
        faultOfReason[reason] ?? "environment",
        `${instance.id}: the tests could not run: ${reason}`,
      );
    }
    return { grade: verdict, log, isPatchApplied: true, seconds };
  } finally {
    await container.close();
  }
}

async function prepare(container: Container, script: string): Promise<void> {
  const { exitCode, stderr } = await container.exec(script);
  if (exitCode === 0) return;
  throw new ContainerError(
    "image",
    `${container.image}: the repository could not be prepared: ${stderr.toString("utf8").trim().slice(0, 200)}`,
  );
}

/** Applies a patch with the first command that takes it. */
async function applyPatch(container: Container, patch: string): Promise<boolean> {
  const file = "/tmp/patch.diff";
  await container.exec(`cat > ${file}`, { input: patch.endsWith("\n") ? patch : `${patch}\n` });
  const inside = async (command: string): Promise<boolean> =>
    (await container.exec(command, { cwd: repositoryFolder, timeoutSeconds: 300 })).exitCode === 0;
  for (const [i, command] of applyCommands.entries()) {
    // A try that failed may have changed a part.
    if (i > 0) await inside("git checkout -- . ; git clean -fdq");
    if (await inside(`${command} ${file}`)) return true;
  }
  await inside("git checkout -- . ; git clean -fdq");
  return inside(`git apply --check --reverse ${file}`);
}
