import { checkPositive, type Task } from "@turnwise/core";
import type { Environment, EnvironmentFactory, StepResult } from "../environment.ts";
import type { ContainerEngine, ContainerSpec } from "../containers/container.ts";
import { evaluatePatch, type Evaluation, type EvaluationOptions } from "./evaluation/evaluate.ts";
import type { EvaluationMemory } from "./evaluation/evaluation-memory.ts";
import { extractPatch, type ExtractedPatch } from "./evaluation/extract-patch.ts";
import { agentSetupScript, getFolder } from "./evaluation/scripts.ts";
import type { SweInstance } from "./instances/instance.ts";
import { openForAgent, type AgentRepository } from "./preparation/open-repository.ts";
import type { Scaffold } from "../scaffold/scaffold.ts";
import { renderRepository } from "./render-repository.ts";
import { r2eScaffold } from "../scaffold/scaffolds.ts";
import {
  createToolEpisode,
  type EpisodeEvent,
  type ToolEpisodeLimits,
} from "../scaffold/tool-episode.ts";

/** Result of a graded episode. */
export interface SweRecord {
  readonly instanceId: string;
  /** Event that ended the episode. */
  readonly ending: EpisodeEvent;
  readonly numSteps: number;
  /** Extracted patch, and the files excluded from it with reasons. */
  readonly patch: ExtractedPatch;
  readonly evaluation: Evaluation;
  /** True if the verdict was reused from an earlier episode with an equal patch. */
  readonly isRecalled: boolean;
}

/** Options of an episode. */
export interface SweEnvironmentOptions extends ToolEpisodeLimits {
  /** Tools of the agent; the format must use the same scaffold. Default `r2eScaffold`. */
  readonly scaffold?: Scaffold;
  /** Settings of the agent's container. */
  readonly container?: Omit<ContainerSpec, "image">;
  /** Settings of the evaluation. */
  readonly evaluation?: Omit<EvaluationOptions, "signal">;
  /**
   * Cache of verdicts: a patch that was already evaluated for an instance is not evaluated again.
   * Default: no cache.
   */
  readonly memory?: EvaluationMemory;
  /** Reward of a resolved instance. Default 1. */
  readonly successReward?: number;
  /** Called after each graded episode. */
  readonly onGraded?: (record: SweRecord) => void;
}

/**
 * Creates the environment of an instance. The agent works in a container without network access and
 * without the git history after the issue; its patch is evaluated in a new container. Only the last
 * step has a reward. Container failures are thrown as `ContainerError`; the episode then has no
 * reward.
 */
export function sweEnvironment(
  instance: SweInstance,
  engine: ContainerEngine,
  options: SweEnvironmentOptions = {},
): Environment {
  const { scaffold = r2eScaffold, successReward = 1, memory } = options;
  checkPositive("sweEnvironment", { successReward });
  let graded: Pick<SweRecord, "patch" | "evaluation"> | undefined;
  let resource: string | undefined;

  const finish = async (
    { container, folder, startTree }: AgentRepository,
    ending: SweRecord["ending"],
    answer: string,
    signal: AbortSignal | undefined,
  ): Promise<StepResult> => {
    const patch = await extractPatch(container, folder, startTree);
    // Close the agent's container first, because grading needs its resources.
    await container.close();
    resource = `container for the tests, image ${instance.image}`;
    const { bytes } = patch;
    let isRecalled = memory !== undefined;
    const evaluation = await (memory === undefined
      ? evaluatePatch(instance, bytes, engine, {
          ...options.evaluation,
          ...(signal === undefined ? {} : { signal }),
        })
      : // An aborted episode must not cancel an evaluation that others await.
        memory.recall(instance.id, bytes ?? "", async () => {
          isRecalled = false;
          return evaluatePatch(instance, bytes, engine, options.evaluation);
        }));
    graded = { patch, evaluation };
    options.onGraded?.({
      instanceId: instance.id,
      ending,
      numSteps: episode.numSteps,
      patch,
      evaluation,
      isRecalled,
    });
    const isSuccess = evaluation.grade.isResolved;
    return { text: answer, reward: isSuccess ? successReward : 0, isTerminal: true, isSuccess };
  };

  const episode = createToolEpisode<AgentRepository>("sweEnvironment", {
    taskId: instance.id,
    scaffold,
    limits: options,
    open: async (signal) => {
      const spec = { ...options.container, image: instance.image };
      const setup = agentSetupScript(instance);
      resource = `container of image ${instance.image}`;
      const opened = await openForAgent(engine, spec, getFolder(instance), setup, signal);
      const { id, host } = opened.container;
      resource = `container ${id.slice(0, 12)} on ${host}`;
      return opened;
    },
    introduce: ({ folder }) =>
      `The repository is at ${folder}. The issue:\n\n${instance.problemStatement.trim()}\n`,
    finish,
  });
  return {
    reset: (signal) => episode.reset(signal),
    step: (action, signal) => episode.step(action, signal),
    render: async (signal) => {
      const { opened, lastAction } = episode;
      if (opened === undefined) throw new Error("sweEnvironment: reset must come before render");
      return episode.withoutClock(() =>
        renderRepository(instance, opened, { lastAction, graded, signal }),
      );
    },
    describeResource: () => resource,
    close: () => episode.close(),
  };
}

/** Converts instances to tasks: the id is the instance's, the kind is its repository. */
export function sweTasks(instances: readonly SweInstance[]): Task[] {
  return instances.map(({ id, repo }) => ({ id, kind: repo }));
}

/**
 * Creates the environment factory for tasks that name one of the instances.
 * @throws `RangeError` (from the factory) for any other task.
 */
export function sweEnvironmentFactory(
  instances: readonly SweInstance[],
  engine: ContainerEngine,
  options: SweEnvironmentOptions = {},
): EnvironmentFactory {
  const byId = new Map(instances.map((instance) => [instance.id, instance]));
  return async (task) => {
    const instance = byId.get(task.id);
    if (instance === undefined) {
      throw new RangeError(
        `sweEnvironmentFactory: task.id must be the id of one of ${byId.size} instances, got ${task.id}`,
      );
    }
    return sweEnvironment(instance, engine, options);
  };
}
