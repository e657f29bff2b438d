import * as z from "zod";
import type { ServedTool } from "../serve/served-environment.ts";
import type { Scaffold } from "./scaffold.ts";
import { encodeToolCall } from "./tool-call.ts";

/** Tools of a scaffold for models that call tools over a protocol. The environment checks their calls. */
export function createServedTools({ tools }: Pick<Scaffold, "tools">): ServedTool[] {
  return tools.map(({ schema: { function: tool } }) => ({
    name: tool.name,
    description: tool.description,
    parameters: z.fromJSONSchema(tool.parameters as z.core.JSONSchema.JSONSchema),
    writeAction: (given) => encodeToolCall({ tool: tool.name, arguments: given }),
  }));
}
