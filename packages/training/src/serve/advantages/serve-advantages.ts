import { modulators, modulatorSchema } from "@turnwise/aem";
import { checkInteger } from "@turnwise/core";
import { replyJson, serveRoutes, type HttpReply, type HttpRoute } from "@turnwise/envs/http";
import { algorithmPresets, algorithmSchema } from "@turnwise/estimators";
import { z } from "zod";
import { advantagesRequestSchema, type AdvantagesRequest } from "./advantages-request.ts";
import { computeAdvantages } from "./compute-advantages.ts";

/** Options of {@link serveAdvantages}. */
export interface ServeAdvantagesOptions {
  /** Address to listen on. Default `127.0.0.1`: this machine only. */
  readonly host?: string;
  /** TCP port; 0 selects a free port. Default 8001. */
  readonly port?: number;
  /** Token that requests must contain, at least 16 characters. Required unless `host` is this machine. */
  readonly token?: string;
  /** Maximum size of a request body, bytes. Default 64 MiB. */
  readonly maxMessageBytes?: number;
  /** Maximum number of connections. Default 64. */
  readonly maxConnections?: number;
}

/** Running server that computes advantages. */
export interface AdvantagesServer {
  /** URL: `http://127.0.0.1:8001` */
  readonly address: string;
  /** Stops the server and closes its connections. */
  close(): Promise<void>;
}

/**
 * Serves the computation of advantages to other trainers: {@link computeAdvantages} as `POST
 * /v1/advantages`.
 * @throws `InputError` for a token that is missing or too short; the system's error if the port is
 * in use.
 */
export async function serveAdvantages({
  host = "127.0.0.1",
  port = 8001,
  token,
  maxMessageBytes = 64 << 20,
  maxConnections = 64,
}: ServeAdvantagesOptions = {}): Promise<AdvantagesServer> {
  checkInteger("serve", { maxMessageBytes, maxConnections }, { min: 1 });
  const server = await serveRoutes({
    routes,
    host,
    port,
    ...(token !== undefined && { token }),
    maxBodyBytes: maxMessageBytes,
    maxConnections,
  });
  return { address: server.address, close: () => server.close() };
}

/**
 * Replies with status 422 to an error that names a violated rule, and with 500 to all other errors.
 */
function describeError(error: unknown): HttpReply {
  const isViolation =
    (error instanceof RangeError || error instanceof TypeError) && / must /u.test(error.message);
  return replyJson(
    { detail: error instanceof Error ? error.message : "" },
    isViolation ? 422 : 500,
  );
}

const routes: readonly HttpRoute[] = [
  {
    method: "POST",
    path: "/v1/advantages",
    handle: ({ body }) => replyJson(computeAdvantages((body ?? {}) as AdvantagesRequest)),
    describeError,
  },
  {
    method: "GET",
    path: "/v1/presets",
    handle: () => replyJson({ algorithms: algorithmPresets, modulators }),
    describeError,
  },
  {
    method: "GET",
    path: "/health",
    handle: () => replyJson({ status: "healthy" }),
    describeError,
  },
  {
    method: "GET",
    path: "/openapi.json",
    handle: () => replyJson(createDocument()),
    describeError,
  },
];

/**
 * Creates the OpenAPI document of the routes, with the schemas of requests, algorithms and
 * modulators.
 */
function createDocument(): object {
  const describe = (schema: z.ZodType): object => {
    const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "input" });
    return rest;
  };
  const json = (schema: object): object => ({ content: { "application/json": { schema } } });
  const object = json({ type: "object" });
  const answer = (description: string): object => ({ description, ...object });
  const get = (summary: string): object => ({
    get: { summary, responses: { 200: answer(summary) } },
  });
  return {
    openapi: "3.1.0",
    info: { title: "Turnwise advantages", version: "1.0.0" },
    paths: {
      "/v1/advantages": {
        post: {
          summary: "Advantages of a batch by an algorithm and a modulator",
          requestBody: { required: true, ...json(describe(advantagesRequestSchema)) },
          responses: {
            200: answer("Credit of each row, diagnostics, and state"),
            413: answer("The body is too large"),
            422: answer("A field is invalid; detail names field, rule and value"),
          },
        },
      },
      "/v1/presets": get("Algorithms and modulators by name"),
      "/health": get("The server is ready"),
    },
    components: {
      schemas: { Algorithm: describe(algorithmSchema), Modulation: describe(modulatorSchema) },
    },
  };
}
