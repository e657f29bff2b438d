import { pythonStrip } from "../../python/python-strip.ts";
import type { Product, ProductOption } from "./product.ts";

const known = new WeakMap<Product, Product>();

/** Options without blank values, which no page can show, and without groups that have no other. */
export function choosableOptions(options: readonly ProductOption[]): readonly ProductOption[] {
  const isChoosable = (value: string): boolean => pythonStrip(value) !== "";
  if (options.every(({ values }) => values.length > 0 && values.every(isChoosable))) return options;
  return options
    .map(({ name, values }) => ({ name, values: values.filter(isChoosable) }))
    .filter(({ values }) => values.length > 0);
}

/** The product with {@link choosableOptions}; the same object where nothing changes. */
export function withChoosableOptions(product: Product): Product {
  let repaired = known.get(product);
  if (repaired === undefined) {
    const options = choosableOptions(product.options);
    repaired = options === product.options ? product : { ...product, options };
    known.set(product, repaired);
  }
  return repaired;
}
