import type { CommandResult } from "../../containers/container.ts";
import type { ToolSchema } from "../tool-schemas.ts";
import type { Workspace } from "../workspace.ts";

/** Answer of a tool to a call. */
export interface ToolOutput {
  readonly text: string;
  /** Result of the agent's command, for tools that run one. */
  readonly result?: CommandResult;
}

/** A tool of a scaffold. */
export interface Tool {
  readonly schema: ToolSchema;
  /** Other names of the tool, and of its arguments, that models trained with related scaffolds use. */
  readonly aliases?: {
    readonly names?: readonly string[];
    readonly arguments?: Readonly<Record<string, string>>;
  };
  /** Arguments that a value of `command` requires, besides those that the schema requires. */
  readonly requiredBy?: Readonly<Record<string, readonly string[]>>;
  /** Arguments that the schema does not have are dropped. Default false: they are an error. */
  readonly ignoresUnknown?: boolean;
  /** Runs a call whose arguments passed `checkCall`. */
  readonly run: (
    given: Readonly<Record<string, unknown>>,
    workspace: Workspace,
    signal?: AbortSignal,
  ) => Promise<ToolOutput>;
}
