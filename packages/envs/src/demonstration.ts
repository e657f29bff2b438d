import type { Random, Task } from "@turnwise/core";
import type { AgentFormat, PastTurn } from "./agent-format.ts";
import type { EnvironmentFactory, Observation } from "./environment.ts";

/** Scripted player: chooses the next action for an observation; `undefined` gives up. */
export interface ScriptedPlayer {
  next(observation: string): string | undefined;
}

/** One turn of a demonstration, as text. */
export interface DemonstratedTurn {
  readonly prompt: string;
  readonly response: string;
  /** Action sent to the environment. */
  readonly action: string;
  /** True for a deliberate no-op, which is part of the context but is not imitated. */
  readonly isSlip: boolean;
}

/** No-op actions mixed into a demonstration. */
export interface Slips {
  /** Probability of a no-op before each action, in [0, 1). */
  readonly share: number;
  /** Candidate no-ops; candidates that are admissible in the current state are skipped. */
  readonly actions: readonly string[];
  readonly random: Random;
}

/** Episode to imitate. */
export interface Demonstration {
  readonly task: Task;
  readonly turns: readonly DemonstratedTurn[];
  readonly isSuccess: boolean;
}

/**
 * Records an episode that a scripted player plays, in an agent format.
 * @param parts.slips - No-ops to insert between the player's actions, without the player's
 *   knowledge, so that an imitating policy learns to recover from actions without effect.
 */
export async function demonstrate(
  task: Task,
  player: ScriptedPlayer,
  parts: {
    readonly createEnvironment: EnvironmentFactory;
    readonly format: AgentFormat;
    readonly maxTurns: number;
    readonly slips?: Slips;
  },
): Promise<Demonstration> {
  const environment = await parts.createEnvironment(task);
  try {
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
      const action = player.next(observation.text);
      if (action === undefined) break;
      let slip: string | undefined;
      while ((slip = drawSlip(parts.slips, observation)) !== undefined) await act(slip, true);
      await act(action, false);
    }
    return { task, turns, isSuccess: observation.isSuccess === true };
  } finally {
    await environment.close();
  }
}

/**
 * Records one demonstration per task, in the order of tasks.
 * @param createPlayer - Creates the player of a task; called once per episode.
 * @param parts.slipShare - Probability of a no-op before each action, in [0, 1).
 * @param parts.canSlip - Selects the demonstrated actions from which no-ops are drawn. Default:
 *   all.
 */
export async function demonstrateAll(
  tasks: readonly Task[],
  createPlayer: (task: Task) => ScriptedPlayer,
  parts: {
    readonly createEnvironment: EnvironmentFactory;
    readonly format: AgentFormat;
    readonly maxTurns: number;
    readonly slipShare: number;
    readonly canSlip?: (action: string) => boolean;
    readonly random: Random;
  },
): Promise<Demonstration[]> {
  const { slipShare: share, canSlip = () => true, random } = parts;
  const clean = await Promise.all(
    tasks.map((task) => demonstrate(task, createPlayer(task), parts)),
  );
  if (share === 0) return clean;
  const played = clean.flatMap(({ turns }) => turns.map(({ action }) => action));
  const actions = [...new Set(played.filter(canSlip))];
  return Promise.all(
    tasks.map((task) => {
      const slips = { share, actions, random: random.fork(`slips/${task.id}`) };
      return demonstrate(task, createPlayer(task), { ...parts, slips });
    }),
  );
}

/** Draws a no-op for the current state; `undefined` for none. */
function drawSlip(
  slips: Slips | undefined,
  { admissibleActions = [] }: Observation,
): string | undefined {
  if (slips === undefined || slips.random.next() >= slips.share) return undefined;
  const action = slips.random.choice(slips.actions);
  return admissibleActions.includes(action) ? undefined : action;
}
