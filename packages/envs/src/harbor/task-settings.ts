import { parse, TomlError } from "smol-toml";
import * as z from "zod";
import { formatValue } from "../format-value.ts";
import { HarborTaskError } from "./task-error.ts";

/** Network of a phase of a task. */
export type TaskNetwork = "public" | "no-network";

/** Settings of a task, from its `task.toml`. */
export interface HarborSettings {
  /** Package name, `org/name`; `null` if the file names none. */
  readonly name: string | null;
  readonly category: string | null;
  readonly agent: {
    readonly timeoutSeconds: number | null;
    /** User of the agent's commands; `null` for the image's. */
    readonly user: string | null;
    readonly network: TaskNetwork;
  };
  readonly verifier: {
    readonly timeoutSeconds: number;
    readonly user: string | null;
    readonly network: TaskNetwork;
    readonly env: Readonly<Record<string, string>>;
  };
  readonly environment: {
    /** Image; `null`: it is built from `environment/Dockerfile`. */
    readonly image: string | null;
    readonly buildTimeoutSeconds: number;
    /** CPU limit, cores; `null`: the user's. */
    readonly cpus: number | null;
    /** Memory limit, MiB; `null`: the user's. */
    readonly memoryMegabytes: number | null;
    /** Folder in which commands start; `null`: the image's. */
    readonly folder: string | null;
    readonly env: Readonly<Record<string, string>>;
  };
  readonly solution: { readonly env: Readonly<Record<string, string>> };
  /** Fields that the format does not define. They are ignored, as in Harbor. */
  readonly unknownFields: readonly string[];
}

// The message of each schema is the rule that its value must follow.
const text = z.string({ error: "be text" }).min(1, { error: "not be empty" });
const user = z
  .union([text, z.int().nonnegative()], { error: "be a user name or id" })
  .transform(String);
const seconds = z.number({ error: "be a number > 0" }).positive({ error: "be a number > 0" });
const size = z
  .string({ error: "be a size such as 2G" })
  .regex(/^\s*\d+(?:\.\d+)?[GMK]\s*$/iu, { error: "be a size such as 2G" });
const table = z.record(z.string(), z.unknown(), { error: "be a table" });
const variables = z.record(z.string().regex(/^[A-Za-z_]\w*$/u), z.string({ error: "be text" }), {
  error: ({ code }) =>
    code === "invalid_key" ? "be a name of an environment variable" : "be a table of texts",
});
const network = z.enum(["public", "no-network"], {
  error: "be public or no-network (no host list is enforced here)",
});
const absent = (why: string) => z.undefined({ error: `be absent (${why})` }).optional();
const emptyList = (why: string) => z.array(z.unknown()).max(0, { error: `be empty (${why})` });

/** Network and user of a phase. */
const phase = {
  user: user.optional(),
  network_mode: network.optional(),
  allowed_hosts: emptyList("no host list is enforced here").optional(),
};

const environment = z.looseObject({
  docker_image: text.optional(),
  build_timeout_sec: seconds.default(600),
  cpus: seconds.optional(),
  memory_mb: seconds.optional(),
  memory: size.optional(),
  // There is no quota for the disk of a container.
  storage_mb: seconds.optional(),
  storage: size.optional(),
  network_mode: network.optional(),
  allowed_hosts: phase.allowed_hosts,
  allow_internet: z.boolean({ error: "be true or false" }).optional(),
  workdir: text.startsWith("/", { error: "be an absolute path" }).optional(),
  env: variables.default({}),
  os: z.literal("linux", { error: "be linux" }).optional(),
  gpus: z.literal(0, { error: "be 0 (containers have no GPU)" }).optional(),
  gpu_types: z.unknown().optional(),
  tpu: absent("containers have no TPU"),
  mcp_servers: emptyList("agents have no MCP client").optional(),
  skills_dir: absent("agents have no skills"),
  healthcheck: absent("health checks are not supported"),
});

const schema = z.looseObject({
  schema_version: z
    .string({ error: "be a version 1.x" })
    .regex(/^1(?:\.\d+)*$/u, { error: "be a version 1.x" })
    .optional(),
  task: z
    .looseObject({
      name: text.optional(),
      version: z.unknown().optional(),
      description: z.unknown().optional(),
      authors: z.unknown().optional(),
      keywords: z.unknown().optional(),
    })
    .optional(),
  source: z.unknown().optional(),
  // Harbor copies these files after the verifier; they do not affect the reward.
  artifacts: z.unknown().optional(),
  metadata: table.default({}),
  agent: z.looseObject({ ...phase, timeout_sec: seconds.optional() }).prefault({}),
  verifier: z
    .looseObject({
      ...phase,
      timeout_sec: seconds.default(600),
      env: variables.default({}),
      environment_mode: z
        .literal("shared", { error: "be shared (a separate verifier is not supported)" })
        .optional(),
      environment: absent("a separate verifier is not supported"),
      collect: emptyList("hooks are not supported").optional(),
    })
    .prefault({}),
  environment: environment.prefault({}),
  solution: z.looseObject({ env: variables.default({}) }).prefault({}),
  steps: absent("tasks of several steps are not supported"),
  multi_step_reward_mode: z.unknown().optional(),
  multi_step_reward_strategy: z.unknown().optional(),
});

/**
 * Parses the `task.toml` of a Harbor task (schema 1.x, with the earlier names `version`, `memory`
 * and `allow_internet`).
 * @param file - Name of the file, for messages.
 * @throws {@link HarborTaskError} naming the file, field, rule and value.
 */
export function parseTaskSettings(content: string, file: string): HarborSettings {
  const given = readToml(content, file);
  const { version, ...rest } = given;
  const result = schema.safeParse(
    version === undefined ? rest : { schema_version: version, ...rest },
  );
  if (!result.success) throw invalid(file, given, result.error.issues[0]!);
  const { agent, verifier, environment: world, solution, task, metadata } = result.data;
  const usual = world.network_mode ?? (world.allow_internet === false ? "no-network" : "public");
  if (world.network_mode === "public" && world.allow_internet === false) {
    throw new HarborTaskError(
      `${file}: environment.allow_internet must agree with environment.network_mode public, got false`,
    );
  }
  const { category } = metadata;
  return {
    name: task?.name ?? null,
    category: typeof category === "string" && category !== "" ? category : null,
    agent: {
      timeoutSeconds: agent.timeout_sec ?? null,
      user: agent.user ?? null,
      network: agent.network_mode ?? usual,
    },
    verifier: {
      timeoutSeconds: verifier.timeout_sec,
      user: verifier.user ?? null,
      network: verifier.network_mode ?? usual,
      env: verifier.env,
    },
    environment: {
      image: world.docker_image ?? null,
      buildTimeoutSeconds: world.build_timeout_sec,
      cpus: world.cpus ?? null,
      memoryMegabytes:
        world.memory_mb ?? (world.memory === undefined ? null : toMegabytes(world.memory)),
      folder: world.workdir ?? null,
      env: world.env,
    },
    solution: { env: solution.env },
    unknownFields: listUnknown(given),
  };
}

function readToml(content: string, file: string): Readonly<Record<string, unknown>> {
  try {
    return parse(content);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const reason = cause.message.split("\n", 1)[0]!.replace(/^Invalid TOML document: /u, "");
    throw new HarborTaskError(`${file}:${cause.line}:${cause.column}: must be TOML: ${reason}`, {
      cause,
    });
  }
}

function invalid(file: string, given: unknown, issue: z.core.$ZodIssue): HarborTaskError {
  const value = issue.path.reduce<unknown>(
    (parent, key) => (parent as Record<PropertyKey, unknown> | undefined)?.[key],
    given,
  );
  const field = issue.path.map(String).join(".");
  return new HarborTaskError(`${file}: ${field} must ${issue.message}, got ${formatValue(value)}`);
}

const factors: Readonly<Record<string, number>> = { G: 1024, M: 1, K: 1 / 1024 };

function toMegabytes(text: string): number {
  const trimmed = text.trim().toUpperCase();
  return Number(trimmed.slice(0, -1)) * factors[trimmed.at(-1)!]!;
}

/** Lists the fields that the schema does not name; `metadata` may have any. */
function listUnknown(given: Readonly<Record<string, unknown>>): string[] {
  const known = { version: null, ...schema.shape };
  const found = Object.keys(given).filter((key) => !Object.hasOwn(known, key));
  for (const [section, shape] of Object.entries(sectionShapes)) {
    for (const key of Object.keys((given[section] as object | undefined) ?? {})) {
      if (!Object.hasOwn(shape, key)) found.push(`${section}.${key}`);
    }
  }
  return found;
}

const sectionShapes: Readonly<Record<string, object>> = {
  task: schema.shape.task.unwrap().shape,
  agent: schema.shape.agent.unwrap().shape,
  verifier: schema.shape.verifier.unwrap().shape,
  environment: environment.shape,
  solution: schema.shape.solution.unwrap().shape,
};
