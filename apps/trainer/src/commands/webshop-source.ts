import { Option, type Command } from "commander";
import { positiveNumber, wholeNumber } from "./arguments.ts";

/** Adds the options that say which shop it is. */
export function withShopOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--catalogue <folder>", "a folder that webshop convert wrote").conflicts([
        "products",
        "numProducts",
        "catalogueSeed",
      ]),
    )
    .option(
      "--products <file>",
      "items_shuffle*.json, also with gzip (default: generated products)",
    )
    .option("--attributes <file>", "items_ins_v2*.json, with --products")
    .option("--human-instructions <file>", "items_human_ins.json, with --products")
    .addOption(
      new Option("--max-products <number>", "take only so many entries of the file").argParser(
        positiveNumber,
      ),
    )
    .addOption(
      new Option("--num-products <number>", "how many products are generated (default: 400)")
        .argParser(positiveNumber)
        .conflicts("products"),
    )
    .addOption(
      new Option("--catalogue-seed <number>", "fixes the generated products (default: 1)")
        .argParser(wholeNumber)
        .conflicts("products"),
    )
    .option("--nouns <file>", "saved nouns of titles, JSON lines (default: guessed)")
    .addOption(
      new Option("--goals <kind>", "whose instructions")
        .choices(["synthetic", "human"])
        .default("synthetic"),
    )
    .addOption(
      new Option("--seed <number>", "fixes prices and price limits")
        .argParser(wholeNumber)
        .default(233),
    )
    .addOption(
      new Option(
        "--shuffle-seed <number>",
        "fixes the order of the goals (default: 233)",
      ).argParser(wholeNumber),
    )
    .addOption(
      new Option("--compat <mode>", "reference keeps the known faults of the reference")
        .choices(["reference", "none"])
        .default("none"),
    )
    .option("--show-attributes", "give items a page of attributes");
}
