import type { ToolSchema } from "./tool-schemas.ts";
import { executeBash } from "./tools/execute-bash.ts";
import { fileEditor } from "./tools/file-editor.ts";
import { finish } from "./tools/finish.ts";
import { search } from "./tools/search.ts";
import type { Tool } from "./tools/tool.ts";

/** Tools of R2E-Gym and DeepSWE, with their names and arguments and this project's descriptions. */
export const r2eToolset: readonly Tool[] = [fileEditor, executeBash, search, finish];

/** Schemas of R2E-Gym's tools, in the format of the chat-completions API. */
export const r2eTools: readonly ToolSchema[] = r2eToolset.map(({ schema }) => schema);

/** Schemas of {@link r2eTools}, repeated under each alias that `checkCall` accepts. */
export const r2eToolNames: readonly ToolSchema[] = r2eToolset.flatMap(({ schema, aliases }) => [
  schema,
  ...(aliases?.names ?? []).map((name) => ({ ...schema, function: { ...schema.function, name } })),
]);
