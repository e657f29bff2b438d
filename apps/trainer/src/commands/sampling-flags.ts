import { join } from "node:path";
import type { SamplingOptions } from "@turnwise/core";
import { readGenerationEndTokens, type LoadedTokenizer, type ModelConfig } from "@turnwise/policy";
import { InputError, readInput } from "@turnwise/training";
import { Option, type Command } from "commander";
import { nonNegative, repeated, share, upToOne, wholeNumber } from "./arguments.ts";

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

const tokens = (text: string, before: readonly number[] = []): number[] => [
  ...before,
  ...text.split(",").map(wholeNumber),
];

/** Adds {@link SamplingFlags} to a command. */
export function withSampling(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--temperature <number>",
        "default: 0, the most likely token; 1 with --top-k, --top-p or --min-p",
      ).argParser(nonNegative),
    )
    .addOption(new Option("--top-k <number>", "0 keeps all").argParser(wholeNumber))
    .addOption(new Option("--top-p <number>", "1 keeps all").argParser(share))
    .addOption(new Option("--min-p <number>", "0 keeps all").argParser(upToOne))
    .addOption(new Option("--ban <ids>", "tokens that are never sampled: 5,7").argParser(tokens))
    .addOption(new Option("--stop <text>", "ends a response; may be repeated").argParser(repeated))
    .addOption(new Option("--stop-token <ids>", "end a response: 5,7").argParser(tokens))
    .option("--ignore-end", "continue after the model's end tokens");
}

/**
 * Converts flags to sampling options. A response ends at any end token of the model.
 * @param command - Name of the command, for messages.
 * @throws {@link InputError} for tokens outside the vocabulary, and for stop strings without a
 *   tokenizer.
 */
export async function samplingOptions(
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
    throw new InputError(`${join(model, "tokenizer.json")}: must be there for --stop, got none`);
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
