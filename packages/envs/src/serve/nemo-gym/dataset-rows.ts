import * as z from "zod";
import { checkInput } from "../check-input.ts";
import type { WriteChunk } from "../http/http-messages.ts";
import { SessionError } from "../session-error.ts";
import type { SessionManager } from "../session-manager.ts";
import { describeTools } from "../tools.ts";
import { waitForReply } from "../wait-for-reply.ts";

const requestSchema = z.strictObject({
  style: z.enum(["tools", "gymnasium"]),
  split: z.string(),
  start: z.int().nonnegative().default(0),
  stop: z.int().positive().optional(),
  reset: z.record(z.string(), z.unknown()).default({}),
});

/**
 * Prepares the dataset rows of tasks, one for each task, as NeMo-Gym reads them. In the style `tools` a row
 * has the tools and, as the prompt, the first observation; for that, each task is started once. In the style
 * `gymnasium` the server sends the first observation itself.
 * @param body - Style, split, range of positions, and other options of the resets.
 * @returns A function that writes the rows, one per line.
 * @throws `SessionError` for a wrong body or an unknown split.
 */
export async function createRows(
  sessions: SessionManager,
  environmentName: string | undefined,
  body: unknown,
): Promise<(write: WriteChunk) => Promise<void>> {
  const { style, split, start, stop, reset } = checkInput("rows", requestSchema, body);
  const environment = sessions.findEnvironment(environmentName);
  const splits = await sessions.listSplits(environment.name);
  const size = splits.find(({ name }) => name === split)?.numTasks;
  if (size === undefined) {
    const names = splits.map(({ name }) => name).join(", ");
    throw new SessionError("invalid", `rows.split must be one of ${names}, got ${split}`);
  }
  const tools = describeTools(environment, "parameters").map((tool) => ({
    type: "function",
    ...tool,
    strict: false,
  }));
  const createInput = async (options: object): Promise<object> => {
    if (style === "gymnasium") return { input: [] };
    const session = sessions.open(environment.name);
    try {
      const call = sessions.reset(session, { ...options, prompts: false });
      const { text } = await waitForReply(sessions, session, call);
      return { input: [{ role: "user", content: text }], tools };
    } finally {
      await sessions.close(session);
    }
  };
  return async (write) => {
    for (let index = start; index < Math.min(stop ?? size, size); index++) {
      const options = { ...reset, environment: environment.name, split, index };
      const row = {
        responses_create_params: await createInput({ ...reset, split, index }),
        reset: options,
      };
      if (!(await write(`${JSON.stringify(row)}\n`))) return;
    }
  };
}
