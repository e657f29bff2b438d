import { compactGridText } from "./compact-grid-format.ts";
import type { GridText } from "./grid-environment.ts";
import { ragenText } from "./ragen-format.ts";

/** Functions that write observations, by format name. */
export const gridTexts: Readonly<Record<"compact" | "ragen", GridText>> = {
  compact: compactGridText,
  ragen: ragenText,
};
