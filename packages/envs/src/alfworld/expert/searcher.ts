import type { Random } from "@turnwise/core";

import type { Wording } from "../wording.ts";
import { searchOrder } from "./search-order.ts";
import {
  classOfName,
  readIntroduction,
  readReceptacle,
  readTask,
  type ToldReceptacle,
  type ToldTask,
} from "./told.ts";

/** A player that decides by what it was told so far and nothing else. */
export interface Searcher {
  /**
   * The next command.
   * @param observation - What the game answered to the command before; the introduction at first.
   * @returns `undefined` if it gives up: it has looked everywhere, twice, or does not understand
   *   the task.
   * @throws `RangeError` if the first observation is no introduction.
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
  /** The goal in the form of released games, where the introduction says it otherwise. */
  readonly goal?: string;
  /**
   * Share of commands that are given without thought, in [0, 1), and the source of their draws: go to
   * any receptacle, take any object here, or put down what is held. None makes a game unsolvable.
   * Default: none.
   */
  readonly hurry?: { readonly share: number; readonly random: Random };
}

/**
 * A player for demonstrations. It walks through the receptacles, likely ones first, opens what is
 * closed, takes what the task asks for when it sees it, cleans, heats or cools it, and brings it to
 * where it belongs; for a lamp it looks as well. Unlike a shortest plan, none of its commands
 * depends on what a player has not seen. It must play from the start of a game.
 * @param random - Decides between places that are about equally likely.
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

/** A game as far as it is known. */
interface Known {
  readonly receptacles: Map<string, ToldReceptacle>;
  /** Receptacles that were found at one place, each with all of them. */
  readonly neighbours: Map<string, Set<string>>;
  /** The receptacle that was visited last. */
  at: string | undefined;
  held: string | undefined;
  /** Objects that were cleaned, heated or cooled as the task asks. */
  readonly treated: Set<string>;
  /** Commands that had no effect: they are not tried again. */
  readonly refused: Set<string>;
}

function searcherFor(
  task: ToldTask,
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

  const place = (object: string, target: string): string =>
    wording === "put" ? `put ${object} in/on ${target}` : `move ${object} to ${target}`;
  const isAt = (name: string): boolean =>
    known.at === name ||
    (known.at !== undefined && known.neighbours.get(known.at)?.has(name) === true);
  const seenIn = (name: string): readonly string[] => known.receptacles.get(name)?.contents ?? [];
  const seenOfClass = (className: string, place: string): string[] =>
    seenIn(place).filter((name) => classOfName(name) === className);

  /** Goes to a receptacle and opens it, as far as that is needed; then says `act`. */
  const reach = (name: string, act: string, needsAccess: boolean): string => {
    if (!isAt(name)) return `go to ${name}`;
    // There are doors to look at even where one did not walk to: at the place of a neighbour.
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

  /** Where two of the objects are to meet, or one is to go. */
  const chooseTarget = (targetClass: string, held: string): string | undefined => {
    const candidates = shuffled.filter(
      (name) => classOfName(name) === targetClass && !known.refused.has(place(held, name)),
    );
    const isOpen = (name: string): boolean =>
      known.receptacles.has(name) && known.receptacles.get(name)!.door !== "closed";
    return (
      candidates.find((name) => seenOfClass(task.objectClass, name).length > 0) ??
      candidates.find((name) => isAt(name) && isOpen(name)) ??
      candidates.find(isOpen) ??
      candidates.find(isAt) ??
      candidates[0]
    );
  };

  /** A seen object of the class that is not where it belongs, the nearest first. */
  const chooseObject = (): { object: string; place: string } | undefined => {
    const places = [...known.receptacles.keys()].sort((a, b) => Number(isAt(b)) - Number(isAt(a)));
    const target =
      task.kind === "place" && task.count === 2
        ? places.find(
            (place) =>
              classOfName(place) === task.targetClass &&
              seenOfClass(task.objectClass, place).length > 0,
          )
        : undefined;
    // Some released games show one object in two places.
    const placed = target === undefined ? [] : seenIn(target);
    for (const place of places) {
      if (place === target) continue;
      const object = seenOfClass(task.objectClass, place).find(
        (name) => !placed.includes(name) && !known.refused.has(`take ${name} from ${place}`),
      );
      if (object !== undefined) return { object, place };
    }
    return undefined;
  };

  const decide = (): string | undefined => {
    const { held } = known;
    if (held === undefined) {
      const found = chooseObject();
      if (found === undefined) return explore(objectOrder);
      return reach(found.place, `take ${found.object} from ${found.place}`, true);
    }
    // Taken in a hurry.
    if (classOfName(held) !== task.objectClass && known.at !== undefined) {
      return reach(known.at, place(held, known.at), true);
    }
    if (task.kind === "look") {
      for (const place of known.receptacles.keys()) {
        const lamp = seenOfClass(task.lampClass, place)[0];
        if (lamp !== undefined) return reach(place, `use ${lamp}`, false);
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
    return target === undefined ? undefined : reach(target, place(held, target), true);
  };

  /** A command without thought. */
  const hurried = (random: Random): string => {
    const { at, held } = known;
    if (at !== undefined && random.next() < 0.5) {
      if (held !== undefined) return reach(at, place(held, at), true);
      const contents = seenIn(at);
      if (contents.length > 0) return `take ${random.choice(contents)} from ${at}`;
    }
    return `go to ${random.choice(receptacles.filter((name) => !isAt(name)))}`;
  };

  return (observation) => {
    if (command !== undefined) learn(known, command, observation);
    const isHurried = hurry !== undefined && hurry.random.next() < hurry.share;
    command = isHurried ? hurried(hurry.random) : decide();
    return command;
  };
}

/** Takes in the answer to a command. */
function learn(known: Known, command: string, observation: string): void {
  const [, verb = "", first = "", second = ""] =
    /^(go|open|examine|take|move|put|use|clean|heat|cool) (?:to )?(\w+ \d+)(?: (?:from|to|in\/on|with) (\w+ \d+))?$/u.exec(
      command,
    ) ?? [];
  if (observation === "Nothing happens.") {
    // One cannot go to where one is: the receptacle stands at the same place as the last one.
    if (verb === "go" && known.at !== undefined) join(known, known.at, first);
    else known.refused.add(command);
    // What can neither be opened nor looked at has nothing to offer.
    if (verb === "open" || verb === "examine") {
      known.receptacles.set(first, { name: first, door: "none", contents: [] });
    }
    return;
  }
  const told = readReceptacle(observation);
  if (told !== undefined) known.receptacles.set(told.name, told);
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
  place: string,
  change: (contents: readonly string[]) => readonly string[],
): void {
  const told = known.receptacles.get(place);
  if (told?.contents === undefined) return;
  known.receptacles.set(place, { ...told, contents: change(told.contents) });
}

function join(known: Known, a: string, b: string): void {
  const all = new Set([
    a,
    b,
    ...(known.neighbours.get(a) ?? []),
    ...(known.neighbours.get(b) ?? []),
  ]);
  for (const name of all) known.neighbours.set(name, all);
}
