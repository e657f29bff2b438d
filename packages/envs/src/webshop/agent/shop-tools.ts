import * as z from "zod";
import type { ServedTool } from "../../serve/served-environment.ts";
import { setting } from "../../setting.ts";

/** The two actions of WebShop as tools, for models that call tools. */
export const shopTools: readonly ServedTool[] = [
  {
    name: "search",
    description: "Search the shop for products. Works on pages with a search bar.",
    parameters: z.strictObject({
      keywords: setting(z.string().min(1), "Words to search for"),
    }),
    writeAction: ({ keywords }) => `search[${keywords as string}]`,
  },
  {
    name: "click",
    description: "Click a button, a product or an option on the current page.",
    parameters: z.strictObject({
      item: setting(
        z.string().min(1),
        "Name of the button or option, or id of the product, as the page shows it, such as buy now",
      ),
    }),
    writeAction: ({ item }) => `click[${item as string}]`,
  },
];
