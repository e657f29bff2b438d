import type { AgentFormat } from "../agent-format.ts";
import { directions } from "../grid/direction.ts";
import { ragenFormat, type RagenFormatOptions } from "../grid/ragen-format.ts";
import { sokobanSymbols } from "./room-text.ts";

const instruction =
  "You are playing Sokoban. Push every box onto a target. You push a box by moving towards it from the opposite side; " +
  "the cell behind it must be free. You cannot pull a box, and you cannot push two boxes at once. " +
  "Answer with a sequence of moves, for example <answer>Up || Up || Left</answer>";

/** RAGEN's format for Sokoban, with the rules in our own words; see `ragenFormat`. */
export function ragenSokobanFormat(options?: RagenFormatOptions): AgentFormat {
  return ragenFormat({ instruction, symbols: sokobanSymbols, directions }, options);
}
