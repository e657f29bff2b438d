import { InputError } from "@turnwise/training";
import {
  tabulatePower,
  renderTable,
  tabulateStudyPower,
  type PowerQuestion,
} from "@turnwise/training/study";
import { Command, InvalidArgumentError, Option } from "commander";
import { parsePositive, parseWholeNumbers } from "./arguments.ts";
import { openResults } from "./study-table.ts";

interface PowerOptions {
  readonly out?: string;
  readonly deviation?: number;
  readonly effect?: number;
  readonly power: number;
  readonly pairs: readonly number[];
}

/**
 * `turnwise study power`: prints the difference that a study can detect and the number of pairs
 * that it needs.
 */
export function buildPowerCommand(): Command {
  return new Command("power")
    .description("print which difference a number of pairs can detect, before or during a study")
    .argument("[file]", "study file whose finished pairs give the standard deviation")
    .option(
      "--out <folder>",
      "study folder (default: the file's folder if it has cells/, else runs/studies/NAME)",
    )
    .addOption(
      new Option(
        "--deviation <number>",
        "standard deviation of the paired differences over seeds, instead of a study file; 0.06 is 6 points",
      ).argParser(parsePositive),
    )
    .addOption(
      new Option("--effect <number>", "difference to detect; 0.05 is 5 points").argParser(
        parsePositive,
      ),
    )
    .addOption(
      new Option("--power <share>", "power: probability of detecting the difference, in (0.05, 1)")
        .argParser(parsePower)
        .default(0.8),
    )
    .addOption(
      new Option("--pairs <list>", "numbers of pairs to print, without a study file")
        .argParser(parsePairs)
        .default([3, 5, 6, 8, 10, 15, 20, 30], "3,5,6,8,10,15,20,30"),
    )
    .action(async (path: string | undefined, options: PowerOptions) => {
      process.stdout.write(`${await formatPower(path, options)}\n`);
    });
}

async function formatPower(path: string | undefined, options: PowerOptions): Promise<string> {
  const { out, deviation, effect, power, pairs } = options;
  const question: PowerQuestion = { power, ...(effect !== undefined && { effect }) };
  if (path !== undefined && deviation !== undefined) {
    throw new InputError(
      "study power: --deviation must not be given with a study file, because the deviation is computed from its pairs",
    );
  }
  if (path !== undefined) {
    const { analysis } = await openResults(path, out);
    return renderTable(tabulateStudyPower(analysis, question), "text");
  }
  if (deviation === undefined) {
    throw new InputError("study power: a study file or --deviation must be given, got neither");
  }
  return renderTable(tabulatePower(deviation, pairs, question), "text");
}

function parsePower(text: string): number {
  const value = Number(text);
  if (value > 0.05 && value < 1) return value;
  throw new InvalidArgumentError(
    "It must be a number above 0.05, the level of the test, and below 1.",
  );
}

function parsePairs(text: string): number[] {
  const numbers = parseWholeNumbers(text);
  if (numbers.every((number) => number >= 2)) return [...numbers];
  throw new InvalidArgumentError(
    "It must be a list of whole numbers >= 2 or ranges, such as 5,8-12.",
  );
}
