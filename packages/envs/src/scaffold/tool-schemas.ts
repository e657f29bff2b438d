/** A tool in the format of the chat-completions API: a name and a JSON schema of its arguments. */
export interface ToolSchema {
  readonly type: "function";
  readonly function: {
    readonly name: string;
    readonly description: string;
    readonly parameters: {
      readonly type: "object";
      readonly properties: Readonly<Record<string, ParameterSchema>>;
      readonly required: readonly string[];
    };
  };
}

/** JSON schema of one argument. */
export interface ParameterSchema {
  readonly type: "string" | "integer" | "boolean" | "array";
  readonly description: string;
  readonly enum?: readonly string[];
  readonly items?: { readonly type: "integer" };
}

/** Describes tools for a prompt whose calls are in XML. */
export function describeTools(tools: readonly ToolSchema[]): string {
  return tools
    .map(({ function: { name, description, parameters } }) => {
      const lines = Object.entries(parameters.properties).map(([key, schema]) => {
        const need = parameters.required.includes(key) ? "required" : "optional";
        const choices = schema.enum === undefined ? "" : `; one of ${schema.enum.join(", ")}`;
        return `  - ${key} (${schema.type}, ${need}${choices}): ${schema.description}`;
      });
      return `${name}: ${description}\n${lines.join("\n")}`;
    })
    .join("\n\n");
}
