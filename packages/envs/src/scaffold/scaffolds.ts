import {
  compactSweFormat,
  createBashFormat,
  createJsonFormat,
  createXmlFormat,
} from "./agent-formats.ts";
import { createBashCommand, isSubmission } from "./bash-only.ts";
import { createR2eToolset } from "./r2e-tools.ts";
import type { Scaffold } from "./scaffold.ts";
import { repositoryWording, type ScaffoldWording } from "./wording.ts";

/** Names of the scaffolds, for settings. */
export type ScaffoldName = "compact" | "r2e" | "tool-call" | "bash";

/** Creates all scaffolds, by name, for one kind of task. */
export function createScaffolds(
  wording: ScaffoldWording,
): Readonly<Record<ScaffoldName, Scaffold>> {
  const r2e: Scaffold = {
    name: "r2e",
    tools: createR2eToolset(wording),
    format: createXmlFormat(wording),
    run: async ({ definition, arguments: given }, workspace, signal) =>
      definition.run(given, workspace, signal),
    submitRule: ({ tool }) => tool === "finish",
    reminder:
      "You forgot to use a function call in your response. Every response must make exactly one tool call. Call finish to submit your work.",
  };
  return {
    compact: { ...r2e, name: "compact", format: compactSweFormat, showsRemainingTurns: false },
    r2e,
    "tool-call": { ...r2e, name: "tool-call", format: createJsonFormat(wording) },
    bash: {
      ...r2e,
      name: "bash",
      tools: [createBashCommand(wording)],
      format: createBashFormat(wording),
      submitRule: (_, { result }) =>
        result?.exitCode === 0 && isSubmission(result.stdout.toString("utf8")),
      reminder:
        "Your response has no command. Every response must contain exactly one command in a ```bash block. Nothing was run.",
    },
  };
}

/** Scaffolds for issues in a repository, by name. */
export const sweScaffolds: Readonly<Record<ScaffoldName, Scaffold>> =
  createScaffolds(repositoryWording);

/** Tools of R2E-Gym and DeepSWE, called in XML. */
export const r2eScaffold: Scaffold = sweScaffolds.r2e;

/** Tools of R2E-Gym, called in JSON. */
export const toolCallScaffold: Scaffold = sweScaffolds["tool-call"];

/** Tools of R2E-Gym in as few tokens as possible, for small models. */
export const compactScaffold: Scaffold = sweScaffolds.compact;

/** A single tool, bash, as in mini-swe-agent. */
export const bashScaffold: Scaffold = sweScaffolds.bash;
