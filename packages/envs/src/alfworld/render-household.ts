import {
  boundState,
  stateVersion,
  type EnvironmentState,
  type HouseholdObject,
  type HouseholdReceptacle,
  type ObjectMark,
} from "@turnwise/core";
import type { Game, World } from "./game.ts";

/** Command that had an effect, and the world after it. */
export interface PerformedCommand {
  readonly command: string;
  readonly world: World;
}

/** Predicates of the household domain that describe the state of an object. */
const markPredicates: readonly (readonly [predicate: string, mark: ObjectMark])[] = [
  ["isclean", "clean"],
  ["ishot", "hot"],
  ["iscool", "cool"],
  ["istoggled", "on"],
  ["issliced", "sliced"],
];

interface Receptacle {
  readonly id: string;
  readonly name: string;
  readonly className: string;
  readonly number: number;
  readonly isOpenable: boolean;
}

/**
 * Creates a function that renders an episode of a game from the commands that had an effect so far.
 *
 * The agent knows the door of a receptacle once a command has named the receptacle. It knows the
 * contents once a command has named the receptacle while the door was open; after that, only the
 * agent itself can change the contents.
 * Objects inside objects are omitted. A game of another domain has no receptacles.
 */
export function createHouseholdRenderer(
  game: Game,
): (performed: readonly PerformedCommand[]) => EnvironmentState {
  const receptacles = findReceptacles(game);
  const addVisits = trackVisits(receptacles);
  return (performed) => {
    const world = performed.at(-1)?.world ?? game.initialWorld;
    const describeObject = describeObjects(game, world);
    const opened = collectIds(world, "opened");
    const visits = addVisits(performed);
    const contents = new Map<string, HouseholdObject[]>();
    for (const id of visits.seen) contents.set(id, []);
    for (const [object = "", receptacle = ""] of world.facts("inreceptacle")) {
      contents.get(receptacle)?.push(describeObject(object));
    }
    return boundState({
      kind: "household",
      version: stateVersion,
      goal: game.goal,
      isSolved: world.isGoal,
      location: visits.location ?? null,
      inventory: world.facts("holds").map(([, object = ""]) => describeObject(object)),
      receptacles: receptacles.map(({ id, name, isOpenable }): HouseholdReceptacle => {
        const door = isOpenable ? (opened.has(id) ? "open" : "closed") : "none";
        return {
          name,
          door: visits.known.has(id) ? door : "unknown",
          contents: contents.get(id) ?? null,
        };
      }),
    });
  };
}

const known = new WeakMap<Game, readonly Receptacle[]>();

/** Lists the receptacles of a game by class and number. All its episodes share them. */
function findReceptacles(game: Game): readonly Receptacle[] {
  let receptacles = known.get(game);
  if (receptacles === undefined) {
    const openable = collectIds(game.initialWorld, "openable");
    receptacles = [...collectIds(game.initialWorld, "receptacleatlocation")]
      .map((id) => ({ id, isOpenable: openable.has(id), ...splitName(findName(game, id)) }))
      .sort((a, b) =>
        a.className === b.className ? a.number - b.number : a.className < b.className ? -1 : 1,
      );
    known.set(game, receptacles);
  }
  return receptacles;
}

/** Splits a name such as `cabinet 2` into `cabinet` and 2. */
function splitName(name: string): Pick<Receptacle, "name" | "className" | "number"> {
  const match = /^(.*) (\d+)$/u.exec(name);
  return match === null
    ? { name, className: name, number: 0 }
    : { name, className: match[1]!, number: Number(match[2]) };
}

/** Knowledge of the agent about receptacles. */
interface Visits {
  /** Ids of receptacles whose door the agent has seen; `seen`: whose contents it has seen. */
  readonly known: Set<string>;
  readonly seen: Set<string>;
  location: string | undefined;
}

/**
 * Creates a function that tracks what the agent knows; a receptacle is named at the end of a
 * command.
 */
function trackVisits(
  receptacles: readonly Receptacle[],
): (performed: readonly PerformedCommand[]) => Visits {
  const visits: Visits = { known: new Set(), seen: new Set(), location: undefined };
  let numRead = 0;
  return (performed) => {
    for (; numRead < performed.length; numRead++) {
      const { command, world } = performed[numRead]!;
      const named = receptacles.find(({ name }) => command.endsWith(` ${name}`));
      if (named === undefined) continue;
      visits.known.add(named.id);
      if (!named.isOpenable || world.holds("opened", named.id)) visits.seen.add(named.id);
      if (command.startsWith("go to ")) visits.location = named.name;
    }
    return visits;
  };
}

function describeObjects(game: Game, world: World): (id: string) => HouseholdObject {
  const marked = markPredicates.map(
    ([predicate, mark]) => [collectIds(world, predicate), mark] as const,
  );
  return (id) => {
    const marks = marked.flatMap(([ids, mark]) => (ids.has(id) ? [mark] : []));
    return { name: findName(game, id), ...(marks.length > 0 && { marks }) };
  };
}

function collectIds(world: World, predicate: string): Set<string> {
  return new Set(world.facts(predicate).map(([id = ""]) => id));
}

// The name of an id without a class ends in a space.
const findName = (game: Game, id: string): string => (game.nameOf(id) ?? id).trim();
