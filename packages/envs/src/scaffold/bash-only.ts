import { clipMiddle } from "./clip.ts";
import { createExecuteBash } from "./tools/execute-bash.ts";
import type { Tool } from "./tools/tool.ts";
import type { ScaffoldWording } from "./wording.ts";

/** First line of output that submits the work, as in mini-swe-agent. */
export const submitMark = "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT";

/** Creates the tool that runs a command with both streams merged, as mini-swe-agent does. */
export const createBashCommand = (wording: ScaffoldWording): Tool => ({
  ...createExecuteBash(wording),
  run: async ({ cmd }, workspace, signal) => {
    const result = await workspace.runCommand(`{\n${String(cmd)}\n} 2>&1`, signal);
    const { maxCharacters } = workspace;
    return {
      text: bashObservation(result.exitCode, result.stdout.toString("utf8"), maxCharacters),
      result,
    };
  },
});

/** Formats the result of a command for the agent. */
export function bashObservation(
  exitCode: number | null,
  output: string,
  maxCharacters?: number,
): string {
  const shown = clipMiddle(output, maxCharacters === undefined ? {} : { maxCharacters });
  return `<returncode>${exitCode ?? "none"}</returncode>\n<output>\n${shown}\n</output>`;
}

/** True if the first non-empty line of the output is the submit mark. */
export function isSubmission(output: string): boolean {
  return output.trimStart().split("\n", 1)[0]!.trim() === submitMark;
}
