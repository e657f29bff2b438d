import type { AgentFormat, ParsedResponse } from "../agent-format.ts";
import { chatMarkup, type ChatTemplate } from "../chat-template.ts";
import { pythonFloat } from "../python/python-text.ts";
import { taggedRoles } from "../text-roles.ts";
import { readDirection, type Direction } from "./direction.ts";
import { moveSeparator, type GridText } from "./grid-environment.ts";

/** Options of RAGEN's format that environments pass on to users. */
export interface RagenFormatOptions {
  /** Rules of the game, the first paragraph of the prompt. Default: rules in our own words. */
  readonly instruction?: string;
  /** Maximum number of moves per episode, as stated in the prompt. Default 10. */
  readonly maxMoves?: number;
  /** Maximum number of moves per response; further moves are ignored. Default 5. */
  readonly maxMovesPerTurn?: number;
  /** Maximum response length that the prompt states, words. Default 100. */
  readonly maxWords?: number;
  /** Chat template. Default {@link chatMarkup}. */
  readonly template?: ChatTemplate;
  /** Ends each prompt with `<think>`, so that a response starts with a thought. Default true. */
  readonly opensThought?: boolean;
}

/** Game as described in RAGEN's prompt. */
interface RagenGame {
  readonly instruction: string;
  readonly symbols: Readonly<Record<string, string>>;
  readonly directions: readonly Direction[];
}

const opening = "<think>";

/**
 * Writes observations as in RAGEN: reward of the last turn, number of the turn, grid, moves left.
 */
export const ragenText: GridText = ({ game, state, turn, movesLeft, reward }) => {
  const paid = reward === undefined ? "0" : pythonFloat(reward);
  const head = turn === 0 ? "" : `Reward:\n${paid}\n\n`;
  return `${head}Turn ${turn + 1}:\nState:\n${game.draw(state)}\nYou have ${movesLeft} actions left.`;
};

/**
 * RAGEN's format: one conversation, in which the agent thinks in `<think>` and answers in
 * `<answer>` with one or more moves separated by `||`. Symbols, actions, turns, rewards and format
 * instructions are presented as in RAGEN; the rules of the game are in our own words.
 * @see github.com/RAGEN-AI/RAGEN (MIT), arXiv:2504.20073
 */
export function ragenFormat(
  game: RagenGame,
  {
    instruction = game.instruction,
    maxMoves = 10,
    maxMovesPerTurn = 5,
    maxWords = 100,
    template = chatMarkup,
    opensThought = true,
  }: RagenFormatOptions = {},
): AgentFormat {
  const symbols = Object.entries(game.symbols).map(([symbol, meaning]) => `${symbol}: ${meaning}`);
  const rules =
    `${instruction}\nThe meaning of each symbol in the state is:\n${symbols.join(", ")}` +
    `\nYour available actions are:\n${game.directions.join(", ")}` +
    `\nYou can make up to ${maxMoves} actions, separated by the action separator " ${moveSeparator} "\n\n`;
  const form =
    " Always output: <think> [Your thoughts] </think> <answer> [your answer] </answer> with no extra text." +
    ` Strictly follow this format. Max response length: ${maxWords} words (tokens).\n`;
  const thought = opensThought ? opening : "";
  return {
    presentation: "concatenated",
    prompt: (history, { text }) =>
      (history.length === 0
        ? template.first("You're a helpful assistant. ", `${rules}${text}${form}`)
        : template.next(`${text}${form}`)) + thought,
    write: (action) => `${opensThought ? "" : opening}</think><answer>${action}</answer>`,
    parse: (response) => parseRagenResponse(response, maxMovesPerTurn),
    roles: (response) => {
      if (response.includes(opening)) return taggedRoles(response, "answer");
      return taggedRoles(opening + response, "answer").map(({ role, start, end }) => ({
        role,
        start: start - opening.length,
        end: end - opening.length,
      }));
    },
  };
}

/** Tags that RAGEN removes from an answer. */
const marks = ["<think>", "</think>", "<answer>", "</answer>", "<|im_start|>", "<|im_end|>"];

/**
 * Parses a response as RAGEN does: the text between the first `<answer>` that directly follows a
 * `</think>` and the next `</answer>`, split at `||`. The initial `<think>` may be missing, because
 * RAGEN's prompts end with it. A response is valid if all parts are directions, in any case; in an
 * invalid response, the directions still count.
 */
export function parseRagenResponse(response: string, maxMovesPerTurn = 5): ParsedResponse {
  const found = /<\/think>\s*<answer>/u.exec(response);
  if (found === null) return { action: "", isValid: false };
  const start = found.index + found[0].length;
  const end = response.indexOf("</answer>", start);
  if (end === -1) return { action: "", isValid: false };
  let text = response.slice(start, end);
  for (const mark of marks) text = text.replaceAll(mark, "");
  const moves = text
    .split(moveSeparator)
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .slice(0, maxMovesPerTurn);
  return {
    action: moves.join(` ${moveSeparator} `),
    isValid: moves.length > 0 && moves.every((part) => readDirection(part) !== undefined),
  };
}
