import { requirePeer } from "@turnwise/core";
import type fastCheck from "fast-check";

/** fast-check is an optional peer dependency, because only the laws need it. */
export const fc: typeof fastCheck = requirePeer(
  "fast-check",
  "@turnwise/envs/laws",
  import.meta.url,
) as typeof fastCheck;
