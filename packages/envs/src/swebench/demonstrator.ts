import type { Task } from "@turnwise/core";
import { demonstrate, type ScriptedPlayer } from "../demonstration.ts";
import type { AgentFormat } from "../agent-format.ts";
import type { EnvironmentFactory } from "../environment.ts";
import type { Demonstrator } from "../task-source.ts";
import { compactSweMarkers } from "../scaffold/agent-formats.ts";
import { createSubmission, hasTool } from "../scaffold/random-action.ts";
import type { Scaffold } from "../scaffold/scaffold.ts";
import { createApplyCommand } from "./apply-command.ts";
import { demoTasks, type DemoTask } from "./demo/tasks.ts";
import { fileDiff } from "./demo/text-diff.ts";
import type { SweInstance } from "./instances/instance.ts";
import { encodeToolCall } from "../scaffold/tool-call.ts";

/** Demo tasks by instance id. */
export const demoById: ReadonlyMap<string, DemoTask> = new Map(
  demoTasks.map((task) => [task.instance.id, task]),
);

/** Actions of one episode; the last one submits. */
type Plan = readonly string[];

/**
 * Creates a demonstrator for a list of instances.
 * @param agents - `able`: only the plan that fixes the issue; `mixed`: all plans of an instance.
 * @param parts.scaffold - Tools of the agent; the format must use the same scaffold.
 */
export function sweDemonstrator(
  instances: readonly SweInstance[],
  agents: "able" | "mixed",
  parts: {
    readonly scaffold: Pick<Scaffold, "tools">;
    readonly createEnvironment: EnvironmentFactory;
    readonly format: AgentFormat;
    readonly maxTurns: number;
  },
): Demonstrator {
  return {
    imitates: agents === "mixed" ? "all" : "successes",
    markers: Object.values(compactSweMarkers),
    vocabulary: "text",
    demonstrate: async (tasks, slipShare, random) => {
      const plansById = new Map(
        instances.map((instance) => [instance.id, listPlans(instance, parts.scaffold)]),
      );
      const episodes = tasks.flatMap((task) => {
        const plans = plansById.get(task.id)!;
        const actions = slipShare > 0 ? otherEdits(plansById, task) : [];
        return plans.slice(0, agents === "mixed" ? plans.length : 1).map(async (plan, i) => {
          const slips = { share: slipShare, actions, random: random.fork(`${task.id}/${i}`) };
          return demonstrate(task, followPlan(plan), {
            ...parts,
            ...(actions.length > 0 && { slips }),
          });
        });
      });
      return Promise.all(episodes);
    },
  };
}

/**
 * Lists the edits of all other tasks (the action before each submission). In this repository they
 * have no effect, because their old text does not occur.
 */
function otherEdits(plansById: ReadonlyMap<string, readonly Plan[]>, { id }: Task): string[] {
  return [...plansById].filter(([other]) => other !== id).map(([, plans]) => plans[0]!.at(-2)!);
}

/**
 * Lists the plans for an instance; the first one fixes the issue. A demo task also has a plan that
 * only adds a comment, and one that submits the repository unchanged.
 */
function listPlans(instance: SweInstance, scaffold: Pick<Scaffold, "tools">): readonly Plan[] {
  const submission = createSubmission(scaffold);
  const demo = demoById.get(instance.id);
  if (demo === undefined) return [[runCommand(createApplyCommand(instance.goldPatch)), submission]];
  const { from, to } = demo.fix;
  const { view, replace } = hasTool(scaffold, "file_editor")
    ? createEditorActions(demo)
    : createShellActions(demo);
  const indent = /^[ ]*/u.exec(from)![0];
  return [
    [view, replace(to), submission],
    [view, replace(`${indent}# This is right.\n${from}`), submission],
    [view, submission],
  ];
}

/** Actions on the file of a demo task's fix. */
interface FileActions {
  readonly view: string;
  /** Replaces the text that the fix replaces. */
  readonly replace: (text: string) => string;
}

function createEditorActions({ fix: { file, from } }: DemoTask): FileActions {
  const edit = (rest: Readonly<Record<string, string>>): string =>
    encodeToolCall({ tool: "file_editor", arguments: { ...rest, path: `/testbed/${file}` } });
  return {
    view: edit({ command: "view" }),
    replace: (text) => edit({ command: "str_replace", old_str: from, new_str: text }),
  };
}

function createShellActions({ files, fix: { file, from } }: DemoTask): FileActions {
  const content = files[file]!;
  return {
    view: runCommand(`cat ${file}`),
    replace: (text) => {
      const changed = content.replace(from, () => text);
      return runCommand(createApplyCommand(fileDiff(file, content, changed)));
    },
  };
}

const runCommand = (cmd: string): string =>
  encodeToolCall({ tool: "execute_bash", arguments: { cmd } });

/** Creates a scripted player that follows a plan and ignores observations. */
function followPlan(plan: Plan): ScriptedPlayer {
  let next = 0;
  return { next: () => plan[next++] };
}
