import { gzipSync } from "node:zlib";
import { InputError, type Task } from "@turnwise/core";
import type { AgentFormat } from "../agent-format.ts";
import { packTar } from "../containers/tar.ts";
import { demonstrate } from "../demonstration.ts";
import type { EnvironmentFactory } from "../environment.ts";
import { compactSweMarkers } from "../scaffold/agent-formats.ts";
import { createSubmission } from "../scaffold/random-action.ts";
import type { Scaffold } from "../scaffold/scaffold.ts";
import { encodeToolCall } from "../scaffold/tool-call.ts";
import { shellWord } from "../shell-word.ts";
import type { Demonstrator } from "../task-source.ts";
import { resolveVariables } from "./host-variables.ts";
import type { HarborTask } from "./load-tasks.ts";

/**
 * Creates a demonstrator that runs the solution of each task as one command, then submits.
 * @param parts.hostVariables - Variables of this machine that solutions may read.
 */
export function harborDemonstrator(
  tasks: readonly HarborTask[],
  parts: {
    readonly scaffold: Scaffold;
    readonly hostVariables: readonly string[];
    readonly createEnvironment: EnvironmentFactory;
    readonly format: AgentFormat;
    readonly maxTurns: number;
  },
): Demonstrator {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const play = async (task: Task): ReturnType<typeof demonstrate> => {
    const cmd = await solutionCommand(byId.get(task.id)!, parts.hostVariables);
    const actions = [
      encodeToolCall({ tool: "execute_bash", arguments: { cmd } }),
      createSubmission(parts.scaffold),
    ];
    return demonstrate(task, { next: () => actions.shift() }, parts);
  };
  return {
    markers: Object.values(compactSweMarkers),
    vocabulary: "text",
    demonstrate: async (played) => Promise.all(played.map(play)),
  };
}

/**
 * Command that runs the solution of a task: its script, or, if the solution has more files, an
 * archive of them.
 * @throws `InputError` for a task without a solution.
 */
export async function solutionCommand(
  task: HarborTask,
  hostVariables: readonly string[],
): Promise<string> {
  if (!task.hasSolution) {
    throw new InputError(`${task.id}: solution/solve.sh must exist for a demonstration`);
  }
  const { env } = task.settings.solution;
  const variables = Object.entries(
    resolveVariables(env, `${task.file}: solution.env`, hostVariables),
  ).map(([name, value]) => `${name}=${shellWord(value)} `);
  const files = await task.readFiles("solution");
  const script = files.find(({ path }) => path === "solve.sh")!;
  if (files.length === 1) {
    const text = Buffer.from(script.content).toString("utf8");
    return `${variables.join("")}bash <<'END_OF_SOLUTION'\n${text.trimEnd()}\nEND_OF_SOLUTION`;
  }
  const archive = gzipSync(packTar(files)).toString("base64");
  return `mkdir -p /solution && base64 -d <<'END_OF_ARCHIVE' | tar -xzf - -C /solution && ${variables.join("")}bash /solution/solve.sh\n${archive}\nEND_OF_ARCHIVE`;
}
