import {
  ContainerError,
  type Container,
  type ContainerFile,
  type OutputBytes,
} from "../containers/container.ts";
import type { HarborTask } from "./load-tasks.ts";
import { readReward, type Reward, type RewardFiles } from "./reward.ts";

/** Options of {@link verifyTask}. */
export interface VerifyOptions {
  /** Folder in which the tests start. */
  readonly folder: string;
  /** Variables of the verifier. */
  readonly env: Readonly<Record<string, string>>;
  /** Time limit, seconds. Default: the task's. */
  readonly timeoutSeconds?: number | undefined;
  /**
   * Processes that the agent left running: keep them for the verifier, as in Harbor, or kill them.
   * Default `keep`.
   */
  readonly leftovers?: "keep" | "kill" | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Result of a verification. */
export interface Verification {
  /** The reward; `undefined` if the verifier wrote no valid one. */
  readonly reward: Reward | undefined;
  /** Reason why there is no reward. */
  readonly problem: string | undefined;
  /** Output of the tests. */
  readonly log: string;
  /**
   * Programs and settings that decide the verdict and were changed since the container started,
   * according to the engine.
   */
  readonly changed: readonly string[];
  /** Duration of the tests, seconds. */
  readonly seconds: number;
}

/** Maximum size of a log and of a reward file, bytes; longer logs lose their middle. */
const maxLogBytes = 2 ** 20;

/** Programs that grading uses, and files that change how all programs start. */
const watched = new Set([
  ...["bash", "sh", "env", "timeout", "rm", "mkdir", "chmod", "ls", "cat"].flatMap((name) => [
    `/bin/${name}`,
    `/usr/bin/${name}`,
    `/usr/local/bin/${name}`,
  ]),
  "/etc/ld.so.preload",
  "/etc/environment",
]);

/**
 * Runs the verifier of a task in the agent's container: removes what the agent left in `/tests` and
 * `/logs`, copies the tests, runs `test.sh`, and reads the reward file through the engine. A
 * verifier that times out, ends its container or writes no valid reward is a result, because agents
 * can cause all of these.
 * @throws `ContainerError` if the engine failed or the container ran out of memory.
 */
export async function verifyTask(
  task: HarborTask,
  container: Container,
  options: VerifyOptions,
): Promise<Verification> {
  const { folder, env, signal, leftovers = "keep" } = options;
  const { verifier } = task.settings;
  const { timeoutSeconds = verifier.timeoutSeconds } = options;
  const begun = performance.now();
  const changed = (await container.changes()).filter((path) => watched.has(path));
  const conclude = (
    outcome: ReturnType<typeof readReward>,
    output?: OutputBytes,
  ): Verification => ({
    ...("problem" in outcome
      ? { reward: undefined, problem: outcome.problem }
      : { reward: outcome, problem: undefined }),
    log: output?.toString("utf8") ?? "",
    changed,
    seconds: (performance.now() - begun) / 1000,
  });
  try {
    // The signal also kills this command itself, so its result is ignored.
    if (leftovers === "kill") await container.exec("kill -KILL -1", { user: "0", cwd: "/" });
    const prepared = await container.exec(prepareScript, { user: "0", cwd: "/" });
    if (prepared.exitCode !== 0) {
      const problem = "the folders of the verifier cannot be emptied";
      return conclude({ problem }, prepared.stderr);
    }
    const tests = await task.readFiles("tests");
    await container.copyIn("/", tests.map(intoTests));
    const script = tests.find(({ path }) => path === "test.sh")!;
    const hasShebang = Buffer.from(script.content.subarray(0, 2)).toString("latin1") === "#!";
    const run = await container.exec(hasShebang ? "/tests/test.sh" : "bash /tests/test.sh", {
      cwd: folder,
      env,
      timeoutSeconds,
      maxBytes: maxLogBytes,
      mergeStreams: true,
      ...(verifier.user !== null && { user: verifier.user }),
      ...(signal !== undefined && { signal }),
    });
    const { stdout: output } = run;
    if (run.isTimedOut) {
      return conclude({ problem: `the verifier took longer than ${timeoutSeconds} s` }, output);
    }
    const found = readReward(await readRewardFiles(container));
    if ("problem" in found && (await container.isOutOfMemory())) {
      throw new ContainerError("resources", `${task.id}: the verifier ran out of memory`);
    }
    return conclude(found, output);
  } catch (error) {
    if (!(error instanceof ContainerError) || error.kind !== "environment") throw error;
    return conclude({ problem: `the container ended: ${error.message}` });
  }
}

/** Empties the folders of the verifier. A link in place of a folder is removed, not followed. */
const prepareScript = `[ ! -L /logs ] || rm -f /logs
rm -rf /tests /logs/verifier && mkdir -p /tests /logs/verifier /logs/agent /logs/artifacts &&
chmod 755 /tests && chmod 777 /logs/verifier /logs/agent /logs/artifacts`;

const intoTests = (file: ContainerFile): ContainerFile => ({
  ...file,
  path: `tests/${file.path}`,
  // The script must be executable, and the verifier may run as another user than root.
  mode: file.path === "test.sh" ? 0o755 : (file.mode ?? 0o644) | 0o444,
});

async function readRewardFiles(container: Container): Promise<RewardFiles> {
  const listed = await container.exec("ls -1 /logs/verifier", { user: "0", cwd: "/" });
  const names = listed.stdout.toString("utf8").split("\n");
  const read = async (name: string): Promise<string | undefined> => {
    if (!names.includes(name)) return undefined;
    const { files } = await container.copyOut(`/logs/verifier/${name}`, { maxBytes: maxLogBytes });
    // A link is skipped; its file is then missing.
    return files[0] === undefined ? undefined : Buffer.from(files[0].content).toString("utf8");
  };
  return { json: await read("reward.json"), text: await read("reward.txt") };
}
