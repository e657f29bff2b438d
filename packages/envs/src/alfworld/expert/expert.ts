import type { Game, GameState, Operator, World } from "../game.ts";
import { LoadedGame } from "../loaded-game.ts";
import { breadthFirstPlan } from "./breadth-first.ts";
import { type HouseholdGoal, readHouseholdGoal } from "./household-goal.ts";
import { householdPlan } from "./household-plan.ts";
import { hasHouseholdRules } from "./household-rules.ts";
import type { PlanStep } from "./household-view.ts";
import { observeHousehold } from "./observe-household.ts";

/** How many worlds a search may look at in a game that is no household, before it gives up. */
const maxWorlds = 200_000;

const treatments: ReadonlySet<string> = new Set(["cleanobject", "heatobject", "coolobject"]);

/** Whether an operator does what a step of a plan says. */
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

/** The operators of a plan; `undefined` if the game does not have them. */
function operatorsOf(world: World, plan: readonly PlanStep[]): Operator[] | undefined {
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

/** The goal of a game that is a household; `undefined` for other games. */
function householdGoalOf(game: Game): HouseholdGoal | undefined {
  if (!(game instanceof LoadedGame)) return undefined;
  if (!goals.has(game)) {
    const { domain, problem } = game;
    goals.set(game, hasHouseholdRules(domain) ? readHouseholdGoal(problem, domain) : undefined);
  }
  return goals.get(game);
}

/**
 * A shortest sequence of operators to the goal of a game; always the same one for a world.
 *
 * In households (all released and all generated games) it searches over errands, which takes well
 * under a millisecond in a full-size room. Other games are searched breadth-first.
 * @returns None if the goal holds already; `undefined` if it is out of reach, as it is for whoever
 *   holds something that no receptacle accepts.
 * @throws `Error` if a game that is no household has no plan within 200,000 worlds.
 */
export function shortestPlan(world: World): readonly Operator[] | undefined {
  if (world.isGoal) return [];
  const goal = householdGoalOf(world.game);
  const view = goal === undefined ? undefined : observeHousehold(world, goal);
  if (view === undefined) return breadthFirstPlan(world, { maxWorlds });
  const plan = householdPlan(view);
  if (plan === undefined) return undefined;
  return operatorsOf(world, plan) ?? breadthFirstPlan(world, { maxWorlds });
}

/**
 * The commands of a shortest way to win from here, as {@link shortestPlan} finds it. It knows what
 * no player can see: its plans go straight to things that were never shown.
 * @returns Its length is the number of commands that are still needed: none if the game is won;
 *   `undefined` if it cannot be won any more.
 */
export function expertPlan(state: GameState): readonly string[] | undefined {
  return shortestPlan(state.world)?.map(({ command }) => command);
}

/** The first command of {@link expertPlan}; `undefined` if the game is won or cannot be won. */
export function expertCommand(state: GameState): string | undefined {
  return expertPlan(state)?.[0];
}
