import { createCatalogue } from "../catalogue/catalogue.ts";
import { Shop, type ShopOptions } from "../session/shop.ts";
import { generateProducts, type GenerateProductsOptions } from "./generate-products.ts";

/** Creates a shop of generated products, without downloads. */
export function embeddedShop(
  products: GenerateProductsOptions = {},
  options: ShopOptions = {},
): Shop {
  return new Shop(createCatalogue(generateProducts(products)), options);
}
