import type { ServedTool } from "../serve/served-environment.ts";
import { sweScaffolds, type ScaffoldName } from "../scaffold/scaffolds.ts";
import { createServedTools } from "../scaffold/served-tools.ts";

/** Tools of a scaffold for models that call tools over a protocol. */
export function createSweTools(scaffold: ScaffoldName): ServedTool[] {
  return createServedTools(sweScaffolds[scaffold]);
}
