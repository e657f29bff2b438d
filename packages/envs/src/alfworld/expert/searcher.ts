import type { Random } from "@turnwise/core";

import type { Wording } from "../wording.ts";
import { searchOrder } from "./search-order.ts";
import {
  classOfName,
  readIntroduction,
  readReceptacle,
  readTask,
  type ParsedReceptacle,
  type ParsedTask,
} from "./parse-observation.ts";

/** Player whose commands depend only on the observations so far. */
export interface Searcher {
  /**
   * Chooses the next command.
   * @param observation - Answer of the game to the previous command; initially the introduction.
   * @returns The command; `undefined` to give up, because the player has searched everywhere twice
   *   or does not understand the task.
   * @throws `RangeError` if the first observation is not an introduction.
   */
  next(observation: string): string | undefined;
}

const applianceClasses = {
  clean: ["sinkbasin", "sink"],
  heat: ["microwave"],
  cool: ["fridge"],
} as const;

/** Options of {@link createSearcher}. */
export interface SearcherOptions {
  /** Wording of the game. Default `move`. */
  readonly wording?: Wording;
  /** Goal in the wording of released games, if the introduction states it in different words. */
  readonly goal?: string;
  /**
   * `share`: probability of a random command, in [0, 1), and `random`: its random stream. Random
   * commands go to any receptacle, take any object at the current one, or put down the held object,
   * so a game always remains solvable. Default: no random commands.
   */
  readonly hurry?: { readonly share: number; readonly random: Random };
}

/**
 * Creates a player for demonstrations. It visits receptacles, the most likely first, opens closed
 * ones, takes the requested object when it sees it, cleans, heats or cools it, and brings it to its
 * target; for tasks with a lamp it also searches for the lamp. Unlike a shortest plan, no command
 * depends on facts that were not observed. It must play from the start of a game.
 * @param random - Random stream for the order of the search.
 */
export function createSearcher(
  random: Random,
  { wording = "move", goal, hurry }: SearcherOptions = {},
): Searcher {
  let play: ((observation: string) => string | undefined) | undefined;
  return {
    next: (observation) => {
      if (play === undefined) {
        const introduction = readIntroduction(observation);
        if (introduction === undefined) {
          throw new RangeError(
            `Searcher.next: the first observation must be an introduction, got ${JSON.stringify(observation)}`,
          );
        }
        const { receptacles } = introduction;
        const task = goal === undefined ? introduction.task : readTask(goal);
        play =
          task === undefined
            ? () => undefined
            : searcherFor(task, receptacles, random, { wording, hurry });
      }
      return play(observation);
    },
  };
}

/** Knowledge of the searcher about a game. */
interface Known {
  readonly receptacles: Map<string, ParsedReceptacle>;
  /** For each receptacle, all receptacles at the same location, including itself. */
  readonly neighbours: Map<string, Set<string>>;
  /** Receptacle that was visited last. */
  at: string | undefined;
  held: string | undefined;
  /** Objects that were cleaned, heated or cooled as the task requires. */
  readonly treated: Set<string>;
  /** Commands that had no effect and must not be repeated. */
  readonly refused: Set<string>;
}

function searcherFor(
  task: ParsedTask,
  receptacles: readonly string[],
  random: Random,
  { wording, hurry }: { readonly wording: Wording; readonly hurry: SearcherOptions["hurry"] },
): (observation: string) => string | undefined {
  const known: Known = {
    receptacles: new Map(),
    neighbours: new Map(),
    at: undefined,
    held: undefined,
    treated: new Set(),
    refused: new Set(),
  };
  const objectOrder = searchOrder(task.objectClass, receptacles, random.fork("object"));
  const lampOrder =
    task.kind === "look" ? searchOrder(task.lampClass, receptacles, random.fork("lamp")) : [];
  const shuffled = random.fork("targets").shuffle(receptacles);
  let command: string | undefined;
  let numSearches = 0;

  const moveCommand = (object: string, target: string): string =>
    wording === "put" ? `put ${object} in/on ${target}` : `move ${object} to ${target}`;
  const isAt = (name: string): boolean =>
    known.at === name ||
    (known.at !== undefined && known.neighbours.get(known.at)?.has(name) === true);
  const contentsOf = (name: string): readonly string[] =>
    known.receptacles.get(name)?.contents ?? [];
  const contentsOfClass = (className: string, receptacle: string): string[] =>
    contentsOf(receptacle).filter((name) => classOfName(name) === className);

  /** Goes to a receptacle and opens it, if necessary; then returns `act`. */
  const reach = (name: string, act: string, needsAccess: boolean): string => {
    if (!isAt(name)) return `go to ${name}`;
    // A receptacle at the location of a visited one may not have been seen yet.
    if (needsAccess && !known.receptacles.has(name)) return `examine ${name}`;
    if (needsAccess && known.receptacles.get(name)?.door === "closed") return `open ${name}`;
    return act;
  };

  const explore = (order: readonly string[]): string | undefined => {
    const unseen = order.find((name) => known.receptacles.get(name)?.contents === undefined);
    if (unseen !== undefined) return reach(unseen, `examine ${unseen}`, true);
    numSearches++;
    if (numSearches > 1) return undefined;
    known.receptacles.clear();
    known.refused.clear();
    return explore(order);
  };

  /** Chooses the receptacle where the objects of the task must be placed. */
  const chooseTarget = (targetClass: string, held: string): string | undefined => {
    const candidates = shuffled.filter(
      (name) => classOfName(name) === targetClass && !known.refused.has(moveCommand(held, name)),
    );
    const isOpen = (name: string): boolean =>
      known.receptacles.has(name) && known.receptacles.get(name)!.door !== "closed";
    return (
      candidates.find((name) => contentsOfClass(task.objectClass, name).length > 0) ??
      candidates.find((name) => isAt(name) && isOpen(name)) ??
      candidates.find(isOpen) ??
      candidates.find(isAt) ??
      candidates[0]
    );
  };

  /**
   * Chooses a known object of the task's class, at the current receptacle if possible. In two-object
   * tasks, chooses no object that is already at the target.
   */
  const chooseObject = (): { object: string; receptacle: string } | undefined => {
    const nearestFirst = [...known.receptacles.keys()].sort(
      (a, b) => Number(isAt(b)) - Number(isAt(a)),
    );
    const target =
      task.kind === "place" && task.count === 2
        ? nearestFirst.find(
            (receptacle) =>
              classOfName(receptacle) === task.targetClass &&
              contentsOfClass(task.objectClass, receptacle).length > 0,
          )
        : undefined;
    // In some released games an object is in two receptacles.
    const placed = target === undefined ? [] : contentsOf(target);
    for (const receptacle of nearestFirst) {
      if (receptacle === target) continue;
      const object = contentsOfClass(task.objectClass, receptacle).find(
        (name) => !placed.includes(name) && !known.refused.has(`take ${name} from ${receptacle}`),
      );
      if (object !== undefined) return { object, receptacle };
    }
    return undefined;
  };

  const decide = (): string | undefined => {
    const { held } = known;
    if (held === undefined) {
      const found = chooseObject();
      if (found === undefined) return explore(objectOrder);
      return reach(found.receptacle, `take ${found.object} from ${found.receptacle}`, true);
    }
    // A random command has taken an object of another class.
    if (classOfName(held) !== task.objectClass && known.at !== undefined) {
      return reach(known.at, moveCommand(held, known.at), true);
    }
    if (task.kind === "look") {
      for (const receptacle of known.receptacles.keys()) {
        const lamp = contentsOfClass(task.lampClass, receptacle)[0];
        if (lamp !== undefined) return reach(receptacle, `use ${lamp}`, false);
      }
      return explore(lampOrder);
    }
    const { treatment } = task;
    if (treatment !== undefined && !known.treated.has(held)) {
      const classes: readonly string[] = applianceClasses[treatment];
      const appliances = shuffled.filter(
        (name) =>
          classes.includes(classOfName(name)) &&
          !known.refused.has(`${treatment} ${held} with ${name}`),
      );
      const appliance = appliances.find(isAt) ?? appliances[0];
      if (appliance === undefined) return undefined;
      return reach(appliance, `${treatment} ${held} with ${appliance}`, false);
    }
    const target = chooseTarget(task.targetClass, held);
    return target === undefined ? undefined : reach(target, moveCommand(held, target), true);
  };

  /** Draws a random command. */
  const chooseInHurry = (random: Random): string => {
    const { at, held } = known;
    if (at !== undefined && random.next() < 0.5) {
      if (held !== undefined) return reach(at, moveCommand(held, at), true);
      const contents = contentsOf(at);
      if (contents.length > 0) return `take ${random.choice(contents)} from ${at}`;
    }
    return `go to ${random.choice(receptacles.filter((name) => !isAt(name)))}`;
  };

  return (observation) => {
    if (command !== undefined) learn(known, command, observation);
    const isHurried = hurry !== undefined && hurry.random.next() < hurry.share;
    command = isHurried ? chooseInHurry(hurry.random) : decide();
    return command;
  };
}

/** Updates the knowledge from the answer to a command. */
function learn(known: Known, command: string, observation: string): void {
  const [, verb = "", first = "", second = ""] =
    /^(go|open|examine|take|move|put|use|clean|heat|cool) (?:to )?(\w+ \d+)(?: (?:from|to|in\/on|with) (\w+ \d+))?$/u.exec(
      command,
    ) ?? [];
  if (observation === "Nothing happens.") {
    // `go to` fails only for a receptacle at the current location, so this one is at the location
    // of the receptacle visited last.
    if (verb === "go" && known.at !== undefined) linkNeighbours(known, known.at, first);
    else known.refused.add(command);
    // A receptacle that can neither be opened nor examined contains nothing.
    if (verb === "open" || verb === "examine") {
      known.receptacles.set(first, { name: first, door: "none", contents: [] });
    }
    return;
  }
  const parsed = readReceptacle(observation);
  if (parsed !== undefined) known.receptacles.set(parsed.name, parsed);
  if (verb === "go") known.at = first;
  if (verb === "take") {
    known.held = first;
    changeContents(known, second, (contents) => contents.filter((name) => name !== first));
  }
  if (verb === "move" || verb === "put") {
    known.held = undefined;
    changeContents(known, second, (contents) => [...contents, first]);
  }
  if (verb === "clean" || verb === "heat" || verb === "cool") known.treated.add(first);
}

function changeContents(
  known: Known,
  receptacle: string,
  change: (contents: readonly string[]) => readonly string[],
): void {
  const entry = known.receptacles.get(receptacle);
  if (entry?.contents === undefined) return;
  known.receptacles.set(receptacle, { ...entry, contents: change(entry.contents) });
}

function linkNeighbours(known: Known, a: string, b: string): void {
  const all = new Set([
    a,
    b,
    ...(known.neighbours.get(a) ?? []),
    ...(known.neighbours.get(b) ?? []),
  ]);
  for (const name of all) known.neighbours.set(name, all);
}
