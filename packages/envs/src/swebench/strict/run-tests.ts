import { randomBytes } from "node:crypto";
import type { CommandResult, Container } from "../../containers/container.ts";
import type { TestRun } from "../evaluation/scripts.ts";
import { pytestReporter, reporterVariable } from "./pytest-reporter.ts";
import { splitEvalScript } from "./split-script.ts";

/** Evidence of a test run, from streams that the test process cannot rewrite. */
export interface StrictRun {
  /** Output of the commands before the tests. */
  readonly setupLog: string;
  /** Output of the tests, between marker lines that contain the nonce. */
  readonly testLog: string;
  /** Secret (nonce) of the marker lines. */
  readonly nonce: string;
  /** Report of the test framework; absent if the framework cannot write one. */
  readonly report?: string;
  /** Keys that sign the sessions of the report, in order. */
  readonly keys: readonly string[];
  /** Exit code of the test command as the engine gives it; `null` if unknown. */
  readonly exitCode: number | null;
  readonly isTimedOut: boolean;
  /** True if the setup commands finished, so that the tests could run. */
  readonly isSetUp: boolean;
  /** True if output and report were read to their end. */
  readonly isComplete: boolean;
  /** Output on the stream that is reserved for the harness; empty in an honest run. */
  readonly strayOutput: string;
}

/** Options of a strict test run. */
export interface StrictRunOptions {
  readonly cwd: string;
  /** Variables of the environment that the image defines. Default: none. */
  readonly env?: Readonly<Record<string, string>>;
  /** True if the tests run under pytest, so that a report is expected. */
  readonly hasReport: boolean;
  /** Time limit of setup and tests together, seconds. */
  readonly timeoutSeconds: number;
  /** Maximum size to keep of the output and of the report, bytes. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

/** User and group id of the reader processes; no image uses this id. */
const readerId = 61_183;
const reader = `${readerId}:${readerId}`;
/** Time to wait for the last bytes after all test processes were killed, seconds. */
const drainSeconds = 30;

const hex = (): string => randomBytes(16).toString("hex");

/** Reads a command line from standard input, so that no other process can see it, and runs it. */
const runInput = 'script=$(cat; echo x); exec </dev/null; eval "${script%x}"';

/**
 * Runs the tests so that their process shares no stream with the harness.
 *
 * Two reader processes of another user, started before any code of the patch runs, read output and
 * report from named pipes that the test process can only write to. The exit code comes from the
 * engine. Setup and tests are two commands; processes left by the first are killed before the
 * second starts. In a container without capabilities, not even root can affect the readers.
 */
export async function runTestsStrictly(
  container: Container,
  { script }: TestRun,
  options: StrictRunOptions,
): Promise<StrictRun> {
  const { cwd, env = {}, hasReport, timeoutSeconds, maxBytes, signal } = options;
  const { setup, tests } = splitEvalScript(script);
  const nonce = hex();
  const begun = performance.now();
  const secondsLeft = (): number =>
    Math.max(1, timeoutSeconds - (performance.now() - begun) / 1000);
  const numSessions = hasReport ? Math.max(1, countSessions(tests)) : 0;
  const keys = Array.from({ length: numSessions }, hex);
  const pipes = await createPipes(container);

  const asReader = { cwd: "/", user: reader, timeoutSeconds: timeoutSeconds + 120 };
  const read = async (pipe: string): Promise<CommandResult> =>
    container.exec(`exec cat ${pipe}`, { ...asReader, maxBytes });
  const readers = [read(pipes.log), read(pipes.report)];
  const keyWriter = container.exec(
    `while read -r key; do echo "$key" >${pipes.key}; sleep 0.3; done`,
    { ...asReader, input: keys.map((key) => `${key}\n`).join("") },
  );
  // The readers end at the latest when the container ends.
  for (const process of [...readers, keyWriter]) process.catch(() => undefined);

  const mark = hex();
  const prepared = await container.exec(`exec 3>&1 >&2; ${runInput}`, {
    cwd,
    env,
    input: `${setup}\n${saveState(mark)}`,
    timeoutSeconds: secondsLeft(),
    maxBytes,
    ...(signal === undefined ? {} : { signal }),
  });
  const setupLog = prepared.stderr.toString("utf8");
  const state = parseState(prepared.stdout.toString("utf8"), mark);
  const empty = { nonce, keys, setupLog, testLog: "", strayOutput: "", exitCode: null };
  if (prepared.isTimedOut || state === undefined) {
    return { ...empty, isTimedOut: prepared.isTimedOut, isSetUp: false, isComplete: true };
  }
  await killAll(container);

  const result = await container.exec(runInput, {
    cwd,
    input: testCommand({ tests, state, nonce, pipes, hasReport, folder: cwd }),
    timeoutSeconds: secondsLeft(),
    maxBytes: 65_536,
    mergeStreams: true,
    ...(signal === undefined ? {} : { signal }),
  });
  await killAll(container);
  const drained = await waitAtMost(drainSeconds, Promise.all(readers));
  const [log, report] = drained ?? [];
  return {
    ...empty,
    testLog: log?.stdout.toString("utf8") ?? "",
    ...(hasReport ? { report: report?.stdout.toString("utf8") ?? "" } : {}),
    exitCode: result.exitCode,
    isTimedOut: result.isTimedOut,
    isSetUp: true,
    isComplete: drained !== undefined && report?.isTruncated !== true,
    strayOutput: result.stdout.toString("utf8"),
  };
}

interface Pipes {
  readonly folder: string;
  readonly log: string;
  readonly report: string;
  readonly key: string;
  readonly plugin: string;
}

/** Creates a folder that the tests cannot list, with pipes that they can only write to. */
async function createPipes(container: Container): Promise<Pipes> {
  const name = `turnwise-${hex()}`;
  const folder = `/${name}`;
  const pipes = {
    folder,
    log: `${folder}/${hex()}`,
    report: `${folder}/${hex()}`,
    key: `${folder}/${hex()}`,
    plugin: `turnwise_${hex()}`,
  };
  const owner = readerId;
  const content = new Uint8Array();
  await container.copyIn("/", [
    { path: `${name}/`, content, mode: 0o711, owner },
    { path: `${name}/plugin/`, content, mode: 0o755, owner },
    { path: `${name}/plugin/${pipes.plugin}.py`, content: Buffer.from(pytestReporter), owner },
  ]);
  const made = await container.exec(
    `mkfifo -m 0622 ${pipes.log} ${pipes.report} && mkfifo -m 0644 ${pipes.key}`,
    { cwd: "/", user: reader },
  );
  if (made.exitCode !== 0) {
    throw new Error(`mkfifo in ${container.image}: ${made.stderr.toString("utf8").slice(0, 200)}`);
  }
  return pipes;
}

/** Matches a command that starts pytest, directly or through tox. */
export const startsPytest: RegExp = /\b(?:pytest|py\.test|tox)\b/u;

/** Number of lines that start pytest. */
function countSessions(tests: string): number {
  return tests.split("\n").filter((line) => startsPytest.test(line)).length;
}

/**
 * Prints variables, functions, options and working folder of the shell, to restore in the shell of
 * the tests.
 */
const saveState = (mark: string): string => `{ set +x; } 2>/dev/null
unset TURNWISE_COMMAND script
{ echo; echo ${mark}; declare -px; declare -f; printf 'cd -- %q\\n' "$PWD"; echo ${mark}; shopt -p; shopt -po; echo ${mark}; } >&3
`;

interface ShellState {
  readonly variables: string;
  readonly options: string;
}

function parseState(output: string, mark: string): ShellState | undefined {
  const parts = output.split(`${mark}\n`);
  if (parts.length !== 4) return undefined;
  return { variables: parts[1]!, options: parts[2]! };
}

function testCommand(parts: {
  readonly tests: string;
  readonly state: ShellState;
  readonly nonce: string;
  readonly pipes: Pipes;
  readonly hasReport: boolean;
  readonly folder: string;
}): string {
  const { tests, state, nonce, pipes, hasReport, folder } = parts;
  const report = JSON.stringify([pipes.plugin, pipes.key, pipes.report, folder]);
  const reporting = `export PYTHONPATH="${pipes.folder}/plugin\${PYTHONPATH:+:$PYTHONPATH}"
export PYTEST_ADDOPTS="-p ${pipes.plugin} \${PYTEST_ADDOPTS-}"
export TOX_TESTENV_PASSENV="PYTHONPATH PYTEST_ADDOPTS ${reporterVariable} \${TOX_TESTENV_PASSENV-}"
export TOX_OVERRIDE="testenv.pass_env+=PYTHONPATH,PYTEST_ADDOPTS,${reporterVariable}"
export ${reporterVariable}='${report}'
`;
  return `exec 8>${pipes.report} >${pipes.log} 2>&1
echo '${beginMarker(nonce)}'
{
${state.variables}
} 2>/dev/null
unset TURNWISE_COMMAND
${hasReport ? reporting : ""}(
{
${state.options}
} 2>/dev/null
exec 8>&-
${tests}
)
{ turnwise_code=$?; set +x; } 2>/dev/null
printf '\\n%s %s\\n' '${endMarker(nonce)}' "$turnwise_code"
exit $turnwise_code
`;
}

/** First line of the output of the tests. */
export const beginMarker = (nonce: string): string => `>>>>> Begin ${nonce}`;
/** Start of the last line of the output of the tests; the exit code follows. */
export const endMarker = (nonce: string): string => `>>>>> End ${nonce}`;

/** Kills all processes of the image's user except the first. */
async function killAll(container: Container): Promise<void> {
  await container.exec("kill -KILL -1", { cwd: "/", timeoutSeconds: 20 });
}

async function waitAtMost<T>(seconds: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
