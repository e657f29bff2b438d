import type { AgentFormat } from "../agent-format.ts";
import { ragenFormat, type RagenFormatOptions } from "../grid/ragen-format.ts";
import { lakeDirections } from "./lake.ts";
import { lakeSymbols } from "./lake-text.ts";

const rules =
  "You are crossing a frozen lake on foot. Reach the goal without stepping into a hole. " +
  "A step off the edge leaves you where you are.";

const slippery =
  " The ice is slippery: a step goes where you want it, or to either side of that, each one time in three.";

const example =
  " Answer with a sequence of moves, for example <answer>Right || Right || Down</answer>";

/** RAGEN's format for FrozenLake, with the rules in our own words; see `ragenFormat`. */
export function ragenLakeFormat({
  isSlippery = true,
  ...options
}: RagenFormatOptions & {
  /** True if the rules mention slippery ice. Default true, as in RAGEN. */
  readonly isSlippery?: boolean;
} = {}): AgentFormat {
  const instruction = `${rules}${isSlippery ? slippery : ""}${example}`;
  return ragenFormat({ instruction, symbols: lakeSymbols, directions: lakeDirections }, options);
}
