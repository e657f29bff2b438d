import * as z from "zod";
import { setting } from "../setting.ts";
import { checkInput } from "./check-input.ts";
import type { ServedEnvironment, SessionSettings } from "./served-environment.ts";
import { SessionError } from "./session-error.ts";
import type { Slot } from "./slot-order.ts";
import { snakeCase } from "./snake-case.ts";

/** Choice of the next task: by its position, by its id, or as the next task of an order. */
export type TaskChoice =
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "id"; readonly taskId: string }
  /**
   * First task of the order of a seed; later resets without a choice continue the order.
   */
  | { readonly kind: "seed"; readonly seed: number; readonly slot?: Slot }
  | { readonly kind: "next" };

/** Validated options of a reset. */
export interface SessionOptions {
  readonly choice: TaskChoice;
  /** Split. Absent: the split of the session's last reset, or the first split. */
  readonly split?: string;
  /** Name of the episode, chosen by the client for its records. */
  readonly episodeId?: string;
  readonly maxTurns?: number;
  readonly isPrompted: boolean;
  readonly listsActions: boolean;
  readonly settings: SessionSettings;
}

/** Options that all environments have, as received from clients. */
const commonOptions = {
  split: setting(z.string().min(1).optional(), "Split of the task; the first one by default"),
  index: setting(z.int().nonnegative().optional(), "Position of the task in its split, from 0"),
  task_id: setting(z.string().min(1).optional(), "Id of the task"),
  seed: setting(
    z.int().nonnegative().max(0xffff_ffff).optional(),
    "Seed of the order of tasks: the first task of the reference's shuffle; each later reset without a choice plays the next",
  ),
  slots: setting(
    z.int().positive().optional(),
    "With a seed: number of sessions that draw their tasks together, as verl-agent draws the goals of WebShop; tasks are counted in the order of their ids",
    "sessions",
  ),
  slot: setting(
    z.int().nonnegative().optional(),
    "With slots: position of this session among them, from 0",
  ),
  episode_id: setting(z.string().max(255).optional(), "Name of the episode; has no effect"),
  prompts: setting(
    z.boolean().optional(),
    "True to play in the agent's format: observations are prompts, and commands are whole responses",
  ),
  admissible_actions: setting(
    z.boolean().default(true),
    "True to list the actions that have an effect, if the environment knows them",
  ),
};

/** Names of options that choose a task; at most one may be given. */
const choices = ["index", "task_id", "seed"] as const;

const schemas = new WeakMap<ServedEnvironment, z.ZodObject>();

/** Schema of the options of a reset, in snake case. */
export function findOptionsSchema(environment: ServedEnvironment): z.ZodObject {
  let schema = schemas.get(environment);
  if (schema === undefined) {
    schema = createOptionsSchema(environment);
    schemas.set(environment, schema);
  }
  return schema;
}

function createOptionsSchema({ settings, maxTurns }: ServedEnvironment): z.ZodObject {
  const own = Object.entries(settings).map(([name, schema]) => [snakeCase(name), schema]);
  return z.strictObject({
    ...commonOptions,
    max_turns: setting(
      z.int().positive().max(maxTurns).optional(),
      `Maximum number of turns, at most ${maxTurns}`,
      "turns",
    ),
    ...(Object.fromEntries(own) as Readonly<Record<string, z.ZodType>>),
  });
}

/**
 * Checks the options of a reset.
 * @throws `SessionError` with code `invalid`, as {@link checkInput} does.
 */
export function parseSessionOptions(
  environment: ServedEnvironment,
  value: unknown,
): SessionOptions {
  const data: Readonly<Record<string, unknown>> = checkInput(
    "reset",
    findOptionsSchema(environment),
    value,
  );
  const given = choices.filter((name) => data[name] !== undefined);
  if (given.length > 1) {
    const message = `reset.${given[0]} must be the only choice of a task, got ${given.join(" and ")}`;
    throw new SessionError("invalid", message, {
      errors: [{ type: "conflict", loc: given, msg: message }],
    });
  }
  checkSlot(data);
  const settings = Object.fromEntries(
    Object.keys(environment.settings).flatMap((name) => {
      const chosen = data[snakeCase(name)];
      return chosen === undefined ? [] : [[name, chosen]];
    }),
  );
  return {
    choice: readChoice(data),
    ...(data["split"] !== undefined && { split: data["split"] as string }),
    ...(data["episode_id"] !== undefined && { episodeId: data["episode_id"] as string }),
    ...(data["max_turns"] !== undefined && { maxTurns: data["max_turns"] as number }),
    isPrompted: (data["prompts"] as boolean | undefined) ?? environment.isPrompted ?? false,
    listsActions: data["admissible_actions"] as boolean,
    settings,
  };
}

function readChoice(data: Readonly<Record<string, unknown>>): TaskChoice {
  if (data["index"] !== undefined) return { kind: "index", index: data["index"] as number };
  if (data["task_id"] !== undefined) return { kind: "id", taskId: data["task_id"] as string };
  if (data["seed"] === undefined) return { kind: "next" };
  const { seed, slot, slots } = data as Readonly<Record<string, number | undefined>>;
  return {
    kind: "seed",
    seed: seed!,
    ...(slots !== undefined && { slot: { slot: slot!, slots } }),
  };
}

/** @throws `SessionError` if the options of a shared draw do not fit together. */
function checkSlot(data: Readonly<Record<string, unknown>>): void {
  const { seed, slot, slots } = data as Readonly<Record<string, number | undefined>>;
  if (slot === undefined && slots === undefined) return;
  const rule =
    seed === undefined || slot === undefined || slots === undefined
      ? "reset.slot must be given together with seed and slots"
      : slot >= slots
        ? `reset.slot must be in [0, ${slots - 1}], got ${slot}`
        : undefined;
  if (rule === undefined) return;
  throw new SessionError("invalid", rule, {
    errors: [{ type: "conflict", loc: ["slot"], msg: rule }],
  });
}
