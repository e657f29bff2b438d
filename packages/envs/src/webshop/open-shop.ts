import { createCatalogue, type Catalogue } from "./catalogue/catalogue.ts";
import { generateProducts } from "./generator/generate-products.ts";
import { openStoredCatalogue } from "./catalogue/stored-catalogue.ts";
import { readCatalogue } from "./catalogue/read-products.ts";
import { readTitleNouns } from "./reward/read-title-nouns.ts";
import { Shop, type ShopOptions } from "./session/shop.ts";
import { InputError, readInput } from "@turnwise/core";

/** Source and options of a shop. */
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

/**
 * Opens the shop that the options describe.
 * @throws `InputError` for unusable files and contradictory options.
 */
export async function openShop(options: ShopSourceOptions): Promise<Shop> {
  const { nouns } = options;
  return readInput(async () => {
    const shopOptions: ShopOptions = {
      goals: options.goals,
      seed: options.seed,
      compat: options.compat,
      ...(options.shuffleSeed !== undefined && { shuffleSeed: options.shuffleSeed }),
      ...(options.showAttributes === true && { showAttributes: true }),
      ...(nouns !== undefined && { titleNouns: await readTitleNouns(nouns) }),
    };
    return new Shop(await openCatalogue(options), shopOptions);
  });
}

/**
 * Opens the catalogue that the options describe; it may have no goals.
 * @throws `InputError` for unusable files and contradictory options.
 */
export async function openCatalogue(options: ShopSourceOptions): Promise<Catalogue> {
  const { products, attributes, humanInstructions } = options;
  return readInput(async () => {
    if (options.catalogue !== undefined) return openStoredCatalogue(options.catalogue);
    if (products === undefined) {
      if (attributes !== undefined || humanInstructions !== undefined) {
        throw new InputError(`webshop: --attributes and --human-instructions need --products`);
      }
      const { numProducts, catalogueSeed } = options;
      const generated = {
        ...(numProducts !== undefined && { numProducts }),
        ...(catalogueSeed !== undefined && { seed: catalogueSeed }),
      };
      return createCatalogue(generateProducts(generated));
    }
    if (attributes === undefined) {
      throw new InputError("webshop: --products needs --attributes");
    }
    return readCatalogue({
      products,
      attributes,
      ...(humanInstructions !== undefined && { humanInstructions }),
      ...(options.maxProducts !== undefined && { maxProducts: options.maxProducts }),
    });
  });
}
