import { checkInteger, checkPositive, type Task } from "@turnwise/core";
import type { Environment, EnvironmentFactory, Observation, StepResult } from "../environment.ts";
import {
  ContainerError,
  type ContainerEngine,
  type ContainerSpec,
} from "./containers/container.ts";
import { evaluatePatch, type Evaluation, type EvaluationOptions } from "./evaluation/evaluate.ts";
import type { EvaluationMemory } from "./evaluation/evaluation-memory.ts";
import { extractPatch, type ExtractedPatch } from "./evaluation/extract-patch.ts";
import { agentSetupScript, folderOf } from "./evaluation/scripts.ts";
import type { SweInstance } from "./instances/instance.ts";
import { openForAgent, type AgentRepository } from "./preparation/open-repository.ts";
import type { Scaffold } from "./scaffold/scaffold.ts";
import { r2eScaffold } from "./scaffold/scaffolds.ts";
import { ToolRunner } from "./scaffold/tool-runner.ts";

/** What came of an episode that was graded. */
export interface SweRecord {
  readonly instanceId: string;
  /** Why it was graded. */
  readonly ending: "submit" | "steps" | "time";
  readonly numSteps: number;
  /** What was evaluated, and what was left out of it, with reasons. */
  readonly patch: ExtractedPatch;
  readonly evaluation: Evaluation;
  /** Whether the verdict was that on an equal patch of an earlier episode. */
  readonly isRecalled: boolean;
}

/** How an episode runs. */
export interface SweEnvironmentOptions {
  /** Tools of the agent. Use the format of the same scaffold. Default `r2eScaffold`. */
  readonly scaffold?: Scaffold;
  /** Steps after which the episode ends, `>= 1`; it is graded then. Default: the rollout's limit. */
  readonly maxSteps?: number;
  /**
   * What becomes of an episode at `maxSteps`: graded as it stands, or left to the rollout, whose own
   * limit then cuts it short, so that a recipe can leave it out. Default `grade`.
   */
  readonly onStepLimit?: "grade" | "cut";
  /** The longest episode without its tests, seconds. Default 5400, as DeepSWE trained with. */
  readonly maxSeconds?: number;
  /**
   * What becomes of an episode that runs out of time: graded as it stands, or failed, so that a
   * recipe leaves it out. Default `fail`.
   */
  readonly onTimeLimit?: "grade" | "fail";
  /** The longest command, seconds. Default 90. */
  readonly commandTimeoutSeconds?: number;
  /** Maximum length of an observation, characters, `> 0`. Default 10,000. */
  readonly maxObservationCharacters?: number;
  /** Of the agent's container. */
  readonly container?: Omit<ContainerSpec, "image">;
  /** Of the grader's. */
  readonly evaluation?: Omit<EvaluationOptions, "signal">;
  /**
   * Verdicts that were given before: a patch that an instance had already is not evaluated again.
   * Default none.
   */
  readonly memory?: EvaluationMemory;
  /** Paid for a resolved instance. Default 1. */
  readonly successReward?: number;
  /** Told of each episode that was graded. */
  readonly onGraded?: (record: SweRecord) => void;
}

/**
 * An instance as an environment: the agent works in a container without a network and without the
 * history after the issue; what it hands in is evaluated in a fresh one. Only the last step pays.
 * What the containers do wrong is thrown, as `ContainerError`: such an episode has no reward.
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

  const finish = async (
    { container, folder, startTree }: AgentRepository,
    ending: SweRecord["ending"],
    answer: string,
    signal: AbortSignal | undefined,
  ): Promise<StepResult> => {
    const patch = await extractPatch(container, folder, startTree);
    // The agent's container is not needed any more, and the grader needs room.
    await container.close();
    const { bytes } = patch;
    let isRecalled = memory !== undefined;
    const evaluation = await (memory === undefined
      ? evaluatePatch(instance, bytes, engine, {
          ...options.evaluation,
          ...(signal === undefined ? {} : { signal }),
        })
      : // Others may wait for this verdict too: who gives up must not take it from them.
        memory.recall(instance.id, bytes ?? "", async () => {
          isRecalled = false;
          return evaluatePatch(instance, bytes, engine, options.evaluation);
        }));
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
      opened = await openForAgent(engine, spec, folderOf(instance), setup, signal);
      if (isClosed) await opened.container.close();
      tools = new ToolRunner(opened.container, {
        scaffold,
        folder: folderOf(instance),
        commandTimeoutSeconds,
        maxCharacters: maxObservationCharacters,
        env: opened.environment,
      });
      started = performance.now();
      return {
        text: `The repository is at ${folderOf(instance)}. The issue:\n\n${instance.problemStatement.trim()}\n`,
      };
    },
    step: async (action, signal): Promise<StepResult> => {
      if (opened === undefined || tools === undefined) {
        throw new Error("sweEnvironment: reset must come before step");
      }
      numSteps += 1;
      if ((performance.now() - started) / 1000 > maxSeconds) {
        if (onTimeLimit === "grade") return finish(opened, "time", "Time is up.", signal);
        throw new ContainerError("timeout", `${instance.id}: episode longer than ${maxSeconds} s`);
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
    close: async () => {
      isClosed = true;
      await opened?.container.close();
    },
  };
}

/** Instances as tasks: the id is the instance's, the kind its repository. */
export function sweTasks(instances: readonly SweInstance[]): Task[] {
  return instances.map(({ id, repo }) => ({ id, kind: repo }));
}

/**
 * Makes the environment of a task that names one of the instances.
 * @throws `RangeError` (of the factory) for a task that names none.
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
        `sweEnvironmentFactory: task.id must name one of ${byId.size} instances, got ${task.id}`,
      );
    }
    return sweEnvironment(instance, engine, options);
  };
}
