import { isRecord } from "../../is-record.ts";
import { pythonStrip } from "../../python/python-strip.ts";
import { pythonFloat } from "../../python/python-text.ts";
import { CatalogueError, formatValue } from "./catalogue-error.ts";
import type { HumanInstruction, Product, ProductOption } from "./product.ts";

/** Content of the attribute and instruction files, by asin. */
export interface ProductAnnotations {
  /** Attributes and instruction, from `items_ins_v2.json`. */
  readonly attributes: ReadonlyMap<string, AttributeEntry>;
  /** Instructions from `items_human_ins.json`; empty without such a file. */
  readonly humanInstructions: ReadonlyMap<string, readonly HumanInstruction[]>;
}

/** Entry of the attribute file. */
export interface AttributeEntry {
  readonly attributes: readonly string[];
  readonly instruction?: string;
  readonly instructionAttributes?: readonly string[];
}

/** Default price of a product, dollars, as in WebShop's code. */
const missingPrice = 100;

type Fields = Readonly<Record<string, unknown>>;

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}

/** Reads the fields of an object; errors name the file and the object. */
export class FieldReader {
  readonly #fields: Fields;
  readonly #location: string;

  /** @param location - File and object, for messages: `items.json: products[3]`. */
  constructor(value: unknown, location: string) {
    if (!isRecord(value)) {
      throw new CatalogueError(`${location} must be an object, got ${formatValue(value)}`);
    }
    this.#fields = value;
    this.#location = location;
  }

  /** Value of a field, unchecked. */
  raw(field: string): unknown {
    return this.#fields[field];
  }

  has(field: string): boolean {
    const value = this.#fields[field];
    return value !== undefined && value !== null;
  }

  /** A string; `otherwise` for a missing or null field, or an error if `otherwise` is not given. */
  text(field: string, otherwise?: string): string {
    const value = this.#fields[field];
    if (typeof value === "string") return value;
    if ((value === undefined || value === null) && otherwise !== undefined) return otherwise;
    throw this.error(field, "be a string", value);
  }

  /** A list of strings; empty for a missing or null field. */
  texts(field: string): readonly string[] {
    const value = this.#fields[field];
    if (value === undefined || value === null) return [];
    if (isTexts(value)) return value;
    throw this.error(field, "be a list of strings", value);
  }

  error(field: string, rule: string, value: unknown): CatalogueError {
    return new CatalogueError(`${this.#location}.${field} must ${rule}, got ${formatValue(value)}`);
  }
}

/**
 * Cleans an entry of a product file as WebShop's code does.
 * @param location - File and entry, for messages: `items.json: products[3]`.
 * @returns The product, or `undefined` for entries that WebShop's code skips: without an asin
 *   (`nan`), or with an asin of more than 10 characters.
 * @throws `CatalogueError` if a field has the wrong type, or title or asin are missing. All other
 *   fields may be missing: the price defaults to $100.0, the rest is empty.
 */
export function cleanProduct(
  entry: unknown,
  location: string,
  annotations: ProductAnnotations,
): Product | undefined {
  const fields = new FieldReader(entry, location);
  const asin = fields.text("asin");
  if (asin === "nan" || Array.from(asin).length > 10) return undefined;
  const { pricing, priceText } = cleanPrice(fields);
  const { options, optionImages } = cleanOptions(fields, location);
  const annotation = annotations.attributes.get(asin);
  const humanInstructions = annotations.humanInstructions.get(asin);
  const images = fields.has("images") ? fields.texts("images") : [];
  return {
    asin,
    title: fields.text("name"),
    description: fields.text("full_description", ""),
    bulletPoints:
      typeof fields.raw("small_description") === "string"
        ? [fields.text("small_description")]
        : fields.texts("small_description"),
    pricing,
    priceText,
    options,
    optionImages,
    attributes: annotation?.attributes ?? ["DUMMY_ATTR"],
    category: fields.text("category", ""),
    query: pythonStrip(fields.text("query", "").toLowerCase()),
    productCategory: fields.text("product_category", ""),
    mainImage: images[0] ?? "",
    ...(annotation?.instruction !== undefined && {
      instruction: {
        text: annotation.instruction,
        attributes: annotation.instructionAttributes ?? [],
      },
    }),
    ...(humanInstructions !== undefined && { humanInstructions }),
  };
}

function cleanPrice(fields: FieldReader): Pick<Product, "pricing" | "priceText"> {
  const text = fields.text("pricing", "");
  if (text === "") return { pricing: [missingPrice], priceText: `$${pythonFloat(missingPrice)}` };
  const prices = text
    .split("$")
    .slice(1)
    .map((part) => {
      const digits = part.replaceAll(/[^\d.]/gu, "");
      if (!/^(?:\d+\.?\d*|\.\d+)$/u.test(digits)) {
        throw fields.error("pricing", "be prices such as $12.00", text);
      }
      return Number(digits);
    });
  const [low, high] = prices;
  if (low === undefined) throw fields.error("pricing", "be prices such as $12.00", text);
  if (high === undefined) return { pricing: [low], priceText: `$${pythonFloat(low)}` };
  return {
    pricing: [low, high],
    priceText: `$${pythonFloat(low)} to $${pythonFloat(high)}`,
  };
}

function cleanOptions(
  fields: FieldReader,
  location: string,
): Pick<Product, "options" | "optionImages"> {
  const groups = fields.raw("customization_options");
  const options = new Map<string, ProductOption>();
  const images = new Map<string, string | null>();
  if (groups === undefined || groups === null || groups === "") {
    return { options: [], optionImages: [] };
  }
  if (typeof groups !== "object" || Array.isArray(groups)) {
    throw fields.error("customization_options", "be an object of lists", groups);
  }
  for (const [group, entries] of Object.entries(groups)) {
    if (entries === null) continue;
    if (!Array.isArray(entries)) {
      throw fields.error(`customization_options["${group}"]`, "be a list", entries);
    }
    const name = group.toLowerCase();
    const values = entries.map((entry: unknown, i) => {
      const option = new FieldReader(
        entry,
        `${location}.customization_options[${JSON.stringify(group)}][${i}]`,
      );
      const value = pythonStrip(option.text("value")).replaceAll("/", " | ").toLowerCase();
      images.set(value, option.has("image") ? option.text("image") : null);
      return value;
    });
    // Option names that differ only in case are one option: the later one replaces the earlier.
    options.set(name, { name, values });
  }
  return { options: [...options.values()], optionImages: [...images] };
}
