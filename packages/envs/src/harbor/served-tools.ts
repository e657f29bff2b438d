import type { ServedTool } from "../serve/served-environment.ts";
import type { ScaffoldName } from "../scaffold/scaffolds.ts";
import { createServedTools } from "../scaffold/served-tools.ts";
import { terminalScaffolds } from "./wording.ts";

/** Tools of a scaffold for models that call tools over a protocol. */
export function createHarborTools(scaffold: ScaffoldName): ServedTool[] {
  return createServedTools(terminalScaffolds[scaffold]);
}
