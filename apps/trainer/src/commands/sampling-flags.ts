import { join } from "node:path";
import type { SamplingOptions } from "@turnwise/core";
import { readGenerationEndTokens, type LoadedTokenizer, type ModelConfig } from "@turnwise/policy";
import { InputError, readInput } from "@turnwise/training";
import { Option, type Command } from "commander";
import {
  parseNonNegative,
  collectValue,
  parseShare,
  parseFraction,
  parseWholeNumber,
} from "./arguments.ts";

/** Options of commands that sample tokens. */
export interface SamplingFlags {
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly ban?: readonly number[];
  readonly stop?: readonly string[];
  readonly stopToken?: readonly number[];
  readonly ignoreEnd?: boolean;
}

const parseTokens = (text: string, before: readonly number[] = []): number[] => [
  ...before,
  ...text.split(",").map(parseWholeNumber),
];

/** Adds {@link SamplingFlags} to a command. */
export function addSamplingOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--temperature <number>",
        "sampling temperature; 0: greedy (default: 0, or 1 with --top-k, --top-p or --min-p)",
      ).argParser(parseNonNegative),
    )
    .addOption(
      new Option(
        "--top-k <number>",
        "sample from the k most likely tokens; 0: all (default: 0)",
      ).argParser(parseWholeNumber),
    )
    .addOption(
      new Option(
        "--top-p <number>",
        "sample from the most likely tokens with total probability p, in (0, 1] (default: 1)",
      ).argParser(parseShare),
    )
    .addOption(
      new Option(
        "--min-p <number>",
        "drop tokens whose probability is below p times the highest probability, p in [0, 1] (default: 0)",
      ).argParser(parseFraction),
    )
    .addOption(
      new Option("--ban <ids>", "token ids that are never sampled, such as 5,7").argParser(
        parseTokens,
      ),
    )
    .addOption(
      new Option("--stop <text>", "string that ends a response; may be repeated").argParser(
        collectValue,
      ),
    )
    .addOption(
      new Option("--stop-token <ids>", "token ids that end a response, such as 5,7").argParser(
        parseTokens,
      ),
    )
    .option("--ignore-end", "do not stop at the model's end tokens");
}

/**
 * Converts flags to sampling options. A response ends at any end token of the model.
 * @param command - Name of the command, for messages.
 * @throws {@link InputError} for tokens outside the vocabulary, and for stop strings without a
 *   tokenizer.
 */
export async function readSamplingOptions(
  command: string,
  model: string,
  flags: SamplingFlags,
  { vocabularySize }: ModelConfig,
  tokenizer: LoadedTokenizer | undefined,
): Promise<Omit<SamplingOptions, "maxTokens">> {
  const { topK, topP, minP, ban = [], stop = [], stopToken = [] } = flags;
  for (const [name, list] of Object.entries({ "--ban": ban, "--stop-token": stopToken })) {
    const outside = list.find((token) => token >= vocabularySize);
    if (outside === undefined) continue;
    throw new InputError(
      `${command}: ${name} must be in the model's vocabulary, [0, ${vocabularySize - 1}], got ${outside}`,
    );
  }
  if (stop.includes("")) throw new InputError(`${command}: --stop must not be empty`);
  if (stop.length > 0 && !tokenizer) {
    throw new InputError(
      `${join(model, "tokenizer.json")}: file not found; --stop needs a tokenizer`,
    );
  }
  const filters = {
    ...(topK !== undefined && { topK }),
    ...(topP !== undefined && { topP }),
    ...(minP !== undefined && { minP }),
  };
  const endTokens =
    flags.ignoreEnd === true
      ? []
      : (tokenizer?.endTokens ??
        (await readInput(() => readGenerationEndTokens(model, vocabularySize))));
  return {
    ...filters,
    temperature: flags.temperature ?? (Object.keys(filters).length > 0 ? 1 : 0),
    bannedTokens: ban,
    stopTokens: [...new Set([...endTokens, ...stopToken])].filter((id) => id < vocabularySize),
    stopStrings: stop,
  };
}
