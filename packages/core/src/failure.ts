/**
 * Kinds of failure of an episode:
 *
 * - `engine`: the container engine is unreachable or fails.
 * - `image`: a container image is missing or unusable, or the registry rejects the pull.
 * - `resources`: memory or disk ran out, or a worker thread ended.
 * - `network`: a server cannot be reached, or a connection breaks.
 * - `timeout`: a time limit of the rollout expired.
 * - `protocol`: a server's answer cannot be used.
 * - `environment`: an exception of the environment itself.
 */
export const failureKinds = [
  "engine",
  "image",
  "resources",
  "network",
  "timeout",
  "protocol",
  "environment",
] as const;

/** See {@link failureKinds}. */
export type FailureKind = (typeof failureKinds)[number];

/** Transient failures that say nothing about the agent: the episode is retried. */
const infrastructure: ReadonlySet<FailureKind> = new Set([
  "engine",
  "image",
  "network",
  "protocol",
]);

/** True for infrastructure failures: `engine`, `image`, `network`, `protocol`. */
export function isInfrastructure(kind: FailureKind): boolean {
  return infrastructure.has(kind);
}

/**
 * Error with a failure kind. Samplers and environments may throw it, or any other error with a
 * `kind` from {@link failureKinds}; a rollout records the failure as the outcome of the episode.
 */
export class FailureError extends Error {
  override readonly name: string = "FailureError";
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** Failure kind of each Node.js system error code. */
const kindsOfCodes: Readonly<Record<string, FailureKind>> = {
  EAI_AGAIN: "network",
  ECONNABORTED: "network",
  ECONNREFUSED: "network",
  ECONNRESET: "network",
  EHOSTUNREACH: "network",
  ENETDOWN: "network",
  ENETUNREACH: "network",
  ENOTFOUND: "network",
  EPIPE: "network",
  ETIMEDOUT: "network",
  UND_ERR_CONNECT_TIMEOUT: "network",
  UND_ERR_SOCKET: "network",
  EDQUOT: "resources",
  EMFILE: "resources",
  ENFILE: "resources",
  ENOMEM: "resources",
  ENOSPC: "resources",
};

/** Maximum number of causes followed; the chain may be a cycle. */
const maxCauses = 8;

/**
 * Finds the failure kind of an error: its `kind`, or else the kind that its system error code or
 * name implies, or else the kind of its cause. `undefined` if no error in the chain of causes has a
 * kind.
 *
 * @example
 * findFailureKind(new Error("step", { cause: new FailureError("engine", "unreachable") })); // "engine"
 */
export function findFailureKind(error: unknown): FailureKind | undefined {
  let link: unknown = error;
  for (let depth = 0; depth < maxCauses; depth++) {
    if (typeof link !== "object" || link === null) return undefined;
    const { kind, code, name, cause } = link as Readonly<Record<string, unknown>>;
    const declared = failureKinds.find((known) => known === kind);
    if (declared !== undefined) return declared;
    if (typeof code === "string" && Object.hasOwn(kindsOfCodes, code)) return kindsOfCodes[code];
    if (name === "TimeoutError") return "timeout";
    link = cause;
  }
  return undefined;
}
