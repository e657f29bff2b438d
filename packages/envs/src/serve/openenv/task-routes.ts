import * as z from "zod";
import { checkInput } from "../check-input.ts";
import { replyJson, type HttpReply, type HttpRoute } from "../http/http-messages.ts";
import { SessionError } from "../session-error.ts";
import type { SessionManager } from "../session-manager.ts";

/** Maximum number of tasks that `/tasks` lists. */
const maxListed = 10_000;

const bodySchema = z.object({
  split: z.string(),
  index: z.int().optional(),
  start: z.int().nullish(),
  stop: z.int().nullish(),
});

/** Type of a split in the API, by its name. */
function typeOf(split: string): "train" | "validation" | "test" {
  if (/train/u.test(split)) return "train";
  return /test|unseen/u.test(split) ? "test" : "validation";
}

/**
 * Routes that list environments, splits and tasks: OpenEnv's Task API, which OpenReward's sessions
 * also use for discovery.
 */
export function createTaskRoutes(sessions: SessionManager): HttpRoute[] {
  const describeError = (error: unknown): HttpReply => {
    if (!(error instanceof SessionError)) return replyJson({ detail: String(error) }, 500);
    const status = error.code === "unknown" ? 404 : error.code === "tasks" ? 503 : 400;
    return replyJson({ detail: error.message }, status);
  };
  type Body = z.infer<typeof bodySchema>;
  const post = (
    name: string,
    answer: (environment: string, body: Body, numTasks: number) => Promise<object>,
  ): HttpRoute => ({
    method: "POST",
    path: `/{environment}/${name}`,
    describeError,
    handle: async ({ body }, { environment = "" }) => {
      const { name: found } = sessions.findEnvironment(environment);
      const given = checkInput("body", bodySchema, body);
      const splits = await sessions.listSplits(found);
      const split = splits.find((one) => one.name === given.split);
      if (split === undefined) throw new SessionError("invalid", "Invalid split");
      return replyJson(await answer(found, given, split.numTasks));
    },
  });
  const list = async (
    environment: string,
    split: string,
    start: number,
    stop: number,
  ): Promise<object[]> => {
    const tasks = await sessions.listTasks(environment, split, start, stop);
    return tasks.map(({ id, kind }, i) => ({ id, kind, split, index: start + i }));
  };
  return [
    {
      method: "GET",
      path: "/list_environments",
      describeError,
      handle: () => replyJson(sessions.environments.map(({ name }) => name)),
    },
    {
      method: "GET",
      path: "/{environment}/splits",
      describeError,
      handle: async (_request, { environment = "" }) => {
        const splits = await sessions.listSplits(environment);
        return replyJson(splits.map(({ name }) => ({ name, type: typeOf(name) })));
      },
    },
    post("tasks", async (environment, { split }, numTasks) => ({
      tasks: await list(environment, split, 0, Math.min(numTasks, maxListed)),
      env_name: environment,
    })),
    post("num_tasks", async (_environment, _body, numTasks) => ({ num_tasks: numTasks })),
    post("task", async (environment, { split, index }, numTasks) => {
      if (index === undefined || index < 0 || index >= numTasks) {
        const got = index ?? "none";
        throw new SessionError("invalid", `index must be in [0, ${numTasks - 1}], got ${got}`);
      }
      const [task] = await list(environment, split, index, index + 1);
      return { task };
    }),
    post("task_range", async (environment, { split, start, stop }, numTasks) => {
      // As in a Python slice, negative bounds count from the end.
      const bound = (value: number): number =>
        Math.min(numTasks, value < 0 ? Math.max(0, numTasks + value) : value);
      const from = bound(start ?? 0);
      const to = Math.min(bound(stop ?? numTasks), from + maxListed);
      return { tasks: from < to ? await list(environment, split, from, to) : [] };
    }),
  ];
}
