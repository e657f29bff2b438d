import type { Random } from "@turnwise/core";

import { fixtureClasses, objectClasses, openableClasses } from "../generator/object-classes.ts";
import { classOfName } from "./told.ts";

const placesByClass = new Map<string, readonly string[]>([
  ...Object.entries(objectClasses).map(
    ([name, { places }]) =>
      [name.toLowerCase(), places.map((place) => place.toLowerCase())] as const,
  ),
  ...Object.entries(fixtureClasses).map(
    ([name, places]) => [name.toLowerCase(), places.map((place) => place.toLowerCase())] as const,
  ),
]);
const openable = new Set([...openableClasses].map((name) => name.toLowerCase()));

/**
 * An order in which to look for a thing: by how likely it is in each receptacle and what a look
 * costs (a closed one costs two commands), with chance enough that two searches differ.
 * @param className - Of the thing, in lower case; of an unknown class all places are equally likely.
 * @param receptacles - Names of the receptacles.
 */
export function searchOrder(
  className: string,
  receptacles: readonly string[],
  random: Random,
): string[] {
  const places = placesByClass.get(className);
  const numOfClass = new Map<string, number>();
  for (const name of receptacles) {
    numOfClass.set(classOfName(name), (numOfClass.get(classOfName(name)) ?? 0) + 1);
  }
  const score = (name: string): number => {
    const place = classOfName(name);
    const rank = places?.indexOf(place) ?? 0;
    const likelihood = rank < 0 ? 0.01 : 1 / (rank + 2);
    const cost = openable.has(place) ? 2 : 1;
    // Gumbel noise of scale 0.4: an exact choice by score would always search alike.
    const noise = -0.4 * Math.log(-Math.log(random.next() || Number.MIN_VALUE));
    return Math.log(likelihood / (numOfClass.get(place)! * cost)) + noise;
  };
  return receptacles
    .map((name) => ({ name, score: score(name) }))
    .sort((a, b) => b.score - a.score)
    .map(({ name }) => name);
}
