import {
  embeddedShop,
  openStoredCatalogue,
  readCatalogue,
  readTitleNouns,
  Shop,
  type ShopOptions,
} from "@turnwise/envs/webshop";
import { Option, type Command } from "commander";
import { InputError, reading } from "../input-error.ts";
import { wholeNumber } from "./arguments.ts";

/** Which shop the user asks for. */
export interface ShopSourceOptions {
  readonly catalogue?: string;
  readonly products?: string;
  readonly attributes?: string;
  readonly humanInstructions?: string;
  readonly maxProducts?: number;
  readonly numProducts?: number;
  readonly catalogueSeed?: number;
  readonly nouns?: string;
  readonly goals: "synthetic" | "human";
  readonly seed: number;
  readonly shuffleSeed?: number;
  readonly compat: "reference" | "none";
  readonly showAttributes?: boolean;
}

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
        wholeNumber,
      ),
    )
    .addOption(
      new Option("--num-products <number>", "how many products are generated (default: 400)")
        .argParser(wholeNumber)
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

/**
 * Opens the shop that the options name.
 * @throws `InputError` for files that cannot be used, and options that do not go together.
 */
export async function openShop(options: ShopSourceOptions): Promise<Shop> {
  const { products, attributes, humanInstructions, nouns } = options;
  return reading(async () => {
    const shopOptions: ShopOptions = {
      goals: options.goals,
      seed: options.seed,
      compat: options.compat,
      ...(options.shuffleSeed !== undefined && { shuffleSeed: options.shuffleSeed }),
      ...(options.showAttributes === true && { showAttributes: true }),
      ...(nouns !== undefined && { titleNouns: await readTitleNouns(nouns) }),
    };
    if (options.catalogue !== undefined) {
      return new Shop(openStoredCatalogue(options.catalogue), shopOptions);
    }
    if (products === undefined) {
      if (attributes !== undefined || humanInstructions !== undefined) {
        throw new InputError(
          `webshop: --attributes and --human-instructions must be given with --products, got none`,
        );
      }
      const { numProducts, catalogueSeed } = options;
      const generated = {
        ...(numProducts !== undefined && { numProducts }),
        ...(catalogueSeed !== undefined && { seed: catalogueSeed }),
      };
      return embeddedShop(generated, shopOptions);
    }
    if (attributes === undefined) {
      throw new InputError("webshop: --attributes must be given with --products, got none");
    }
    const catalogue = await readCatalogue({
      products,
      attributes,
      ...(humanInstructions !== undefined && { humanInstructions }),
      ...(options.maxProducts !== undefined && { maxProducts: options.maxProducts }),
    });
    return new Shop(catalogue, shopOptions);
  });
}
