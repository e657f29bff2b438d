import type { AgentFormat } from "../agent-format.ts";
import type { SweFormatOptions } from "./agent-formats.ts";
import type { ToolCall } from "./tool-call.ts";
import type { Tool, ToolOutput } from "./tools/tool.ts";
import type { Workspace } from "./workspace.ts";

/** Tools of an agent in a container, and the format of the calls. */
export interface Scaffold {
  readonly name: string;
  readonly tools: readonly Tool[];
  /** Creates the agent format, which writes prompts for these tools and parses responses. */
  readonly format: (options?: SweFormatOptions) => AgentFormat;
  /** Runs a call that passed the check against the tools. */
  readonly run: (
    call: CheckedToolCall,
    workspace: Workspace,
    signal?: AbortSignal,
  ) => Promise<ToolOutput>;
  /** Decides from a call and its output whether the agent submits its work. */
  readonly submitRule: (call: ToolCall, output: ToolOutput) => boolean;
  /** Answer to a response without a call. */
  readonly reminder: string;
  /** Appends the number of remaining turns to each answer. Default true. */
  readonly showsRemainingTurns?: boolean;
}

/** A call and its tool; the arguments have the names and types of the schema. */
export interface CheckedToolCall extends ToolCall {
  readonly definition: Tool;
}
