import { compactGridText } from "./compact-grid-format.ts";
import type { GridText } from "./grid-environment.ts";
import { ragenText } from "./ragen-format.ts";

/** Writers of observations by the name of their format. */
export const gridTexts: Readonly<Record<"compact" | "ragen", GridText>> = {
  compact: compactGridText,
  ragen: ragenText,
};
