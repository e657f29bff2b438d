import { checkPositive } from "@turnwise/core";
import type { Container } from "../containers/container.ts";
import { checkCall } from "./check-call.ts";
import { clipMiddle } from "./clip.ts";
import { r2eScaffold } from "./scaffolds.ts";
import type { Scaffold } from "./scaffold.ts";
import { decodeAction, type ToolCall } from "./tool-call.ts";
import { openWorkspace, type ToolOptions, type Workspace } from "./workspace.ts";

/** Answer to an action of the agent. */
export interface ToolAnswer {
  readonly text: string;
  /** True if the agent submits its work. */
  readonly isSubmission: boolean;
}

/**
 * Runs the actions of one episode in its container. A mistake of the agent gets a text answer; only
 * container failures are thrown. Keeps the edit history for `undo_edit`.
 */
export class ToolRunner {
  readonly #scaffold: Scaffold;
  readonly #workspace: Workspace;

  /**
   * @param options - Limits, and the scaffold whose tools are run (default: R2E-Gym's scaffold).
   */
  constructor(
    container: Container,
    { scaffold = r2eScaffold, ...options }: ToolOptions & { readonly scaffold?: Scaffold } = {},
  ) {
    this.#scaffold = scaffold;
    this.#workspace = openWorkspace(container, options);
    checkPositive("ToolRunner", { maxCharacters: this.#workspace.maxCharacters });
  }

  /**
   * Runs an action in the encoding of the format.
   * @throws `ContainerError` if the container failed.
   */
  async act(action: string, signal?: AbortSignal): Promise<ToolAnswer> {
    const { call, note } = decodeAction(action);
    if (call === undefined) {
      return { text: this.#clip(note ?? this.#scaffold.reminder), isSubmission: false };
    }
    const answer = await this.run(call, signal);
    return note === undefined ? answer : { ...answer, text: `${note}\n\n${answer.text}` };
  }

  /** Runs a call. @throws `ContainerError` if the container failed. */
  async run(call: ToolCall, signal?: AbortSignal): Promise<ToolAnswer> {
    const checked = checkCall(call, this.#scaffold.tools);
    if (!checked.isValid) return { text: this.#clip(checked.problem), isSubmission: false };
    const { tool, arguments: given } = checked;
    const known = { tool: tool.schema.function.name, arguments: given, definition: tool };
    const output = await this.#scaffold.run(known, this.#workspace, signal);
    return { text: output.text, isSubmission: this.#scaffold.submitRule(known, output) };
  }

  /** Limits the length of messages that quote the agent; tools limit their own answers. */
  #clip(text: string): string {
    return clipMiddle(text, { maxCharacters: this.#workspace.maxCharacters });
  }
}
