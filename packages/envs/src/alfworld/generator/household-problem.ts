import { domainConstants } from "./household-domain.ts";
import { treatments, type HouseholdTask } from "./household-task.ts";
import type { Household } from "./household.ts";
import { objectClasses, openableClasses, type Ability } from "./object-classes.ts";

const abilityPredicates: Readonly<Record<Ability, string>> = {
  clean: "cleanable",
  heat: "heatable",
  cool: "coolable",
  slice: "sliceable",
};

function goalFormula({ kind, objectClass, targetClass }: HouseholdTask): string {
  const objectIs = (variable: string): string => `(objectType ${variable} ${objectClass}Type)`;
  const isPlaced = (variable: string): string =>
    `${objectIs(variable)} (receptacleType ?r ${targetClass}Type) (inReceptacle ${variable} ?r)`;
  if (kind === "look_at_obj_in_light") {
    return `(and (exists (?a - agent ?l - location ?r - receptacle ?lamp - object)
    (and (objectType ?lamp ${targetClass}Type) (toggleable ?lamp) (isToggled ?lamp)
      (inReceptacle ?lamp ?r) (receptacleAtLocation ?r ?l) (atLocation ?a ?l)))
  (exists (?a - agent ?o - object) (and ${objectIs("?o")} (holds ?a ?o))))`;
  }
  if (kind === "pick_two_obj_and_place") {
    return `(exists (?r - receptacle ?o1 - object) (and ${isPlaced("?o1")}
  (exists (?o2 - object) (and (not (= ?o1 ?o2)) ${isPlaced("?o2")}))))`;
  }
  const treatment = treatments[kind];
  const isTreated =
    treatment === undefined
      ? ""
      : ` (${abilityPredicates[treatment.ability]} ?o) (${treatment.predicate} ?o)`;
  return `(exists (?r - receptacle ?o - object) (and ${isPlaced("?o")}${isTreated}))`;
}

/** Returns the distinct values, sorted by code point. */
function sortUnique(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}

/**
 * Writes a household as a planning problem of the household domain. Only classes and objects that
 * occur in it are declared.
 * @param name - Name of the problem, which players never see.
 */
export function householdProblem(
  { task, receptacles, objects, startLocation }: Household,
  name: string,
): string {
  const receptacleClasses = sortUnique(receptacles.map((receptacle) => receptacle.className));
  const classesOfObjects = sortUnique(objects.map((object) => object.className));
  const types = (classes: readonly string[], constants: readonly string[]): string =>
    sortUnique([...classes.map((className) => `${className}Type`), ...constants]).join(" ");

  const facts: string[] = [`(atLocation agent1 ${startLocation})`];
  for (const { id, className, location } of receptacles) {
    facts.push(
      `(receptacleType ${id} ${className}Type)`,
      `(receptacleAtLocation ${id} ${location})`,
    );
    if (openableClasses.has(className)) facts.push(`(openable ${id})`);
  }
  for (const { id, className, receptacle } of objects) {
    facts.push(
      `(objectType ${id} ${className}Type)`,
      `(inReceptacle ${id} ${receptacle.id})`,
      `(objectAtLocation ${id} ${receptacle.location})`,
    );
    const carried = objectClasses[className];
    if (carried === undefined) {
      if (className === "DeskLamp") facts.push(`(toggleable ${id})`);
      continue;
    }
    facts.push(`(pickupable ${id})`);
    if (carried.isVessel) facts.push(`(isReceptacleObject ${id})`);
    for (const ability of carried.abilities) facts.push(`(${abilityPredicates[ability]} ${id})`);
  }
  for (const receptacleClass of receptacleClasses) {
    for (const className of classesOfObjects) {
      if (objectClasses[className]?.receptacleClasses.includes(receptacleClass)) {
        facts.push(`(canContain ${receptacleClass}Type ${className}Type)`);
      }
    }
  }

  const locations = sortUnique([startLocation, ...receptacles.map(({ location }) => location)]);
  return `(define (problem ${name})
(:domain household)
(:objects
agent1 - agent
${locations.join(" ")} - location
${types(receptacleClasses, domainConstants.rtype)} - rtype
${types(classesOfObjects, domainConstants.otype)} - otype
${receptacles.map(({ id }) => id).join(" ")} - receptacle
${objects.map(({ id }) => id).join(" ")} - object)
(:init
${facts.join("\n")})
(:goal ${goalFormula(task)}))
`;
}
