import { mean, sum } from "@turnwise/core";
import type { RecordedTrajectory } from "../records/recorded-trajectory.ts";
import { nameOutcome } from "../records/summarize-trajectory.ts";
import type { DecodeTokens } from "./open-decoder.ts";
import type { ExportedRun } from "./run-exporter.ts";

/** A message of a conversation, in the format of chat templates and data viewers. */
export interface ChatMessage {
  readonly role: "user" | "assistant";
  readonly content: string;
}

/** A trajectory as a conversation: one line of the JSONL export. */
export interface ChatRecord {
  /** Id, unique in the run: `iteration-3/group-2/1`. */
  readonly episode_id: string;
  /** Observations of the environment and responses of the policy, alternating. */
  readonly messages: readonly ChatMessage[];
  /** Undiscounted sum of the rewards, without penalties. */
  readonly reward: number;
  readonly done: boolean;
  readonly task: { readonly id: string; readonly kind: string };
  readonly metadata: Readonly<Record<string, unknown>>;
}

/**
 * Converts a trajectory to a conversation.
 * @param segment - Name of the trajectory's segment.
 * @param decode - Decodes responses. Default: a response is replaced by its parsed action.
 */
export function toChatRecord(
  trajectory: RecordedTrajectory,
  run: ExportedRun,
  segment: string,
  decode: DecodeTokens | undefined,
): ChatRecord {
  const { turns, outcome, groupId, trajectoryIndex, firstObservation } = trajectory;
  const observations = [firstObservation, ...turns.map(({ observation }) => observation)];
  const messages = turns.flatMap((turn, i): ChatMessage[] => [
    { role: "user", content: observations[i]! },
    { role: "assistant", content: writeResponse(turn, decode) },
  ]);
  const last = observations.at(-1)!;
  if (turns.length === 0 || last !== "") messages.push({ role: "user", content: last });
  const [first] = turns;
  return {
    episode_id: `${groupId}/${trajectoryIndex}`,
    messages,
    reward: sum(turns.map(({ reward }) => reward)),
    done: outcome.kind === "terminated",
    task: { id: trajectory.taskId, kind: trajectory.taskKind },
    metadata: {
      run: run.name,
      experiment: run.config["experiment"],
      seed: run.config["seed"],
      segment,
      group: groupId,
      trajectory: trajectoryIndex,
      status: trajectory.status,
      outcome: nameOutcome(outcome),
      ...(outcome.kind === "failed" && { error: outcome.error.message }),
      policyVersion: trajectory.policyVersion,
      presentation: trajectory.presentation,
      ...(decode && first && { prompt: decode(first.promptTokens) }),
      turns: turns.map(({ action, isValidAction, reward, score, credit, responseTokens }) => ({
        action,
        isValidAction,
        reward,
        ...(score !== undefined && { score }),
        responseTokens: responseTokens.length,
        ...(credit && {
          baseAdvantage: toNumber(credit.baseAdvantage),
          coefficient: credit.coefficient,
          advantage: toNumber(credit.advantage),
          meanTokenEntropy: credit.meanTokenEntropy,
        }),
      })),
    },
  };
}

/**
 * Converts an advantage to a single number, because data viewers require one type per column:
 * returns the mean if tokens have different advantages.
 */
const toNumber = (value: number | readonly number[]): number =>
  typeof value === "number" ? value : mean(value);

function writeResponse(
  { responseTokens, stopReason, action }: RecordedTrajectory["turns"][number],
  decode: DecodeTokens | undefined,
): string {
  if (decode === undefined || responseTokens.length === 0) return action;
  return decode(stopReason === "stop-token" ? responseTokens.slice(0, -1) : responseTokens);
}
