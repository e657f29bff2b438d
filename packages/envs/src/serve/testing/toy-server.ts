import {
  serveEnvironments,
  type EnvironmentServer,
  type ServeOptions,
} from "../serve-environments.ts";
import type { ServedEnvironment } from "../served-environment.ts";
import { createToyEnvironment, type ToyCounts, type ToyOptions } from "./toy-tasks.ts";

/** A server of the toy tasks for tests, on a free port. */
export interface ToyServer extends EnvironmentServer {
  /** Counts of the toy environment's instances. */
  readonly counts: ToyCounts;
  /** Sends a request. @returns Status and parsed body. */
  fetch(
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ readonly status: number; readonly body: unknown }>;
}

/** Starts a server of the toy tasks. */
export async function startToyServer(
  options: ServeOptions = {},
  toy: ToyOptions = {},
  others: readonly ServedEnvironment[] = [],
): Promise<ToyServer> {
  const counts: ToyCounts = { created: 0, closed: 0 };
  const environment = createToyEnvironment({ counts, ...toy });
  const server = await serveEnvironments([environment, ...others], { port: 0, ...options });
  return {
    ...server,
    counts,
    fetch: async (path, body, headers = {}) => {
      const response = await fetch(`${server.address}${path}`, {
        headers: { "Content-Type": "application/json", ...headers },
        ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = response.headers.get("content-type")?.includes("json") === true;
      return { status: response.status, body: isJson ? (JSON.parse(text) as unknown) : text };
    },
  };
}
