import { quote } from "./clip.ts";
import type { ToolCall } from "./tool-call.ts";
import type { ParameterSchema } from "./tool-schemas.ts";
import type { Tool } from "./tools/tool.ts";

/** A call that a tool can run, or a message that tells the agent why the call is invalid. */
export type CheckedCall =
  | {
      readonly isValid: true;
      readonly tool: Tool;
      /** Arguments under their canonical names, in the types of the schema. */
      readonly arguments: Readonly<Record<string, unknown>>;
    }
  | { readonly isValid: false; readonly problem: string };

/**
 * Checks a call against the schemas of the tools. Unknown arguments are an error: an edit whose
 * `new_str` is misspelled would delete text. Aliases are resolved; strings that spell an integer, a
 * boolean or a list are converted; optional arguments that are `null` are removed.
 */
export function checkCall(call: ToolCall, tools: readonly Tool[]): CheckedCall {
  // Some chat templates put tools into a namespace.
  const asked = call.tool.replace(/^functions\./u, "");
  const tool = tools.find(
    ({ schema, aliases }) =>
      schema.function.name === asked || (aliases?.names ?? []).includes(asked),
  );
  if (tool === undefined) {
    const names = tools.map(({ schema }) => schema.function.name);
    return reject(`There is no tool called ${quote(call.tool)}. Tools: ${names.join(", ")}.`);
  }
  const { name, parameters } = tool.schema.function;
  const given = resolveAliases(call.arguments, tool);
  const byCommand = new Map(Object.entries(tool.requiredBy ?? {}));
  const { command } = given;
  const required = [
    ...parameters.required,
    ...(typeof command === "string" ? (byCommand.get(command) ?? []) : []),
  ];
  const missing = required.filter((key) => (given[key] ?? undefined) === undefined);
  if (missing.length > 0) {
    const wanted = missing.map(
      (key) => `${key} (${parameters.properties[key]!.description.replace(/\.$/u, "")})`,
    );
    const keys = Object.keys(given).map((key) => quote(key, 60));
    return reject(
      `${name} was not run: missing required ${missing.length === 1 ? "argument" : "arguments"} ${wanted.join(", ")}. Your call has ${keys.length === 0 ? "no arguments" : `the arguments ${keys.join(", ")}`}.`,
    );
  }
  const unknown = Object.keys(given).filter(
    (key) => !Object.hasOwn(parameters.properties, key) && (given[key] ?? undefined) !== undefined,
  );
  if (unknown.length > 0 && tool.ignoresUnknown !== true) {
    const [names, known] = [
      unknown.map((key) => quote(key, 60)),
      Object.keys(parameters.properties),
    ];
    return reject(
      `${name} was not run: it has no ${names.length === 1 ? "argument" : "arguments"} ${names.join(", ")}. Its arguments are ${known.join(", ")}.`,
    );
  }
  const typed: [string, unknown][] = [];
  for (const [key, schema] of Object.entries(parameters.properties)) {
    const value = given[key] ?? undefined;
    if (value === undefined) continue;
    const read = readArgument(value, schema);
    if (read === undefined || (typeof read === "string" && schema.enum?.includes(read) === false)) {
      return reject(
        `${name} was not run: ${key} must be ${describeRule(schema)}, got ${quote(JSON.stringify(value))}.`,
      );
    }
    typed.push([key, read]);
  }
  return { isValid: true, tool, arguments: Object.fromEntries(typed) };
}

const reject = (problem: string): CheckedCall => ({ isValid: false, problem });

function resolveAliases(
  given: Readonly<Record<string, unknown>>,
  { aliases }: Tool,
): Readonly<Record<string, unknown>> {
  const names = aliases?.arguments ?? {};
  const entries = Object.entries(given).flatMap(([key, value]) => {
    const own = Object.hasOwn(names, key) ? names[key]! : key;
    return own !== key && Object.hasOwn(given, own) ? [] : [[own, value] as const];
  });
  return Object.fromEntries(entries);
}

function describeRule(schema: ParameterSchema): string {
  if (schema.enum !== undefined) return `one of ${schema.enum.join(", ")}`;
  return {
    string: "a string",
    integer: "an integer",
    boolean: "true or false",
    array: "a list of integers",
  }[schema.type];
}

/** Converts a value to the type of its schema; `undefined` if that is not possible. */
function readArgument(value: unknown, { type }: ParameterSchema): unknown {
  switch (type) {
    case "string":
      return typeof value === "string" ? value : undefined;
    case "integer":
      return readInteger(value);
    case "boolean": {
      const word = String(value).trim().toLowerCase();
      return word === "true" ? true : word === "false" ? false : undefined;
    }
    case "array":
      return readIntegers(value);
    default:
      return type satisfies never;
  }
}

function readInteger(value: unknown): number | undefined {
  const number =
    typeof value === "string" && /^\s*-?\d{1,15}\s*$/u.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) ? (number as number) : undefined;
}

function readIntegers(value: unknown): number[] | undefined {
  let list = value;
  if (typeof value === "string") {
    const body = /^\s*[[(]([-\d,\s]{0,200})[\])]\s*$/u.exec(value)?.[1];
    list = body?.split(",");
  }
  if (!Array.isArray(list)) return undefined;
  const numbers = list.map(readInteger);
  return numbers.every((number) => number !== undefined) ? numbers : undefined;
}
