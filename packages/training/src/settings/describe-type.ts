import { z } from "zod";

/** Describes the type of a schema: `whole number >= 1`, `one of "aem", "none"`. */
export function describeType(schema: z.core.$ZodType): string {
  const json = z.toJSONSchema(schema, { unrepresentable: "any" });
  return describeJsonSchema(json);
}

function describeJsonSchema(json: z.core.JSONSchema.BaseSchema): string {
  if (json.enum !== undefined)
    return `one of ${json.enum.map((e) => JSON.stringify(e)).join(", ")}`;
  if (json.const !== undefined) return JSON.stringify(json.const);
  if (json.anyOf !== undefined) {
    return json.anyOf.map((option) => describeJsonSchema(option)).join(" or ");
  }
  switch (json.type) {
    case "integer":
    case "number": {
      const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = json;
      const bounds = [
        exclusiveMinimum !== undefined && `> ${exclusiveMinimum}`,
        minimum !== undefined && minimum !== Number.MIN_SAFE_INTEGER && `>= ${minimum}`,
        exclusiveMaximum !== undefined && `< ${exclusiveMaximum}`,
        maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER && `<= ${maximum}`,
      ].filter((bound) => bound !== false);
      const name = json.type === "integer" ? "whole number" : "number";
      return [name, bounds.join(" and ")].filter(Boolean).join(" ");
    }
    case "string":
      return "text";
    case "boolean":
      return "true or false";
    case "array":
      return "list";
    default:
      return "object";
  }
}
