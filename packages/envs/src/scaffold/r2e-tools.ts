import type { ToolSchema } from "./tool-schemas.ts";
import { createExecuteBash } from "./tools/execute-bash.ts";
import { createFileEditor } from "./tools/file-editor.ts";
import { createFinish } from "./tools/finish.ts";
import { createSearch } from "./tools/search.ts";
import type { Tool } from "./tools/tool.ts";
import { repositoryWording, type ScaffoldWording } from "./wording.ts";

/** Creates the tools of R2E-Gym and DeepSWE, with their names and arguments. */
export const createR2eToolset = (wording: ScaffoldWording): readonly Tool[] => [
  createFileEditor(wording),
  createExecuteBash(wording),
  createSearch(wording),
  createFinish(wording),
];

/** Tools of R2E-Gym and DeepSWE, with their names and arguments and this project's descriptions. */
export const r2eToolset: readonly Tool[] = createR2eToolset(repositoryWording);

/** Schemas of R2E-Gym's tools, in the format of the chat-completions API. */
export const r2eTools: readonly ToolSchema[] = r2eToolset.map(({ schema }) => schema);

/** Lists the schemas of tools, repeated under each alias that `checkCall` accepts. */
export const listToolNames = (tools: readonly Tool[]): ToolSchema[] =>
  tools.flatMap(({ schema, aliases }) => [
    schema,
    ...(aliases?.names ?? []).map((name) => ({
      ...schema,
      function: { ...schema.function, name },
    })),
  ]);
