import { parseServerUrl } from "@turnwise/policy/remote";
import { z } from "zod";
import { InputError } from "../input-error.ts";

/** State of a job as Ray reports it. */
export type RayJobStatus = "PENDING" | "RUNNING" | "STOPPED" | "SUCCEEDED" | "FAILED";

/** A job to submit. */
export interface RayJob {
  /** Id of the job on the cluster. */
  readonly submissionId: string;
  /** Shell command to run. */
  readonly entrypoint: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly numCpus: number;
  /** Memory to reserve, bytes. */
  readonly memoryBytes: number;
}

/** Client of the Ray Jobs REST API of an existing cluster. */
export interface RayJobs {
  /** Reads the version of Ray. @throws `InputError` if no cluster responds. */
  version(): Promise<string>;
  submit(job: RayJob): Promise<void>;
  /** Reads state and message of a job; `undefined` if the cluster does not know the job. */
  status(
    submissionId: string,
  ): Promise<{ readonly status: RayJobStatus; readonly message: string } | undefined>;
  /** Reads the output of a job so far. */
  logs(submissionId: string): Promise<string>;
  stop(submissionId: string): Promise<void>;
}

const versionSchema = z.looseObject({ ray_version: z.string() });
const statusSchema = z.looseObject({
  status: z.enum(["PENDING", "RUNNING", "STOPPED", "SUCCEEDED", "FAILED"]),
  message: z.string().nullish(),
});
const logsSchema = z.looseObject({ logs: z.string().nullish() });
const anySchema = z.unknown();

/** Timeout of a request, seconds. */
const timeoutSeconds = 60;

/**
 * Connects to a cluster.
 * @param url - URL of the cluster's dashboard: `http://127.0.0.1:8265`.
 * @param token - Bearer token, if the cluster requires one; never part of an error.
 * @throws `InputError` if the URL has a user, a password, a query or a fragment.
 * @see https://docs.ray.io/en/latest/cluster/running-applications/job-submission/rest.html
 */
export function connectRay(url: string, token?: string): RayJobs {
  const base = parseRayUrl(url).replace(/\/+$/u, "");
  // Hide the token, because an answer of the server may repeat the request.
  const redact = (text: string): string =>
    token === undefined || token === "" ? text : text.replaceAll(token, "[token]");
  const call = async <T>(
    path: string,
    schema: z.ZodType<T>,
    body?: object,
  ): Promise<T | undefined> => {
    const address = `${base}${path}`;
    const response = await fetch(address, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(1000 * timeoutSeconds),
    }).catch((cause: Error) => {
      const reason = (cause.cause as Error | undefined)?.message ?? cause.message;
      throw new InputError(`${address}: no answer from a Ray cluster: ${reason}`, { cause });
    });
    const text = redact(await response.text());
    if (response.status === 404) return undefined;
    if (!response.ok) {
      // The last line of a Python stack trace is the error message.
      const reason = text.trim().split("\n").at(-1) ?? "";
      throw new InputError(
        `${address}: Ray refused the request with status ${response.status}: ${reason}`,
      );
    }
    let value: unknown;
    try {
      value = text === "" ? undefined : JSON.parse(text);
    } catch (cause) {
      throw new InputError(`${address}: Ray's answer is not valid JSON: ${text.slice(0, 80)}`, {
        cause,
      });
    }
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const { path: field, message } = parsed.error.issues[0]!;
    throw new InputError(
      `${address}: ${field.map(String).join(".") || "answer"} does not follow the Ray Jobs API: ${message}`,
    );
  };
  const job = (submissionId: string): string => `/api/jobs/${encodeURIComponent(submissionId)}`;
  const missing = (path: string): never => {
    throw new InputError(
      `${base}${path}: Ray does not provide the Jobs API at this address (status 404)`,
    );
  };
  return {
    version: async () =>
      (await call("/api/version", versionSchema))?.ray_version ?? missing("/api/version"),
    submit: async ({ submissionId, entrypoint, metadata, numCpus, memoryBytes }) => {
      const answer = await call("/api/jobs/", z.looseObject({}), {
        submission_id: submissionId,
        entrypoint,
        metadata,
        entrypoint_num_cpus: numCpus,
        entrypoint_memory: memoryBytes,
      });
      if (answer === undefined) missing("/api/jobs/");
    },
    status: async (submissionId) => {
      const answer = await call(job(submissionId), statusSchema);
      return answer && { status: answer.status, message: answer.message ?? "" };
    },
    logs: async (submissionId) => {
      const answer = await call(`${job(submissionId)}/logs`, logsSchema);
      return answer?.logs ?? "";
    },
    stop: async (submissionId) => {
      await call(`${job(submissionId)}/stop`, anySchema, {});
    },
  };
}

function parseRayUrl(url: string): string {
  try {
    return parseServerUrl("--ray", url).href;
  } catch (cause) {
    throw new InputError((cause as RangeError).message, { cause });
  }
}
