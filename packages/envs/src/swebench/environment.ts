import { checkInteger, checkPositive, type Task } from "@turnwise/core";
import type { Environment, EnvironmentFactory, Observation, StepResult } from "../environment.ts";
import {
  ContainerError,
  type ContainerEngine,
  type ContainerSpec,
} from "../containers/container.ts";
import { evaluatePatch, type Evaluation, type EvaluationOptions } from "./evaluation/evaluate.ts";
import type { EvaluationMemory } from "./evaluation/evaluation-memory.ts";
import { extractPatch, type ExtractedPatch } from "./evaluation/extract-patch.ts";
import { agentSetupScript, getFolder } from "./evaluation/scripts.ts";
import type { SweInstance } from "./instances/instance.ts";
import { openForAgent, type AgentRepository } from "./preparation/open-repository.ts";
import type { Scaffold } from "../scaffold/scaffold.ts";
import { renderRepository } from "./render-repository.ts";
import { r2eScaffold } from "../scaffold/scaffolds.ts";
import { ToolRunner } from "../scaffold/tool-runner.ts";

/** Result of a graded episode. */
export interface SweRecord {
  readonly instanceId: string;
  /** Event that ended the episode. */
  readonly ending: "submit" | "steps" | "time";
  readonly numSteps: number;
  /** Extracted patch, and the files excluded from it with reasons. */
  readonly patch: ExtractedPatch;
  readonly evaluation: Evaluation;
  /** True if the verdict was reused from an earlier episode with an equal patch. */
  readonly isRecalled: boolean;
}

/** Options of an episode. */
export interface SweEnvironmentOptions {
  /** Tools of the agent; the format must use the same scaffold. Default `r2eScaffold`. */
  readonly scaffold?: Scaffold;
  /**
   * Maximum number of steps, `>= 1`; the episode is graded when it reaches the limit. Default: the
   * rollout's limit.
   */
  readonly maxSteps?: number;
  /**
   * Handling of an episode that reaches `maxSteps`: grade its current state, or leave it to the
   * rollout's own limit, which truncates the episode so that the algorithm can filter it out.
   * Default `grade`.
   */
  readonly onStepLimit?: "grade" | "cut";
  /**
   * Maximum duration of an episode, not including the final tests, seconds. Default 5400, as in
   * DeepSWE's training.
   */
  readonly maxSeconds?: number;
  /**
   * Handling of an episode that runs out of time: grade its current state, or let it fail so that
   * the algorithm filters it out. Default `fail`.
   */
  readonly onTimeLimit?: "grade" | "fail";
  /** Maximum duration of a command, seconds. Default 90. */
  readonly commandTimeoutSeconds?: number;
  /** Maximum length of an observation, characters, `> 0`. Default 10,000. */
  readonly maxObservationCharacters?: number;
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
  const { scaffold = r2eScaffold, maxSteps, maxSeconds = 5400, onTimeLimit = "fail" } = options;
  const { commandTimeoutSeconds = 90, successReward = 1 } = options;
  const { onStepLimit = "grade", memory, maxObservationCharacters = 10_000 } = options;
  if (maxSteps !== undefined) checkInteger("sweEnvironment", { maxSteps }, { min: 1 });
  checkPositive("sweEnvironment", { maxSeconds, commandTimeoutSeconds, successReward });
  checkPositive("sweEnvironment", { maxObservationCharacters });
  let opened: AgentRepository | undefined;
  let tools: ToolRunner | undefined;
  let started = 0;
  let numSteps = 0;
  let isClosed = false;
  let lastAction: string | undefined;
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
      numSteps,
      patch,
      evaluation,
      isRecalled,
    });
    const isSuccess = evaluation.grade.isResolved;
    return { text: answer, reward: isSuccess ? successReward : 0, isTerminal: true, isSuccess };
  };

  return {
    reset: async (signal): Promise<Observation> => {
      const spec = { ...options.container, image: instance.image };
      const setup = agentSetupScript(instance);
      resource = `container of image ${instance.image}`;
      opened = await openForAgent(engine, spec, getFolder(instance), setup, signal);
      const { id, host } = opened.container;
      resource = `container ${id.slice(0, 12)} on ${host}`;
      if (isClosed) await opened.container.close();
      tools = new ToolRunner(opened.container, {
        scaffold,
        folder: getFolder(instance),
        commandTimeoutSeconds,
        maxCharacters: maxObservationCharacters,
        env: opened.environment,
      });
      started = performance.now();
      return {
        text: `The repository is at ${getFolder(instance)}. The issue:\n\n${instance.problemStatement.trim()}\n`,
      };
    },
    step: async (action, signal): Promise<StepResult> => {
      if (opened === undefined || tools === undefined) {
        throw new Error("sweEnvironment: reset must come before step");
      }
      numSteps += 1;
      lastAction = action;
      if ((performance.now() - started) / 1000 > maxSeconds) {
        if (onTimeLimit === "grade") return finish(opened, "time", "Time is up.", signal);
        throw new ContainerError(
          "timeout",
          `${instance.id}: the episode took longer than ${maxSeconds} s`,
        );
      }
      const { text, isSubmission: isDone } = await tools.act(action, signal);
      if (isDone) return finish(opened, "submit", text, signal);
      if (maxSteps === undefined) return { text, reward: 0, isTerminal: false, isSuccess: false };
      const left = maxSteps - numSteps;
      const note =
        left > 0
          ? `Steps Remaining: ${left}`
          : "You have reached the maximum number of steps. Please submit your answer NOW.";
      const withNote = scaffold.showsRemainingTurns === false ? text : `${text}\n${note}`;
      if (left <= 0 && onStepLimit === "grade") {
        return finish(opened, "steps", withNote, signal);
      }
      return { text: withNote, reward: 0, isTerminal: false, isSuccess: false };
    },
    render: async (signal) => {
      if (opened === undefined) throw new Error("sweEnvironment: reset must come before render");
      const begun = performance.now();
      try {
        return await renderRepository(instance, opened, { lastAction, graded, signal });
      } finally {
        // Do not count the time of rendering against the agent.
        started += performance.now() - begun;
      }
    },
    describeResource: () => resource,
    close: async () => {
      isClosed = true;
      await opened?.container.close();
    },
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
