/** A choice that a product offers: a size, a colour. */
export interface ProductOption {
  /** In lower case. */
  readonly name: string;
  /** In page order, in lower case; may repeat. */
  readonly values: readonly string[];
}

/** A product as the shop shows it. */
export interface Product {
  /** Its id: at most 10 characters, upper case in the released data. */
  readonly asin: string;
  readonly title: string;
  readonly description: string;
  readonly bulletPoints: readonly string[];
  /** One price, or the ends of a range, dollars. */
  readonly pricing: readonly [number] | readonly [number, number];
  /** What the pages show: `$36.0`, or `$19.99 to $27.99`. */
  readonly priceText: string;
  readonly options: readonly ProductOption[];
  /** The address of the picture of each option value; null for none. */
  readonly optionImages: readonly (readonly [string, string | null])[];
  /** What a goal may ask for: `machine washable`. */
  readonly attributes: readonly string[];
  /** `beauty`, `electronics`, `fashion`, `garden` or `grocery` in the released data. */
  readonly category: string;
  /** The search that found it when the data was collected, in lower case. */
  readonly query: string;
  /** Its place in the store's tree: parts separated by `›`. */
  readonly productCategory: string;
  /** The address of its picture; `""` for none. */
  readonly mainImage: string;
  /** What a synthetic goal for it asks for, where one was written. */
  readonly instruction?: SyntheticInstruction;
  /** What people were asked to buy it by. */
  readonly humanInstructions?: readonly HumanInstruction[];
}

/** The sentence of a synthetic goal, to which options and a price are added. */
export interface SyntheticInstruction {
  readonly text: string;
  readonly attributes: readonly string[];
}

/** The sentence of a goal that a person wrote. */
export interface HumanInstruction {
  readonly text: string;
  readonly attributes: readonly string[];
  /** Option values, without their names. */
  readonly options: readonly string[];
}

/** The text of a product that is searched, as the reference indexes it. */
export function indexedText(product: Product): string {
  const options = product.options
    .map(({ name, values }) => `${name}: ${values.join(", ")}`)
    .join(", and ");
  return [product.title, product.description, product.bulletPoints[0] ?? "", options]
    .join(" ")
    .toLowerCase();
}
