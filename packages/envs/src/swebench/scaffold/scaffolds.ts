import { bashFormat, compactSweFormat, r2eFormat, toolCallFormat } from "../agent-formats.ts";
import { bashCommand, isSubmission } from "./bash-only.ts";
import { r2eToolset } from "./r2e-tools.ts";
import type { Scaffold } from "./scaffold.ts";

/** Tools of R2E-Gym and DeepSWE, called in XML. */
export const r2eScaffold: Scaffold = {
  name: "r2e",
  tools: r2eToolset,
  format: r2eFormat,
  run: async ({ definition, arguments: given }, workspace, signal) =>
    definition.run(given, workspace, signal),
  submitRule: ({ tool }) => tool === "finish",
  reminder:
    "You forgot to use a function call in your response. Every response must make exactly one tool call. Call finish to submit your work.",
};

/** Tools of R2E-Gym, called in JSON. */
export const toolCallScaffold: Scaffold = {
  ...r2eScaffold,
  name: "tool-call",
  format: toolCallFormat,
};

/** Tools of R2E-Gym in as few tokens as possible, for small models. */
export const compactScaffold: Scaffold = {
  ...r2eScaffold,
  name: "compact",
  format: compactSweFormat,
  showsRemainingTurns: false,
};

/** A single tool, bash, as in mini-swe-agent. */
export const bashScaffold: Scaffold = {
  ...r2eScaffold,
  name: "bash",
  tools: [bashCommand],
  format: bashFormat,
  submitRule: (_, { result }) =>
    result?.exitCode === 0 && isSubmission(result.stdout.toString("utf8")),
  reminder:
    "Your response has no command. Every response must contain exactly one command in a ```bash block. Nothing was run.",
};

/** Names of the scaffolds, for settings. */
export type SweScaffoldName = "compact" | "r2e" | "tool-call" | "bash";

/** All scaffolds by name. */
export const sweScaffolds: Readonly<Record<SweScaffoldName, Scaffold>> = {
  compact: compactScaffold,
  r2e: r2eScaffold,
  "tool-call": toolCallScaffold,
  bash: bashScaffold,
};
