import type { Task } from "@turnwise/core";
import { demonstrate, type ScriptedPlayer } from "../demonstration.ts";
import type { AgentFormat } from "../agent-format.ts";
import type { EnvironmentFactory } from "../environment.ts";
import type { Demonstrator } from "../task-source.ts";
import { compactSweMarkers } from "../scaffold/agent-formats.ts";
import { demoTasks, type DemoTask } from "./demo/tasks.ts";
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
 */
export function sweDemonstrator(
  instances: readonly SweInstance[],
  agents: "able" | "mixed",
  parts: {
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
      const plansById = new Map(instances.map((instance) => [instance.id, listPlans(instance)]));
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
function listPlans(instance: SweInstance): readonly Plan[] {
  const finish = encodeToolCall({ tool: "finish", arguments: { command: "submit" } });
  const demo = demoById.get(instance.id);
  if (demo === undefined) {
    const cmd = `git apply -v - <<'END_OF_PATCH'\n${instance.goldPatch}END_OF_PATCH`;
    return [[encodeToolCall({ tool: "execute_bash", arguments: { cmd } }), finish]];
  }
  const { file, from, to } = demo.fix;
  const edit = (rest: Readonly<Record<string, string>>): string =>
    encodeToolCall({ tool: "file_editor", arguments: { ...rest, path: `/testbed/${file}` } });
  const view = edit({ command: "view" });
  const replace = (text: string): string =>
    edit({ command: "str_replace", old_str: from, new_str: text });
  const indent = /^[ ]*/u.exec(from)![0];
  return [
    [view, replace(to), finish],
    [view, replace(`${indent}# This is right.\n${from}`), finish],
    [view, finish],
  ];
}

/** Creates a scripted player that follows a plan and ignores observations. */
function followPlan(plan: Plan): ScriptedPlayer {
  let next = 0;
  return { next: () => plan[next++] };
}
