import { checkInteger, createRandom, type Random } from "@turnwise/core";
import type { Product, ProductOption } from "../catalogue/product.ts";
import { pythonFloat } from "../../python/python-text.ts";
import { allGoods, brands, type Goods } from "./goods.ts";

/** Options of {@link generateProducts}. */
export interface GenerateProductsOptions {
  /** Number of products, `>= 1`. Default 400, which gives about 3,000 synthetic goals. */
  readonly numProducts?: number;
  /** Seed of the products. Default 1. */
  readonly seed?: number | string;
}

const asinLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** Random subset of a list, in the list's order. */
function drawSubset<T>(values: readonly T[], count: number, random: Random): readonly T[] {
  const taken = new Set(random.shuffle(values).slice(0, count));
  return values.filter((value) => taken.has(value));
}

function makeOptions(goods: Goods, random: Random): readonly ProductOption[] {
  return Object.entries(goods.options).map(([name, values]) => ({
    name,
    values: drawSubset(values, 2 + random.integer(Math.min(3, values.length - 1)), random),
  }));
}

function makePricing(goods: Goods, random: Random): Product["pricing"] {
  const [low, high] = goods.prices;
  // Low prices are more frequent; prices end in .99 or .49.
  const dollars = low + Math.floor((high - low) * random.next() ** 2);
  const price = dollars + random.choice([0.49, 0.99]);
  const isRange = random.next() < 0.1;
  return isRange ? [price, price + 1 + random.integer(Math.ceil(dollars / 3))] : [price];
}

/** Instruction of a product's synthetic goals. */
function makeInstruction(name: string, attributes: readonly string[], random: Random): string {
  const [first, ...rest] = attributes;
  if (rest.length === 0) return `Find me ${first} ${name}`;
  return random.next() < 0.5
    ? `Find me ${attributes.slice(0, -1).join(", ")} ${name} with ${attributes.at(-1)}`
    : `Find me ${attributes.join(", ")} ${name}`;
}

/** Instruction in the style of a person, with a value of one option. */
function makeHumanInstruction(
  name: string,
  attributes: readonly string[],
  value: string,
  random: Random,
): string {
  const wish = attributes.join(" and ");
  return random.choice([
    `i am looking for ${name} that are ${wish}, and i would like ${value}.`,
    `i need ${value} ${name}. they should be ${wish}.`,
    `please show me ${name}, ${wish}, in ${value}.`,
    `get me some ${wish} ${name}, the ${value} ones.`,
  ]);
}

function makeProduct(asin: string, random: Random): Product {
  const goods = random.choice(allGoods);
  const attributes = drawSubset(goods.attributes, 3 + random.integer(2), random);
  const asked = drawSubset(attributes, 2 + random.integer(2), random);
  const titled = random.shuffle(attributes);
  const brand = random.choice(brands);
  const options = makeOptions(goods, random);
  const pricing = makePricing(goods, random);
  const [low, high] = pricing;
  const human = drawSubset(attributes, 2, random);
  const group = random.choice(options);
  const value = random.choice(group.values);
  return {
    asin,
    title: `${brand} ${titled[0]} ${goods.name}, ${titled[1]}`,
    description: `These ${goods.name} by ${brand} are made to be ${attributes.join(", ")}.`,
    bulletPoints: [
      `${titled[2]}, as are all ${goods.name} by ${brand}`,
      ...attributes.map((attribute) => `Made for: ${attribute}`),
    ],
    pricing,
    priceText:
      high === undefined ? `$${pythonFloat(low)}` : `$${pythonFloat(low)} to $${pythonFloat(high)}`,
    options,
    optionImages: options.flatMap(({ values }) =>
      values.map((choice): readonly [string, null] => [choice, null]),
    ),
    attributes,
    category: goods.category,
    query: goods.name,
    productCategory: goods.department,
    mainImage: "",
    instruction: { text: makeInstruction(goods.name, asked, random), attributes: asked },
    humanInstructions: [
      {
        text: makeHumanInstruction(goods.name, human, value, random),
        attributes: human,
        options: [value],
      },
    ],
  };
}

/**
 * Generates the products of a small shop, each with a synthetic and a human-style instruction.
 * Products of the same type share attributes, options and words, so that searching for the type
 * alone is not enough.
 * @returns Products with distinct asins; deterministic, and independent of `numProducts` for the
 *   first products.
 */
export function generateProducts({
  numProducts = 400,
  seed = 1,
}: GenerateProductsOptions = {}): Product[] {
  checkInteger("generateProducts", { numProducts }, { min: 1 });
  const random = createRandom(`webshop/catalogue/${seed}`);
  const ids = random.fork("asins");
  const taken = new Set<string>();
  return Array.from({ length: numProducts }, (_, i) => {
    let asin: string;
    do {
      asin = `T${Array.from({ length: 9 }, () => asinLetters[ids.integer(36)]).join("")}`;
    } while (taken.has(asin));
    taken.add(asin);
    return makeProduct(asin, random.fork(`product/${i}`));
  });
}
