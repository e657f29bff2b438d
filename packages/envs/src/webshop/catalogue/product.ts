/** An option of a product, such as size or colour. */
export interface ProductOption {
  /** Name, in lower case. */
  readonly name: string;
  /** Values in page order, in lower case; may repeat. */
  readonly values: readonly string[];
}

/** A product as the shop shows it. */
export interface Product {
  /** Id: at most 10 characters, upper case in the released data. */
  readonly asin: string;
  readonly title: string;
  readonly description: string;
  readonly bulletPoints: readonly string[];
  /** One price, or the two ends of a range, dollars. */
  readonly pricing: readonly [number] | readonly [number, number];
  /** Price as shown on pages: `$36.0`, or `$19.99 to $27.99`. */
  readonly priceText: string;
  readonly options: readonly ProductOption[];
  /** Image URL of each option value; null for none. */
  readonly optionImages: readonly (readonly [string, string | null])[];
  /** Attributes that a goal may ask for: `machine washable`. */
  readonly attributes: readonly string[];
  /** Category: `beauty`, `electronics`, `fashion`, `garden` or `grocery` in the released data. */
  readonly category: string;
  /** Search that found the product when the data was collected, in lower case. */
  readonly query: string;
  /** Path in the store's category tree, parts separated by `›`. */
  readonly productCategory: string;
  /** Image URL; `""` for none. */
  readonly mainImage: string;
  /** Instruction of the product's synthetic goals, if the data has one. */
  readonly instruction?: SyntheticInstruction;
  /** Instructions that people wrote for the product. */
  readonly humanInstructions?: readonly HumanInstruction[];
}

/** Sentence of a synthetic goal, without options and price. */
export interface SyntheticInstruction {
  readonly text: string;
  readonly attributes: readonly string[];
}

/** Goal sentence that a person wrote. */
export interface HumanInstruction {
  readonly text: string;
  readonly attributes: readonly string[];
  /** Option values, without their names. */
  readonly options: readonly string[];
}

/** Text of a product in the search index, as in WebShop's code. */
export function textToIndex(product: Product): string {
  const options = product.options
    .map(({ name, values }) => `${name}: ${values.join(", ")}`)
    .join(", and ");
  return [product.title, product.description, product.bulletPoints[0] ?? "", options]
    .join(" ")
    .toLowerCase();
}
