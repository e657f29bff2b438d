import type { Random } from "@turnwise/core";

import { fixtureClasses, objectClasses, openableClasses } from "../generator/object-classes.ts";
import { classOfName } from "./parse-observation.ts";

const lowerCase = (names: readonly string[]): readonly string[] =>
  names.map((name) => name.toLowerCase());
const receptaclesByClass = new Map<string, readonly string[]>([
  ...Object.entries(objectClasses).map(
    ([name, { receptacleClasses }]) => [name.toLowerCase(), lowerCase(receptacleClasses)] as const,
  ),
  ...Object.entries(fixtureClasses).map(
    ([name, classes]) => [name.toLowerCase(), lowerCase(classes)] as const,
  ),
]);
const openable = new Set([...openableClasses].map((name) => name.toLowerCase()));

/**
 * Chooses the order in which to search receptacles for an object: by the probability of finding it
 * there and the cost of looking (two commands if closed), with random noise, so that searches
 * differ.
 * @param className - Class of the object, in lower case; for an unknown class all receptacles are
 *   equally likely.
 * @param receptacles - Names of the receptacles.
 */
export function searchOrder(
  className: string,
  receptacles: readonly string[],
  random: Random,
): string[] {
  const classes = receptaclesByClass.get(className);
  const numOfClass = new Map<string, number>();
  for (const name of receptacles) {
    numOfClass.set(classOfName(name), (numOfClass.get(classOfName(name)) ?? 0) + 1);
  }
  const score = (name: string): number => {
    const receptacleClass = classOfName(name);
    const rank = classes?.indexOf(receptacleClass) ?? 0;
    const likelihood = rank < 0 ? 0.01 : 1 / (rank + 2);
    const cost = openable.has(receptacleClass) ? 2 : 1;
    // Gumbel noise of scale 0.4; without noise every search would be the same.
    const noise = -0.4 * Math.log(-Math.log(random.next() || Number.MIN_VALUE));
    return Math.log(likelihood / (numOfClass.get(receptacleClass)! * cost)) + noise;
  };
  return receptacles
    .map((name) => ({ name, score: score(name) }))
    .sort((a, b) => b.score - a.score)
    .map(({ name }) => name);
}
