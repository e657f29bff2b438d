import type * as z from "zod";
import { createInputSchema } from "../create-input-schema.ts";
import type { HttpRoute } from "../http/http-messages.ts";
import type { ServedEnvironment } from "../served-environment.ts";
import { findOptionsSchema } from "../session-options.ts";
import { actionSchema } from "./read-action.ts";
import { observationSchema, stateSchema } from "./wire.ts";

/**
 * Version of the interface; its major version 1 tells clients which variant of OpenEnv the server
 * implements.
 */
const version = "1.0.0";

type JsonSchema = Readonly<Record<string, unknown>>;

function describe(schema: z.ZodType, title: string): JsonSchema {
  return { ...createInputSchema(schema), title };
}

/**
 * Prefix of schema titles: `Alfworld` for `alfworld`. Clients use it to distinguish environments.
 */
const titleOf = ({ name }: ServedEnvironment): string =>
  name
    .split(/[-_]/u)
    .map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`)
    .join("");

/** Body of `GET /schema`. */
export function createSchemas(environment: ServedEnvironment): {
  readonly action: JsonSchema;
  readonly observation: JsonSchema;
  readonly state: JsonSchema;
} {
  const title = titleOf(environment);
  return {
    action: describe(actionSchema, `${title}Action`),
    observation: describe(observationSchema, `${title}Observation`),
    state: describe(stateSchema, `${title}State`),
  };
}

/** Body of `GET /metadata`. */
export function createMetadata({ name, description }: ServedEnvironment): object {
  return { name, description, version };
}

/**
 * Body of `GET /openapi.json`: an OpenAPI document of all routes, with the schemas of an
 * environment.
 * @param routes - Routes of all protocols.
 */
export function createOpenApi(
  environment: ServedEnvironment,
  routes: readonly HttpRoute[],
): object {
  const schemas = createSchemas(environment);
  const result = {
    type: "object",
    properties: {
      observation: schemas.observation,
      reward: { type: ["number", "null"] },
      done: { type: "boolean" },
    },
    required: ["observation", "reward", "done"],
  };
  const bodies: Readonly<Record<string, JsonSchema>> = {
    "/reset": describe(findOptionsSchema(environment), "ResetRequest"),
    "/step": {
      title: "StepRequest",
      type: "object",
      properties: { action: schemas.action },
      required: ["action"],
    },
  };
  const answers: Readonly<Record<string, JsonSchema>> = {
    "/reset": result,
    "/step": result,
    "/state": schemas.state,
  };
  const paths: Record<string, Record<string, object>> = {};
  for (const { method, path } of routes) {
    const names = Array.from(path.matchAll(/\{(.+?)\}/gu), ([, name]) => name!);
    const body = bodies[path];
    const answer = answers[path] ?? {};
    (paths[path] ??= {})[method.toLowerCase()] = {
      ...(names.length > 0 && {
        parameters: names.map((name) => ({
          name,
          in: "path",
          required: true,
          schema: { type: "string" },
        })),
      }),
      ...(body && { requestBody: { content: { "application/json": { schema: body } } } }),
      responses: {
        "200": { description: "OK", content: { "application/json": { schema: answer } } },
      },
    };
  }
  return { openapi: "3.1.0", info: { title: `Turnwise: ${environment.name}`, version }, paths };
}
