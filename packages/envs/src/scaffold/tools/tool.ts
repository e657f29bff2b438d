import type { CommandResult } from "../../containers/container.ts";
import type { ToolSchema } from "../tool-schemas.ts";
import type { Workspace } from "../workspace.ts";

/** Output of a tool call. */
export interface ToolOutput {
  readonly text: string;
  /** Result of the command, for tools that run a command. */
  readonly result?: CommandResult;
}

/** A tool of a scaffold. */
export interface Tool {
  readonly schema: ToolSchema;
  /**
   * Other names of the tool and of its arguments, used by models trained with related scaffolds.
   */
  readonly aliases?: {
    readonly names?: readonly string[];
    readonly arguments?: Readonly<Record<string, string>>;
  };
  /**
   * Arguments that a value of `command` requires, in addition to the schema's required arguments.
   */
  readonly requiredBy?: Readonly<Record<string, readonly string[]>>;
  /** Drops unknown arguments instead of rejecting the call. Default false. */
  readonly ignoresUnknown?: boolean;
  /** Runs a call whose arguments passed `checkCall`. */
  readonly run: (
    given: Readonly<Record<string, unknown>>,
    workspace: Workspace,
    signal?: AbortSignal,
  ) => Promise<ToolOutput>;
}
