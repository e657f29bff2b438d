import type { ToolSchema } from "./tool-schemas.ts";
import { executeBash } from "./tools/execute-bash.ts";
import { fileEditor } from "./tools/file-editor.ts";
import { finish } from "./tools/finish.ts";
import { search } from "./tools/search.ts";
import type { Tool } from "./tools/tool.ts";

/** The tools of R2E-Gym and DeepSWE. Names and arguments are theirs, descriptions are ours. */
export const r2eToolset: readonly Tool[] = [fileEditor, executeBash, search, finish];

/** Schemas of R2E-Gym's tools, in the form of the chat-completions API. */
export const r2eTools: readonly ToolSchema[] = r2eToolset.map(({ schema }) => schema);

/** The same schemas, once more under each name that `checkCall` also takes for the tool. */
export const r2eToolNames: readonly ToolSchema[] = r2eToolset.flatMap(({ schema, aliases }) => [
  schema,
  ...(aliases?.names ?? []).map((name) => ({ ...schema, function: { ...schema.function, name } })),
]);
