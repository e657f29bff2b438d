import * as z from "zod";
import type { ServedTool } from "../serve/served-environment.ts";
import { sweScaffolds, type SweScaffoldName } from "./scaffold/scaffolds.ts";
import { encodeToolCall } from "./scaffold/tool-call.ts";

/** Tools of a scaffold for models that call tools over a protocol. The environment checks their calls. */
export function createSweTools(scaffold: SweScaffoldName): ServedTool[] {
  return sweScaffolds[scaffold].tools.map(({ schema: { function: tool } }) => ({
    name: tool.name,
    description: tool.description,
    parameters: z.fromJSONSchema(tool.parameters as z.core.JSONSchema.JSONSchema),
    writeAction: (given) => encodeToolCall({ tool: tool.name, arguments: given }),
  }));
}
