/** A tool in the form of the chat-completions API: a name and a JSON schema of its arguments. */
export interface ToolSchema {
  readonly type: "function";
  readonly function: {
    readonly name: string;
    readonly description: string;
    readonly parameters: {
      readonly type: "object";
      readonly properties: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
      readonly required: readonly string[];
    };
  };
}

const text = (description: string): Readonly<Record<string, unknown>> => ({
  type: "string",
  description,
});

/** The tools of R2E-Gym and DeepSWE: their names and arguments; the descriptions are ours. */
export const r2eTools: readonly ToolSchema[] = [
  {
    type: "function",
    function: {
      name: "file_editor",
      description:
        "Looks at files and folders, creates files and changes them. str_replace wants text that stands exactly once in the file, white space included; undo_edit takes the last change of a file back. Long answers are clipped.",
      parameters: {
        type: "object",
        properties: {
          command: {
            type: "string",
            enum: ["view", "create", "str_replace", "insert", "undo_edit"],
            description: "What to do.",
          },
          path: text("Absolute path of the file or folder, such as /testbed/file.py."),
          file_text: text("For create: the content of the new file."),
          old_str: text("For str_replace: the text to take out."),
          new_str: text("For str_replace and insert: the text to put in."),
          insert_line: {
            type: "integer",
            description:
              "For insert: the line after which the text is put in; 0 for the beginning.",
          },
          view_range: {
            type: "array",
            items: { type: "integer" },
            description: "For view: first and last line, from 1; -1 as the last for the end.",
          },
          concise: {
            type: "boolean",
            description: "For view: leave out the bodies of functions.",
          },
        },
        required: ["command", "path"],
      },
    },
  },
  {
    type: "function",
    function: {
      name: "execute_bash",
      description:
        "Runs a bash command in the repository and answers with its output. Each call has a shell of its own; commands that wait for input or never end are stopped.",
      parameters: {
        type: "object",
        properties: { cmd: text("The command line.") },
        required: ["cmd"],
      },
    },
  },
  {
    type: "function",
    function: {
      name: "search",
      description:
        "Finds a text in a file (with line numbers) or in all files of a folder (with counts).",
      parameters: {
        type: "object",
        properties: {
          search_term: text("The text to find; not a pattern."),
          path: text("File or folder to look in. Default: the repository."),
        },
        required: ["search_term"],
      },
    },
  },
  {
    type: "function",
    function: {
      name: "finish",
      description: "Ends the work and hands in what the repository holds now.",
      parameters: {
        type: "object",
        properties: {
          command: { type: "string", enum: ["submit"], description: "Always submit." },
          result: text("A remark; not graded."),
        },
        required: ["command"],
      },
    },
  },
];

/** The tools as a prompt in XML form describes them. */
export function describeTools(tools: readonly ToolSchema[]): string {
  return tools
    .map(({ function: { name, description, parameters } }) => {
      const lines = Object.entries(parameters.properties).map(([key, schema]) => {
        const need = parameters.required.includes(key) ? "required" : "optional";
        const choices = Array.isArray(schema["enum"])
          ? `; one of ${schema["enum"].join(", ")}`
          : "";
        return `  - ${key} (${String(schema["type"])}, ${need}${choices}): ${String(schema["description"])}`;
      });
      return `${name}: ${description}\n${lines.join("\n")}`;
    })
    .join("\n\n");
}
