import { pythonStrip } from "../../python/python-strip.ts";
import type { Product, ProductOption } from "./product.ts";

const known = new WeakMap<Product, Product>();

/**
 * Removes option values of white space only, which no page can show, and options without other
 * values.
 */
export function choosableOptions(options: readonly ProductOption[]): readonly ProductOption[] {
  const isChoosable = (value: string): boolean => pythonStrip(value) !== "";
  if (options.every(({ values }) => values.length > 0 && values.every(isChoosable))) return options;
  return options
    .map(({ name, values }) => ({ name, values: values.filter(isChoosable) }))
    .filter(({ values }) => values.length > 0);
}

/** Returns a product with only {@link choosableOptions}; the same object if nothing changes. */
export function keepChoosableOptions(product: Product): Product {
  let repaired = known.get(product);
  if (repaired === undefined) {
    const options = choosableOptions(product.options);
    repaired = options === product.options ? product : { ...product, options };
    known.set(product, repaired);
  }
  return repaired;
}
