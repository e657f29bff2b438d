import { clipMiddle } from "../clip.ts";
import type { ScaffoldWording } from "../wording.ts";
import type { Tool } from "./tool.ts";

/** Creates the tool that runs a bash command, as R2E-Gym does. */
export const createExecuteBash = ({ folder, rejected }: ScaffoldWording): Tool => ({
  schema: {
    type: "function",
    function: {
      name: "execute_bash",
      description: `Run a bash command in ${folder} and return its output. Every call starts a new shell. Standard input is empty, and a command that takes too long is stopped.`,
      parameters: {
        type: "object",
        properties: { cmd: { type: "string", description: "The bash command to run." } },
        required: ["cmd"],
      },
    },
  },
  aliases: { names: ["bash"], arguments: { command: "cmd" } },
  run: async ({ cmd }, workspace, signal) => {
    const command = String(cmd);
    const head = (code: number): string =>
      `Exit code: ${code}\nExecution output of [execute_bash]:\n`;
    const word = command.trim().split(/\s/u, 1)[0]!;
    const refusal = rejected.get(word);
    if (refusal !== undefined) {
      return { text: `${head(1)}Commands that start with ${word} are not allowed: ${refusal}` };
    }
    if (command.includes("\0")) {
      return { text: `${head(1)}The command must not contain NUL characters.` };
    }
    const result = await workspace.runCommand(command, signal);
    if (result.isTimedOut) {
      return {
        text: `${head(-1)}The command took too long to execute (>${workspace.commandTimeoutSeconds} s).`,
        result,
      };
    }
    const [stdout, stderr] = [result.stdout, result.stderr].map((bytes) =>
      bytes.toString("utf8").trim(),
    );
    const parts = [
      ...(result.exitCode === 0 ? [] : ["Error executing command:\n"]),
      `[STDOUT]\n\n${stdout}`,
      ...(result.exitCode === 0 && stderr === "" ? [] : [`\n[STDERR]\n\n${stderr}`]),
    ];
    const { maxCharacters } = workspace;
    const text = clipMiddle(parts.join("\n"), { maxLines: 80, maxCharacters });
    return { text: head(result.exitCode ?? -1) + text, result };
  },
});
