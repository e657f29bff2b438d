import { clipMiddle } from "./clip.ts";
import type { ParsedCall, ToolCall } from "./tool-call.ts";

/** What a command prints first to hand in the work, in the bash-only scaffold. */
export const submitMark = "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT";

/** Variables that keep commands from waiting for a reader. */
export const quietVariables: Readonly<Record<string, string>> = {
  PAGER: "cat",
  MANPAGER: "cat",
  GIT_PAGER: "cat",
  LESS: "-R",
  PIP_PROGRESS_BAR: "off",
  TQDM_DISABLE: "1",
};

/** Reads a response with exactly one fenced bash block: the command. */
export function parseBashBlock(response: string): ParsedCall {
  const blocks = [...response.matchAll(/```bash\s*\n([^]*?)\n?```/gu)];
  const [block] = blocks;
  if (block === undefined || blocks.length > 1) return { thought: response.trim() };
  return {
    thought: response.slice(0, block.index).trim(),
    call: { tool: "execute_bash", arguments: { cmd: block[1]! } },
  };
}

/** Writes a call as a fenced block; any other tool than bash hands in the work. */
export function writeBashBlock(call: ToolCall): string {
  const { cmd } = call.arguments;
  return `\`\`\`bash\n${typeof cmd === "string" ? cmd : `echo ${submitMark}`}\n\`\`\``;
}

/** The answer to a command of the bash-only scaffold. */
export function bashObservation(exitCode: number | null, output: string): string {
  return `<returncode>${exitCode ?? "none"}</returncode>\n<output>\n${clipMiddle(output)}\n</output>`;
}

/** Whether a command's output hands in the work: its first line that is not empty is the mark. */
export function isSubmission(output: string): boolean {
  return output.trimStart().split("\n")[0]!.trim() === submitMark;
}
