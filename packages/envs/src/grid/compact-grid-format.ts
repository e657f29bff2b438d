import type { AgentFormat } from "../agent-format.ts";
import { actionRoles } from "../text-roles.ts";
import { readDirection } from "./direction.ts";
import type { GridText } from "./grid-environment.ts";

/** Markers of {@link compactGridFormat}; a tokenizer for it must keep each as one token. */
export const compactGridMarkers = { observation: "<obs>", action: "<act>" } as const;

/** Word at the start of an observation if the last turn made no move. */
const noMove = "unknown";

/** Writes observations in few words: the content of a cell is one word, such as `pb3`. */
export const compactGridText: GridText = ({ game, state, turn, reward }) => {
  const words = game.words(state);
  return turn > 0 && reward === undefined ? `${noMove} ${words}` : words;
};

/**
 * Short format for small models. Each turn has its own prompt, which shows the current state with
 * one word per occupied cell; a response consists of one direction.
 */
export const compactGridFormat: AgentFormat = {
  presentation: "turn-wise",
  prompt: (_history, { text }) =>
    `${compactGridMarkers.observation} ${text} ${compactGridMarkers.action}`,
  write: (action) => action,
  parse: (response) => {
    const action = response.trim();
    return { action, isValid: readDirection(action) !== undefined };
  },
  roles: actionRoles,
};

/**
 * Formats the name of a cell as on a chessboard, row first: `b3` is the third cell of the second
 * row.
 */
export function cellName(cell: number, width: number): string {
  const row = Math.floor(cell / width);
  return `${rowName(row)}${(cell % width) + 1}`;
}

/** Formats the letters of a row: `a` to `z`, then `aa`, `ab`, ... */
function rowName(row: number): string {
  const last = String.fromCharCode(97 + (row % 26));
  return row < 26 ? last : `${rowName(Math.floor(row / 26) - 1)}${last}`;
}

/** Lists all words in observations and responses of a grid, for the vocabulary of a new model. */
export function gridVocabulary(
  width: number,
  height: number,
  kinds: readonly string[],
  directions: readonly string[],
): string {
  const cells = Array.from({ length: width * height }, (_, cell) => cellName(cell, width));
  const words = kinds.flatMap((kind) => cells.map((cell) => `${kind}${cell}`));
  return [noMove, ...words, ...directions].join(" ");
}
