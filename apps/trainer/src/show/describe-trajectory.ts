import { formatCount } from "@turnwise/core";
import { type DecodeTokens, formatPercent } from "@turnwise/training";
import {
  describeState,
  type EnvironmentState,
  type IndexRow,
  type RecordedTrajectory,
  type RecordedTurn,
} from "@turnwise/training/reader";

/** Position of a trajectory in a run. */
export interface ShownPlace {
  readonly segment: string;
  readonly row: IndexRow;
  readonly numSiblings: number;
}

/** Maximum number of characters, without `--full`. */
const shownCharacters = 400;

/**
 * Prints a trajectory turn by turn.
 * @param decode - Decodes tokens to text; if absent, the action is printed instead of the response.
 */
export function describeTrajectory(
  trajectory: RecordedTrajectory,
  { segment, row, numSiblings }: ShownPlace,
  decode: DecodeTokens | undefined,
  { full = false, json = false }: { readonly full?: boolean; readonly json?: boolean },
): string[] {
  if (json) return [JSON.stringify(trajectory)];
  const { turns, finalState } = trajectory;
  const parts = [
    row.outcome,
    row.status,
    `return ${formatNumber(row.return)}`,
    ...(Number.isNaN(row.score) ? [] : [`score ${formatPercent(row.score)}`]),
    formatCount(row.turns, "turn"),
    formatCount(row.tokens, "token"),
  ];
  return [
    `${segment}, group ${row.group}, trajectory ${row.trajectory} of ${numSiblings}`,
    `task ${row.task} (${row.kind})`,
    parts.join(", "),
    ...describeEnd(trajectory),
    ...(decode === undefined
      ? ["(the run has no tokenizer: only actions are shown, no prompts and responses)"]
      : []),
    ...turns.flatMap((turn, i) => [
      "",
      ...describeTurn(turn, i, decode, full),
      ...describeReply(turn, turns[i + 1]?.state ?? finalState, full),
    ]),
  ];
}

/** Returns the message of a failure or of a limit that ended the trajectory. */
function describeEnd({ outcome }: RecordedTrajectory): string[] {
  if (outcome.kind === "failed") return [`failed: ${outcome.error.message}`];
  if (outcome.kind === "truncated" && outcome.message !== undefined) return [outcome.message];
  return [];
}

function describeTurn(
  turn: RecordedTurn,
  index: number,
  decode: DecodeTokens | undefined,
  full: boolean,
): string[] {
  const { promptTokens, responseTokens, stopReason, action, isValidAction, state } = turn;
  const prompt = decode?.(promptTokens);
  const response = decode?.(
    stopReason === "stop-token" ? responseTokens.slice(0, -1) : responseTokens,
  );
  const isPlain = response?.trim() === action.trim();
  return [
    `turn ${index}  ${describeNumbers(turn).join("  ")}`,
    ...(state && index === 0 ? label("state", describeState(state).join("\n"), true) : []),
    ...(prompt === undefined ? [] : label("prompt", prompt, full, "end")),
    ...(response === undefined ? [] : label("response", response, full)),
    ...(isPlain && isValidAction
      ? []
      : label(isValidAction ? "action" : "malformed", action, full)),
  ];
}

/** Formats the reply of the environment, and the state after the turn if the state has changed. */
function describeReply(
  { observation, state }: RecordedTurn,
  after: EnvironmentState | undefined,
  full: boolean,
): string[] {
  const hasChanged = JSON.stringify(after) !== JSON.stringify(state);
  return [
    ...label("observed", observation, full),
    ...(after && hasChanged ? label("state", describeState(after).join("\n"), true) : []),
  ];
}

function describeNumbers({
  reward,
  penalty = 0,
  score,
  credit,
  samplerEntropies = [],
  responseTokens,
}: RecordedTurn): string[] {
  const entropy = credit?.meanTokenEntropy ?? average(samplerEntropies);
  const numbers: readonly (readonly [string, number | undefined])[] = [
    ["reward", reward],
    ["penalty", penalty === 0 ? undefined : penalty],
    ["score", score],
    ["tokens", responseTokens.length],
    ["entropy", entropy],
    ["coefficient", credit?.coefficient],
    ["advantage", credit && average(credit.advantage)],
  ];
  return numbers.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${formatNumber(value)}`],
  );
}

/** Formats a number with at most three decimals. */
const formatNumber = (value: number): string => String(Number(value.toFixed(3)));

/** Mean of a list; `undefined` if it is empty. */
function average(values: number | readonly number[]): number | undefined {
  if (typeof values === "number") return values;
  if (values.length === 0) return undefined;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Formats a text next to its name, with further lines indented. */
function label(
  name: string,
  text: string,
  full: boolean,
  keep: "start" | "end" = "start",
): string[] {
  const isCut = !full && text.length > shownCharacters;
  const shown = !isCut
    ? text
    : keep === "end"
      ? `… ${text.slice(-shownCharacters)}`
      : `${text.slice(0, shownCharacters)} …`;
  return shown
    .trimEnd()
    .split("\n")
    .map((line, i) => `  ${(i === 0 ? name : "").padEnd(9)} ${printable(line)}`.trimEnd());
}

/** Replaces control characters, which could change the state of the terminal. */
function printable(line: string): string {
  return line.replaceAll(/\p{Cc}/gu, (character) => (character === "\t" ? "  " : "\u{fffd}"));
}
