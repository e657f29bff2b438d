import { readApiKey } from "../policy/read-api-key.ts";
import type { SettingsOf } from "./export-schema.ts";

/** A measured value. */
export interface MlflowMetric {
  readonly key: string;
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly step: number;
}

/** A named text: a parameter or a tag. */
export interface MlflowText {
  readonly key: string;
  readonly value: string;
}

/** Entries of one `log-batch` call. */
export interface MlflowBatch {
  readonly metrics?: readonly MlflowMetric[];
  readonly params?: readonly MlflowText[];
}

/** Client of a tracking server. */
export interface MlflowClient {
  /** Finds an experiment, or creates it. @returns Its id. */
  openExperiment(name: string): Promise<string>;
  /** @returns The run's id. */
  createRun(experimentId: string, name: string, startTime: number): Promise<string>;
  logBatch(runId: string, batch: MlflowBatch): Promise<void>;
  endRun(runId: string, status: "FINISHED" | "FAILED", endTime: number): Promise<void>;
}

/** Maximum wait for an answer, milliseconds. */
const timeoutMilliseconds = 10_000;

/**
 * Creates a client of MLflow's REST API 2.0. A failed call rejects with one line: path, status and
 * message.
 * @see mlflow.org/docs/latest/rest-api.html
 */
export function createMlflowClient({
  url,
  tokenVariable,
}: Pick<SettingsOf<"mlflow">, "url" | "tokenVariable">): MlflowClient {
  const call = async (
    method: "GET" | "POST",
    path: string,
    body: object,
  ): Promise<Record<string, unknown>> => {
    const target = new URL(`${url.replace(/\/+$/u, "")}/api/2.0/mlflow/${path}`);
    if (method === "GET") {
      for (const [key, value] of Object.entries(body)) target.searchParams.set(key, String(value));
    }
    const { apiKey: token } = readApiKey("tokenVariable", tokenVariable);
    const response = await fetch(target, {
      method,
      headers: {
        "content-type": "application/json",
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      ...(method === "POST" && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMilliseconds),
    }).catch((cause: Error) => {
      const reason = cause.cause instanceof Error ? cause.cause.message : cause.message;
      throw new Error(`${path}: ${reason}`, { cause });
    });
    const text = await response.text();
    if (!response.ok)
      throw new MlflowError(`${path}: status ${response.status}, ${text.slice(0, 300)}`, text);
    return (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
  };
  return {
    openExperiment: async (name) => {
      try {
        const found = await call("GET", "experiments/get-by-name", { experiment_name: name });
        return readId(found["experiment"], "experiment_id");
      } catch (cause) {
        if (!(cause instanceof MlflowError && cause.isMissing)) throw cause;
      }
      return readId(await call("POST", "experiments/create", { name }), "experiment_id");
    },
    createRun: async (experimentId, name, startTime) => {
      const made = await call("POST", "runs/create", {
        experiment_id: experimentId,
        run_name: name,
        start_time: startTime,
      });
      return readId((made["run"] as { readonly info?: unknown } | undefined)?.info, "run_id");
    },
    logBatch: async (runId, batch) => {
      await call("POST", "runs/log-batch", { run_id: runId, ...batch });
    },
    endRun: async (runId, status, endTime) => {
      await call("POST", "runs/update", { run_id: runId, status, end_time: endTime });
    },
  };
}

/** An answer of the server other than success. */
class MlflowError extends Error {
  /** True if the requested object does not exist. */
  readonly isMissing: boolean;

  constructor(message: string, body: string) {
    super(message);
    this.isMissing = body.includes("RESOURCE_DOES_NOT_EXIST");
  }
}

function readId(value: unknown, name: string): string {
  const id = (value as Readonly<Record<string, unknown>> | undefined)?.[name];
  if (typeof id === "string" && id !== "") return id;
  throw new Error(`answer must contain ${name}, got ${JSON.stringify(value)}`);
}
