import type { Random, Task, Tokenizer, TrainingRow } from "@turnwise/core";
import type { AgentFormat, EnvironmentFactory, Observation, PastTurn } from "@turnwise/envs";

/** Decides the next action from what an agent is told; `undefined` gives up. */
export interface Demonstrator {
  next(observation: string): string | undefined;
}

/** One turn of a demonstration, as text. */
export interface DemonstratedTurn {
  readonly prompt: string;
  readonly response: string;
  /** What the environment was told. */
  readonly action: string;
  /** A slip that did nothing: seen, not imitated. */
  readonly isSlip: boolean;
}

/** Slips of a demonstrator: things it says now and then that have no effect. */
export interface Slips {
  /** How often, in [0, 1). */
  readonly share: number;
  /** What may be said; what would have an effect at the moment is not. */
  readonly actions: readonly string[];
  readonly random: Random;
}

/** An episode to imitate. */
export interface Demonstration {
  readonly task: Task;
  readonly turns: readonly DemonstratedTurn[];
  readonly isSuccess: boolean;
}

/**
 * Records an episode as a demonstrator plays it, in the words of an agent format.
 * @param parts.slips - Puts slips between the demonstrator's actions, of which it is not told: who
 *   imitates the record learns to go on after saying something that has no effect.
 */
export async function demonstrate(
  task: Task,
  demonstrator: Demonstrator,
  parts: {
    readonly createEnvironment: EnvironmentFactory;
    readonly format: AgentFormat;
    readonly maxTurns: number;
    readonly slips?: Slips;
  },
): Promise<Demonstration> {
  const environment = await parts.createEnvironment(task);
  const turns: DemonstratedTurn[] = [];
  const history: PastTurn[] = [];
  let observation: Observation & { readonly isSuccess?: boolean } = await environment.reset();
  const act = async (action: string, isSlip: boolean): Promise<void> => {
    turns.push({
      prompt: parts.format.prompt(history, observation),
      response: parts.format.write(action),
      action,
      isSlip,
    });
    history.push({ observation, action });
    observation = await environment.step(action);
  };
  while (turns.length < parts.maxTurns && observation.isSuccess !== true) {
    const action = demonstrator.next(observation.text);
    if (action === undefined) break;
    for (
      let slip = slipOf(parts.slips, observation);
      slip;
      slip = slipOf(parts.slips, observation)
    ) {
      await act(slip, true);
    }
    await act(action, false);
  }
  await environment.close();
  return { task, turns, isSuccess: observation.isSuccess === true };
}

/**
 * Episodes of one demonstrator a task, in the order of tasks.
 * @param demonstratorOf - Makes the demonstrator of a task, anew for each episode.
 * @param parts.slipShare - How often it slips, in [0, 1): into an action of any demonstration.
 */
export async function demonstrateAll(
  tasks: readonly Task[],
  demonstratorOf: (task: Task) => Demonstrator,
  parts: {
    readonly createEnvironment: EnvironmentFactory;
    readonly format: AgentFormat;
    readonly maxTurns: number;
    readonly slipShare: number;
    readonly random: Random;
  },
): Promise<Demonstration[]> {
  const { slipShare: share, random } = parts;
  const clean = await Promise.all(
    tasks.map((task) => demonstrate(task, demonstratorOf(task), parts)),
  );
  if (share === 0) return clean;
  const actions = [...new Set(clean.flatMap(({ turns }) => turns.map(({ action }) => action)))];
  return Promise.all(
    tasks.map((task) => {
      const slips = { share, actions, random: random.fork(`slips/${task.id}`) };
      return demonstrate(task, demonstratorOf(task), { ...parts, slips });
    }),
  );
}

/** Something to say that has no effect now, or `undefined` for no slip. */
function slipOf(
  slips: Slips | undefined,
  { admissibleActions = [] }: Observation,
): string | undefined {
  if (slips === undefined || slips.random.next() >= slips.share) return undefined;
  const action = slips.random.choice(slips.actions);
  return admissibleActions.includes(action) ? undefined : action;
}

/**
 * Classes that may stand for one another in demonstrations: the things that are carried about, and
 * the places that are visited. Places that something is done with (a sink to clean with) are neither.
 * @returns Two lists, sorted.
 */
export function exchangeableClasses(demonstrations: readonly Demonstration[]): string[][] {
  const found = (pattern: RegExp): Set<string> =>
    new Set(
      demonstrations.flatMap(({ turns }) =>
        turns.flatMap(({ action, isSlip }) => (isSlip ? [] : (pattern.exec(action)?.[1] ?? []))),
      ),
    );
  const things = found(/^take ([a-z]+) \d+ from /u);
  const places = found(/^go to ([a-z]+) \d+$/u);
  for (const appliance of found(/ with ([a-z]+) \d+$/u)) places.delete(appliance);
  return [[...things].sort(), [...places].sort()];
}

/**
 * The same demonstration about other things and places: classes are exchanged for one another,
 * within their list, throughout. Who imitates many such versions learns to read what is there
 * instead of remembering what was.
 */
export function renamed(
  demonstration: Demonstration,
  exchangeable: readonly (readonly string[])[],
  random: Random,
): Demonstration {
  const names = new Map(
    exchangeable.flatMap((classes) => {
      const shuffled = random.shuffle(classes);
      return classes.map((name, i) => [name, shuffled[i]!] as const);
    }),
  );
  const rename = (text: string): string =>
    text.replaceAll(/\b([a-z]+)(\d*)\b/gu, (word, name: string, number: string) =>
      names.has(name) ? `${names.get(name)!}${number}` : word,
    );
  return {
    ...demonstration,
    turns: demonstration.turns.map((turn) => ({
      ...turn,
      prompt: rename(turn.prompt),
      response: rename(turn.response),
      action: rename(turn.action),
    })),
  };
}

/** A demonstration in tokens: what is imitated, and how much each token counts. */
export interface ImitationRow {
  readonly tokens: readonly number[];
  /** Of each token from the second on, `[token - 1]`: 1 for responses, less for what is only read, 0 for slips. */
  readonly weights: Float32Array;
}

/**
 * A demonstration as token rows: one for all turns of a concatenated format, one a turn otherwise.
 * @param contextWeight - How much a token that the agent only reads counts, in [0, 1].
 */
export function imitationRows(
  demonstration: Demonstration,
  format: AgentFormat,
  tokenizer: Tokenizer,
  contextWeight: number,
): ImitationRow[] {
  const rows: ImitationRow[] = [];
  let tokens: number[] = [];
  let weights: number[] = [];
  const append = (added: readonly number[], weight: number): void => {
    tokens.push(...added);
    weights.push(...added.map(() => weight));
  };
  const finish = (): void => {
    if (tokens.length > 1) rows.push({ tokens, weights: Float32Array.from(weights.slice(1)) });
    tokens = [];
    weights = [];
  };
  for (const turn of demonstration.turns) {
    append(tokenizer.encode(turn.prompt), contextWeight);
    append([...tokenizer.encode(turn.response), tokenizer.endToken], turn.isSlip ? 0 : 1);
    if (format.presentation === "turn-wise") finish();
  }
  finish();
  return rows;
}

/** The rows of one optimizer step: their weights sum to one. */
export function toImitationBatch(rows: readonly ImitationRow[]): TrainingRow[] {
  const total = rows.reduce(
    (sum, { weights }) => sum + weights.reduce((inner, weight) => inner + weight, 0),
    0,
  );
  return rows.map(({ tokens, weights }) => ({
    tokens,
    spans: [{ turnIndex: 0, start: 1, length: tokens.length - 1 }],
    weights: weights.map((weight) => weight / total),
    fields: {},
  }));
}
