import * as z from "zod";
import { checkInput } from "../check-input.ts";
import { toWireError, toWireResult, type WireResult } from "../openenv/wire.ts";
import { SessionError } from "../session-error.ts";
import type { SessionManager } from "../session-manager.ts";

/** A call for many sessions at once. */
export type BatchMethod = "environments" | "reset_many" | "step_many" | "close_many";

/** All calls. */
export const batchMethods: readonly BatchMethod[] = [
  "environments",
  "reset_many",
  "step_many",
  "close_many",
];

/** Maximum number of rows of a call. */
const maxRows = 4096;

const resetSchema = z.looseObject({
  session: z.string().optional(),
  environment: z.string().optional(),
});

const schemas = {
  environments: z.strictObject({}),
  reset_many: z.strictObject({ resets: z.array(resetSchema).max(maxRows) }),
  step_many: z.strictObject({
    steps: z.array(z.strictObject({ session: z.string(), command: z.string() })).max(maxRows),
  }),
  close_many: z.strictObject({ sessions: z.array(z.string()).max(maxRows) }),
} as const satisfies Readonly<Record<BatchMethod, z.ZodType>>;

/** Result of one row: the reply of its session, or an error of this row only. */
export type BatchRow =
  | ({ readonly session: string } & WireResult)
  | {
      readonly session: string | null;
      readonly error: { readonly code: string; readonly message: string };
    };

/**
 * Answers a call for many sessions. Its rows run concurrently; results have the order of the rows, and a
 * row that fails does not affect others.
 * @throws `SessionError` with code `invalid` for an unknown method or invalid parameters.
 */
export async function answerBatch(
  sessions: SessionManager,
  method: string,
  parameters: unknown,
): Promise<object> {
  switch (method) {
    case "environments": {
      checkInput(method, schemas[method], parameters);
      return { environments: await Promise.all(sessions.environments.map(describe)) };
    }
    case "reset_many": {
      const { resets } = checkInput(method, schemas[method], parameters);
      return { results: await Promise.all(resets.map((reset) => resetRow(reset))) };
    }
    case "step_many": {
      const { steps } = checkInput(method, schemas[method], parameters);
      const step = async ({ session, command }: (typeof steps)[number]): Promise<BatchRow> =>
        runRow(session, async () => toWireResult(await sessions.step(session, command)));
      return { results: await Promise.all(steps.map(step)) };
    }
    case "close_many": {
      const { sessions: ids } = checkInput(method, schemas[method], parameters);
      await Promise.all(ids.map((id) => sessions.close(id)));
      return {};
    }
    default:
      throw new SessionError(
        "invalid",
        `method must be one of ${batchMethods.join(", ")}, got ${JSON.stringify(method)}`,
      );
  }

  async function describe({ name, description, maxTurns }: (typeof sessions.environments)[number]) {
    const environment = { name, description, max_turns: maxTurns };
    try {
      const splits = await sessions.listSplits(name);
      const sizes = splits.map((split) => ({ name: split.name, num_tasks: split.numTasks }));
      return { ...environment, splits: sizes, error: null };
    } catch (error) {
      // An environment whose tasks do not open must not hide the others.
      return { ...environment, splits: [], error: toWireError(error).data };
    }
  }

  async function resetRow({
    session,
    environment,
    ...options
  }: z.infer<typeof resetSchema>): Promise<BatchRow> {
    if (session !== undefined) {
      return runRow(session, async () => toWireResult(await sessions.reset(session, options)));
    }
    let opened: string | undefined;
    try {
      opened = sessions.open(environment);
      return { session: opened, ...toWireResult(await sessions.reset(opened, options)) };
    } catch (error) {
      // Do not keep a session whose episode did not start.
      if (opened !== undefined) await sessions.close(opened);
      return { session: null, error: toWireError(error).data };
    }
  }
}

async function runRow(session: string, run: () => Promise<WireResult>): Promise<BatchRow> {
  try {
    return { session, ...(await run()) };
  } catch (error) {
    return { session, error: toWireError(error).data };
  }
}
