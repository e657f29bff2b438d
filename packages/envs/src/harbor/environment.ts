import { createHash } from "node:crypto";
import { checkPositive, type Task } from "@turnwise/core";
import { attributeToImage } from "../containers/attribute-to-image.ts";
import {
  ContainerError,
  type Container,
  type ContainerEngine,
  type ContainerSpec,
} from "../containers/container.ts";
import type { Environment, EnvironmentFactory, StepResult } from "../environment.ts";
import type { Scaffold } from "../scaffold/scaffold.ts";
import {
  createToolEpisode,
  type AgentContainer,
  type EpisodeEvent,
  type ToolEpisodeLimits,
} from "../scaffold/tool-episode.ts";
import { resolveVariables } from "./host-variables.ts";
import type { HarborTask } from "./load-tasks.ts";
import { HarborTaskError } from "./task-error.ts";
import { verifyTask, type Verification, type VerifyOptions } from "./verify.ts";
import { terminalScaffolds } from "./wording.ts";

/** Result of a graded episode. */
export interface HarborRecord {
  readonly taskId: string;
  /** Event that ended the episode. */
  readonly ending: EpisodeEvent;
  readonly numSteps: number;
  readonly verification: Verification;
}

/** Options of an episode. `maxSeconds` defaults to the task's time limit, or 600 s. */
export interface HarborEnvironmentOptions
  extends ToolEpisodeLimits, Pick<VerifyOptions, "leftovers"> {
  /** Tools of the agent; the format must use the same scaffold. Default: `bash`. */
  readonly scaffold?: Scaffold;
  /** Limits of containers whose task states none. */
  readonly container?: Pick<ContainerSpec, "memoryBytes" | "cpus" | "maxProcesses">;
  /**
   * Network: `task` as each task states, or `none` for all containers and builds. Default `task`.
   */
  readonly network?: "task" | "none";
  /** Capabilities of root in the container. Default `standard`. */
  readonly capabilities?: "none" | "standard";
  /** Variables of this machine that tasks may read. Default: none. */
  readonly hostVariables?: readonly string[];
  /** Time limit of the verifier, seconds. Default: the task's. */
  readonly verifierSeconds?: number;
  /**
   * Handling of a verifier without a valid reward: `zero` rewards the episode with 0, `fail` throws,
   * so that the episode has no reward. Default `zero`, because agents can cause it.
   */
  readonly onVerifierFailure?: "zero" | "fail";
  /** Reward of an episode for a verifier reward of 1. Default 1. */
  readonly successReward?: number;
  /** Called after each graded episode. */
  readonly onGraded?: (record: HarborRecord) => void;
}

/**
 * Creates the environment of a Harbor task. The agent works in the task's container; when it
 * submits or reaches a limit, the verifier runs in the same container. Only the last step has a
 * reward; an episode is a success if the verifier's reward is at least 1. Container failures are
 * thrown as `ContainerError`; the episode then has no reward.
 */
export function harborEnvironment(
  task: HarborTask,
  engine: ContainerEngine,
  options: HarborEnvironmentOptions = {},
): Environment {
  const { scaffold = terminalScaffolds.bash, successReward = 1, hostVariables = [] } = options;
  const { onVerifierFailure = "zero", verifierSeconds } = options;
  checkPositive("harborEnvironment", { successReward });
  const { settings } = task;
  const { maxSeconds = settings.agent.timeoutSeconds ?? 600 } = options;
  let resource: string | undefined;
  const resolve = (field: "environment" | "verifier"): Record<string, string> =>
    resolveVariables(settings[field].env, `${task.file}: ${field}.env`, hostVariables);

  const finish = async (
    { container, folder }: AgentContainer,
    ending: EpisodeEvent,
    answer: string,
    signal: AbortSignal | undefined,
  ): Promise<StepResult> => {
    const verification = await verifyTask(task, container, {
      folder,
      env: { ...resolve("environment"), ...resolve("verifier") },
      timeoutSeconds: verifierSeconds,
      leftovers: options.leftovers,
      signal,
    });
    await container.close();
    const { reward, problem } = verification;
    options.onGraded?.({ taskId: task.id, ending, numSteps: episode.numSteps, verification });
    if (reward === undefined && onVerifierFailure === "fail") {
      throw new ContainerError("environment", `${task.id}: ${problem}`);
    }
    const value = reward?.value ?? 0;
    const isScore = value >= 0 && value <= 1;
    return {
      text: answer,
      reward: successReward * value,
      isTerminal: true,
      isSuccess: value >= 1,
      ...(isScore && { score: value }),
    };
  };

  const episode = createToolEpisode("harborEnvironment", {
    taskId: task.id,
    scaffold,
    limits: { onTimeLimit: "grade", ...options, maxSeconds },
    open: async (signal) => {
      const environment = resolve("environment");
      const spec = await containerSpec(task, options, maxSeconds);
      resource = `container of image ${spec.image}`;
      const container = await engine.start(spec, signal);
      resource = `container ${container.id.slice(0, 12)} on ${container.host}`;
      return openTask(task, container, environment);
    },
    introduce: () => `${task.instruction.trim()}\n`,
    finish,
  });
  return {
    reset: (signal) => episode.reset(signal),
    step: (action, signal) => episode.step(action, signal),
    describeResource: () => resource,
    close: () => episode.close(),
  };
}

/** Prepares the agent's container. A failure before the agent's first action is the image's. */
async function openTask(
  task: HarborTask,
  container: Container,
  environment: Readonly<Record<string, string>>,
): Promise<AgentContainer> {
  const { agent, environment: world } = task.settings;
  return attributeToImage(container, async () => {
    const where = await container.exec("pwd", world.folder === null ? {} : { cwd: world.folder });
    const folder = where.stdout.toString("utf8").trim();
    if (where.exitCode !== 0 || !folder.startsWith("/")) {
      throw new ContainerError(
        "image",
        `${task.file}: environment.workdir must be a folder of ${container.image}, got ${world.folder}`,
      );
    }
    // Harbor mounts these folders, and tasks write logs to them.
    const logs = "mkdir -p /logs/agent /logs/artifacts /logs/verifier && chmod 777 /logs/*";
    await container.exec(logs, { user: "0", cwd: "/" });
    return { container, folder, environment, ...(agent.user !== null && { user: agent.user }) };
  });
}

/** Maximum time for verification after the agent's time limit, seconds. */
const marginSeconds = 600;

async function containerSpec(
  task: HarborTask,
  { network = "task", capabilities = "standard", ...options }: HarborEnvironmentOptions,
  maxSeconds: number,
): Promise<ContainerSpec> {
  const { environment, verifier } = task.settings;
  const { image, cpus, memoryMegabytes, buildTimeoutSeconds } = environment;
  const verifierSeconds = options.verifierSeconds ?? verifier.timeoutSeconds;
  const files = image === null ? await task.readFiles("environment") : [];
  return {
    ...options.container,
    ...(cpus !== null && { cpus }),
    ...(memoryMegabytes !== null && { memoryBytes: memoryMegabytes * 2 ** 20 }),
    image: image ?? contextTag(files),
    ...(image === null && {
      build: {
        files,
        timeoutSeconds: buildTimeoutSeconds,
        network: network === "none" ? ("none" as const) : ("bridge" as const),
      },
    }),
    network: network === "none" ? "none" : chooseNetwork(task),
    capabilities,
    lifetimeSeconds: maxSeconds + verifierSeconds + marginSeconds,
  };
}

/**
 * Network of the container.
 * @throws `HarborTaskError` if agent and verifier, which share the container, need different ones.
 */
function chooseNetwork({ file, settings: { agent, verifier } }: HarborTask): "none" | "bridge" {
  if (agent.network !== verifier.network) {
    throw new HarborTaskError(
      `${file}: verifier.network_mode must equal the agent's, ${agent.network} (they share a container; or set tasks.network to none), got ${verifier.network}`,
    );
  }
  return agent.network === "public" ? "bridge" : "none";
}

/**
 * Checks that a task can be played with the options.
 * @throws `HarborTaskError` for a variable that the task may not read, or for agent and verifier with
 *   different networks.
 */
export function checkTask(
  task: HarborTask,
  { network = "task", hostVariables = [] }: HarborEnvironmentOptions,
): void {
  for (const field of ["environment", "verifier"] as const) {
    resolveVariables(task.settings[field].env, `${task.file}: ${field}.env`, hostVariables);
  }
  if (network === "task") chooseNetwork(task);
}

/** Tag of the image of a build context: its digest. */
function contextTag(files: Awaited<ReturnType<HarborTask["readFiles"]>>): string {
  const hash = createHash("sha256");
  for (const { path, content, mode } of files) {
    hash.update(`${path}\0${mode ?? 0o644}\0${content.length}\0`).update(content);
  }
  return `turnwise-harbor:${hash.digest("hex").slice(0, 32)}`;
}

/** Converts tasks: the kind of a task is its category, or `harbor`. */
export function harborTasks(tasks: readonly HarborTask[]): Task[] {
  return tasks.map(({ id, settings }) => ({ id, kind: settings.category ?? "harbor" }));
}

/**
 * Creates the environment factory for tasks that name one of the Harbor tasks.
 * @throws `RangeError` (from the factory) for any other task.
 */
export function harborEnvironmentFactory(
  tasks: readonly HarborTask[],
  engine: ContainerEngine,
  options: HarborEnvironmentOptions = {},
): EnvironmentFactory {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  return async ({ id }) => {
    const task = byId.get(id);
    if (task === undefined) {
      throw new RangeError(
        `harborEnvironmentFactory: task.id must be the id of one of ${byId.size} tasks, got ${id}`,
      );
    }
    return harborEnvironment(task, engine, options);
  };
}
