import type { Game, GameState, Operator, World } from "../game.ts";
import { LoadedGame } from "../loaded-game.ts";
import { breadthFirstPlan } from "./breadth-first.ts";
import { type HouseholdGoal, readHouseholdGoal } from "./household-goal.ts";
import { householdPlan } from "./household-plan.ts";
import { hasHouseholdRules } from "./household-rules.ts";
import type { PlanStep } from "./household-view.ts";
import { observeHousehold } from "./observe-household.ts";

/** Maximum number of worlds to search in a game that is not a household. */
const maxWorlds = 200_000;

const treatments: ReadonlySet<string> = new Set(["cleanobject", "heatobject", "coolobject"]);

/** True if an operator performs the given step of a plan. */
function isStep({ action, arguments: ids }: Operator, step: PlanStep): boolean {
  if (!ids.includes(step.receptacle)) return false;
  switch (step.verb) {
    case "go":
      return action === "gotolocation";
    case "open":
      return action === "openobject";
    default:
  }
  if (!ids.includes(step.object)) return false;
  switch (step.verb) {
    case "take":
      return action === "pickupobject";
    case "move":
      return action === "putobject";
    case "use":
      return action === "toggleobject";
    default:
      return treatments.has(action);
  }
}

/** Finds the operators of a plan; `undefined` if the game does not have them. */
function findOperators(world: World, plan: readonly PlanStep[]): Operator[] | undefined {
  const operators: Operator[] = [];
  for (const step of plan) {
    const operator = world.operators().find((candidate) => isStep(candidate, step));
    if (operator === undefined) return undefined;
    operators.push(operator);
    world = world.apply(operator);
  }
  return world.isGoal ? operators : undefined;
}

const goals = new WeakMap<LoadedGame, HouseholdGoal | undefined>();

/** Reads the goal of a household game; `undefined` for other games. */
function getHouseholdGoal(game: Game): HouseholdGoal | undefined {
  if (!(game instanceof LoadedGame)) return undefined;
  if (!goals.has(game)) {
    const { domain, problem } = game;
    goals.set(game, hasHouseholdRules(domain) ? readHouseholdGoal(problem, domain) : undefined);
  }
  return goals.get(game);
}

/**
 * Finds a shortest sequence of operators to the goal; deterministic for a world.
 *
 * Household games (all released and generated games) are searched by errands (see `householdPlan`),
 * which takes well under a millisecond in a full-size room. Other games are searched breadth-first.
 * @returns The operators; empty if the goal already holds; `undefined` if it is unreachable, for
 * example if the agent holds an object that no receptacle accepts.
 * @throws `Error` if a game that is not a household has no plan within 200,000 worlds.
 */
export function shortestPlan(world: World): readonly Operator[] | undefined {
  if (world.isGoal) return [];
  const goal = getHouseholdGoal(world.game);
  const view = goal === undefined ? undefined : observeHousehold(world, goal);
  if (view === undefined) return breadthFirstPlan(world, { maxWorlds });
  const plan = householdPlan(view);
  if (plan === undefined) return undefined;
  return findOperators(world, plan) ?? breadthFirstPlan(world, { maxWorlds });
}

/**
 * Finds the commands of a shortest solution from a state, see {@link shortestPlan}. It uses hidden
 * information: plans go directly to objects that were never shown.
 * @returns The commands; empty if the game is won; `undefined` if it can no longer be won.
 */
export function expertPlan(state: GameState): readonly string[] | undefined {
  return shortestPlan(state.world)?.map(({ command }) => command);
}

/**
 * Returns the first command of {@link expertPlan}; `undefined` if the game is won or cannot be won.
 */
export function expertCommand(state: GameState): string | undefined {
  return expertPlan(state)?.[0];
}
