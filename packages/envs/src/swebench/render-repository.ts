import {
  boundState,
  stateVersion,
  type ChangedFile,
  type EnvironmentState,
  type RepositoryState,
} from "@turnwise/core";
import type { Evaluation } from "./evaluation/evaluate.ts";
import type { ExtractedPatch } from "./evaluation/extract-patch.ts";
import { readDiff } from "./evaluation/read-diff.ts";
import type { SweInstance } from "./instances/instance.ts";
import type { AgentRepository } from "./preparation/open-repository.ts";
import { splitPatch } from "./evaluation/split-patch.ts";
import { decodeToolCall } from "../scaffold/tool-call.ts";

/** State of an episode that its files do not show. */
interface Progress {
  readonly lastAction: string | undefined;
  /** Result of the episode, once it has ended; its container is then closed. */
  readonly graded: { readonly patch: ExtractedPatch; readonly evaluation: Evaluation } | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * State of an agent's repository: its changes since the start, and the verdict after grading.
 * @throws `ContainerError` if the container failed.
 */
export async function renderRepository(
  instance: Pick<SweInstance, "id">,
  repository: Pick<AgentRepository, "container" | "folder" | "startTree">,
  { lastAction, graded, signal }: Progress,
): Promise<EnvironmentState> {
  const { diff, missing } = graded
    ? { diff: graded.patch.patch, missing: graded.patch.reason }
    : await readDiff(repository, signal);
  return boundState({
    kind: "repository",
    version: stateVersion,
    instance: instance.id,
    folder: repository.folder,
    lastCommand: lastAction === undefined ? null : describeCommand(lastAction),
    files: splitPatch(diff ?? "").map(describeChange),
    diff: diff ?? "",
    ...(missing !== undefined && { missing }),
    ...(graded && { verdict: describeVerdict(graded.evaluation) }),
  });
}

/** A tool and its arguments, each on a line; the action itself if it is not a tool call. */
function describeCommand(action: string): string {
  const call = decodeToolCall(action);
  if (call === undefined) return action;
  const lines = Object.entries(call.arguments).map(
    ([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return [call.tool, ...lines].join("\n");
}

function describeChange({
  text,
  newPath,
  isNew,
  isDeleted,
}: ReturnType<typeof splitPatch>[number]): ChangedFile {
  let numAdded = 0;
  let numRemoved = 0;
  // Lines before the first hunk name the files.
  const [, ...lines] = text.slice(Math.max(0, text.search(/^@@ /mu))).split("\n");
  for (const line of lines) {
    if (line.startsWith("+")) numAdded += 1;
    else if (line.startsWith("-")) numRemoved += 1;
  }
  const change = isNew ? "added" : isDeleted ? "deleted" : "modified";
  return { path: newPath, change, numAdded, numRemoved };
}

function describeVerdict({ grade }: Evaluation): NonNullable<RepositoryState["verdict"]> {
  const { isResolved, tests } = grade;
  if (tests === undefined) return { isResolved };
  const { failToPass, passToPass } = tests;
  return {
    isResolved,
    failToPass: { passed: failToPass.success, failed: failToPass.failure },
    passToPass: { passed: passToPass.success, failed: passToPass.failure },
  };
}
