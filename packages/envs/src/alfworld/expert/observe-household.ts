import type { Game, World } from "../game.ts";
import type { HouseholdGoal } from "./household-goal.ts";
import type { HouseholdView, ViewedReceptacle } from "./household-view.ts";

/** Facts that no operator can change. */
interface Fixed {
  readonly receptacles: readonly FixedReceptacle[];
  /** Ids of the objects that can fulfil the goal. */
  readonly objects: readonly string[];
  readonly lamps: readonly string[];
  readonly pickupable: ReadonlySet<string>;
  readonly classesOf: ReadonlyMap<string, readonly string[]>;
  /** Pairs of receptacle class and accepted object class, each joined into one text. */
  readonly accepted: ReadonlySet<string>;
}

interface FixedReceptacle {
  readonly id: string;
  readonly location: string;
  readonly isOpenable: boolean;
  readonly isTarget: boolean;
  readonly isAppliance: boolean;
}

const known = new WeakMap<Game, { readonly goal: HouseholdGoal; readonly fixed: Fixed }>();

function firstArguments(world: World, predicate: string): Set<string> {
  return new Set(world.facts(predicate).map(([id = ""]) => id));
}

/** Maps the first argument of each fact to the list of second arguments. */
function pairs(world: World, predicate: string): Map<string, string[]> {
  const result = new Map<string, string[]>();
  for (const [first = "", second = ""] of world.facts(predicate)) {
    const list = result.get(first);
    if (list === undefined) result.set(first, [second]);
    else list.push(second);
  }
  return result;
}

function lookAround(world: World, goal: HouseholdGoal): Fixed {
  const classesOf = new Map([...pairs(world, "objecttype"), ...pairs(world, "receptacletype")]);
  const ofClass = (className: string): string[] =>
    world
      .facts("objecttype")
      .filter(([, of]) => of === className)
      .map(([id = ""]) => id);
  const openable = firstArguments(world, "openable");
  const treatment = goal.kind === "place" ? goal.treatment : undefined;
  const able = treatment === undefined ? undefined : firstArguments(world, treatment.ability);
  return {
    receptacles: world.facts("receptacleatlocation").map(([id = "", location = ""]) => {
      const classes = classesOf.get(id) ?? [];
      return {
        id,
        location,
        isOpenable: openable.has(id),
        isTarget: goal.kind === "place" && classes.includes(goal.receptacleClass),
        isAppliance:
          treatment !== undefined && classes.some((name) => treatment.appliances.includes(name)),
      };
    }),
    objects: ofClass(goal.objectClass).filter((id) => able?.has(id) !== false),
    lamps: goal.kind === "look" ? ofClass(goal.lampClass) : [],
    pickupable: firstArguments(world, "pickupable"),
    classesOf,
    accepted: new Set(world.facts("cancontain").map((classes) => classes.join(" "))),
  };
}

/**
 * Extracts from a world the facts that a plan for a goal depends on. The domain must follow the
 * rules of households.
 * @returns The view; `undefined` for an unusual household: with no agent or several agents, a
 *   receptacle at two locations, a relevant object at an unreachable location, or a portable lamp.
 */
export function observeHousehold(world: World, goal: HouseholdGoal): HouseholdView | undefined {
  let entry = known.get(world.game);
  if (entry?.goal !== goal) {
    entry = { goal, fixed: lookAround(world, goal) };
    known.set(world.game, entry);
  }
  const { fixed } = entry;

  const locations = world.facts("atlocation");
  const holdings = world.facts("holds");
  const location = locations[0]?.[1];
  const numFull = world.facts("holdsany").length;
  if (location === undefined || locations.length > 1) return undefined;
  if (holdings.length > 1 || numFull !== holdings.length) return undefined;

  const opened = firstArguments(world, "opened");
  const receptacles = new Map<string, ViewedReceptacle>();
  for (const { isOpenable, ...receptacle } of fixed.receptacles) {
    if (receptacles.has(receptacle.id)) return undefined;
    const isAccessible = !isOpenable || opened.has(receptacle.id);
    receptacles.set(receptacle.id, { ...receptacle, isAccessible });
  }

  const inside = pairs(world, "inreceptacle");
  let isReachable = true;
  const receptaclesOf = (id: string): ViewedReceptacle[] =>
    (inside.get(id) ?? []).flatMap((name) => {
      const receptacle = receptacles.get(name);
      if (receptacle === undefined) isReachable = false;
      return receptacle ?? [];
    });
  const treated =
    goal.kind === "place" && goal.treatment !== undefined
      ? firstArguments(world, goal.treatment.predicate)
      : undefined;
  const objects = fixed.objects.map((id) => ({
    id,
    isPickupable: fixed.pickupable.has(id),
    isTreated: treated === undefined || treated.has(id),
    receptacles: receptaclesOf(id),
  }));
  const isOn = firstArguments(world, "istoggled");
  const canToggle = firstArguments(world, "toggleable");
  const lamps = fixed.lamps
    .filter((id) => isOn.has(id) || canToggle.has(id))
    .map((id) => ({ id, isOn: isOn.has(id), receptacles: receptaclesOf(id) }));
  if (!isReachable || fixed.lamps.some((id) => fixed.pickupable.has(id))) return undefined;

  return {
    goal:
      goal.kind === "look"
        ? { kind: "look", lamps }
        : {
            kind: "place",
            count: goal.count,
            isTreatmentNeeded: goal.treatment !== undefined,
          },
    location,
    held: holdings[0]?.[1],
    receptacles: [...receptacles.values()],
    objects,
    accepts: (receptacle, object) =>
      (fixed.classesOf.get(receptacle.id) ?? []).some((receptacleClass) =>
        (fixed.classesOf.get(object) ?? []).some((objectClass) =>
          fixed.accepted.has(`${receptacleClass} ${objectClass}`),
        ),
      ),
  };
}
