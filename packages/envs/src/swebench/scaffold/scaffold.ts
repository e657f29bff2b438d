import type { AgentFormat } from "../../agent-format.ts";
import type { SweFormatOptions } from "../agent-formats.ts";
import type { ToolCall } from "./tool-call.ts";
import type { Tool, ToolOutput } from "./tools/tool.ts";
import type { Workspace } from "./workspace.ts";

/** Tools that an agent has in a container, and the form in which it calls them. */
export interface Scaffold {
  readonly name: string;
  readonly tools: readonly Tool[];
  /** Prompts for these tools, and reading of responses. */
  readonly format: (options?: SweFormatOptions) => AgentFormat;
  /** Runs a call that was checked against the tools. */
  readonly run: (
    call: CheckedToolCall,
    workspace: Workspace,
    signal?: AbortSignal,
  ) => Promise<ToolOutput>;
  /** Decides from a call and its output if the agent submits its work. */
  readonly submitRule: (call: ToolCall, output: ToolOutput) => boolean;
  /** Answer to a response without a call. */
  readonly reminder: string;
  /** Ends each answer with the number of turns that remain. Default true. */
  readonly showsRemainingTurns?: boolean;
}

/** A call with its tool; its arguments have the names and types of the schema. */
export interface CheckedToolCall extends ToolCall {
  readonly definition: Tool;
}
