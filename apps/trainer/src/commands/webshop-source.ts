import { Option, type Command } from "commander";
import { parseCount, parseWholeNumber } from "./arguments.ts";

/** Adds the options that define the shop. */
export function addShopOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--catalogue <folder>", "folder written by `webshop convert`").conflicts([
        "products",
        "numProducts",
        "catalogueSeed",
      ]),
    )
    .option(
      "--products <file>",
      "products: items_shuffle*.json, may be gzipped (default: generated products)",
    )
    .option("--attributes <file>", "attributes: items_ins_v2*.json, with --products")
    .option(
      "--human-instructions <file>",
      "instructions written by people: items_human_ins.json, with --products",
    )
    .addOption(
      new Option(
        "--max-products <number>",
        "maximum number of products to read (default: all)",
      ).argParser(parseCount),
    )
    .addOption(
      new Option("--num-products <number>", "number of generated products (default: 400)")
        .argParser(parseCount)
        .conflicts("products"),
    )
    .addOption(
      new Option("--catalogue-seed <number>", "seed of the generated products (default: 1)")
        .argParser(parseWholeNumber)
        .conflicts("products"),
    )
    .option("--nouns <file>", "nouns of the product titles, as JSON lines (default: guessed)")
    .addOption(
      new Option("--goals <kind>", "instructions: composed from attributes, or written by people")
        .choices(["synthetic", "human"])
        .default("synthetic"),
    )
    .addOption(
      new Option("--seed <number>", "seed of prices and price limits")
        .argParser(parseWholeNumber)
        .default(233),
    )
    .addOption(
      new Option("--shuffle-seed <number>", "seed of the order of goals (default: 233)").argParser(
        parseWholeNumber,
      ),
    )
    .addOption(
      new Option("--compat <mode>", "reference: reproduce the known bugs of WebShop's own code")
        .choices(["reference", "none"])
        .default("none"),
    )
    .option("--show-attributes", "add an attributes page to each item");
}
