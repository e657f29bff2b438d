import type { Random } from "@turnwise/core";

import {
  drawTask,
  requiredClasses,
  type HouseholdTask,
  type HouseholdTaskKind,
} from "./household-task.ts";
import { fixtureClasses, objectClasses } from "./object-classes.ts";
import { createPlacedIds, drawPoint, type Point } from "./placed-ids.ts";
import type { RoomPlan } from "./room-plans.ts";

/** Sizes of rooms. */
export const householdSizes = ["tiny", "small", "medium", "large"] as const;

/** One of {@link householdSizes}. */
export type HouseholdSize = (typeof householdSizes)[number];

/** Furniture that can hold objects. */
export interface Receptacle {
  readonly id: string;
  readonly className: string;
  readonly location: string;
}

/** Object on or in a receptacle. */
export interface PlacedObject {
  readonly id: string;
  readonly className: string;
  readonly receptacle: Receptacle;
}

/** Furnished room with a task, before it is written as a planning problem. */
export interface Household {
  readonly task: HouseholdTask;
  readonly receptacles: readonly Receptacle[];
  readonly objects: readonly PlacedObject[];
  /** Location of the agent at the start, where there is nothing else. */
  readonly startLocation: string;
}

/** Options of {@link drawHousehold}. */
export interface HouseholdOptions {
  readonly size: HouseholdSize;
  readonly taskKind: HouseholdTaskKind;
  /** Probability that a receptacle shares the location of an earlier one, in [0, 1]. */
  readonly sharedLocations: number;
}

/**
 * Numbers of receptacles and objects per size; for a full-size room, the room plan determines the
 * number of receptacles.
 */
const sizes: Readonly<
  Record<
    HouseholdSize,
    {
      readonly receptacles?: readonly [min: number, max: number];
      /** Maximum number of receptacles per class. */
      readonly perClass: number;
      readonly objects: readonly [min: number, max: number];
      /** Probability of each additional object of the required class. */
      readonly spareChance: number;
    }
  >
> = {
  tiny: { receptacles: [4, 5], perClass: 1, objects: [3, 5], spareChance: 0.1 },
  small: { receptacles: [5, 7], perClass: 2, objects: [5, 8], spareChance: 0.2 },
  medium: { receptacles: [10, 14], perClass: 4, objects: [12, 18], spareChance: 0.35 },
  large: { perClass: Infinity, objects: [22, 44], spareChance: 0.5 },
};

function between([min, max]: readonly [number, number], random: Random): number {
  return min + random.integer(max - min + 1);
}

/** Draws the receptacle classes of a room, with one entry per receptacle. */
function drawFurniture(
  room: RoomPlan,
  required: readonly string[],
  size: HouseholdSize,
  random: Random,
): string[] {
  const { receptacles, perClass } = sizes[size];
  const missing = [...required];
  const optional = room.furniture.flatMap(({ receptacleClass, count }) => {
    const drawn = receptacles === undefined ? between(count, random) : Math.min(count[1], perClass);
    const needed = missing.filter((className) => className === receptacleClass).length;
    return Array.from({ length: Math.max(0, drawn - needed) }, () => receptacleClass);
  });
  if (receptacles === undefined) return [...missing, ...optional];
  const free = Math.max(0, between(receptacles, random) - missing.length);
  return [...missing, ...random.shuffle(optional).slice(0, free)];
}

/** Draws a receptacle class; earlier classes are more likely: class i has weight 1 / (i + 2). */
function drawReceptacleClass(classes: readonly string[], random: Random): string {
  const total = classes.reduce((sum, _, i) => sum + 1 / (i + 2), 0);
  let rest = random.next() * total;
  for (let i = 0; i < classes.length; i++) {
    rest -= 1 / (i + 2);
    if (rest < 0) return classes[i]!;
  }
  return classes.at(-1)!;
}

/** Furnishes a room for a task of a type, so that the task is solvable and not yet solved. */
export function drawHousehold(
  { size, taskKind, sharedLocations }: HouseholdOptions,
  random: Random,
): Household {
  const task = drawTask(taskKind, random);
  const { room, objectClass } = task;
  const sourceClass = drawReceptacleClass(task.sourceClasses, random);
  const required = new Set([...requiredClasses(task, random), sourceClass]);

  const ids = createPlacedIds(random);
  const startLocation = ids.location();
  const points = new Map<Receptacle, Point>();
  const receptacles: Receptacle[] = [];
  const byClass = new Map<string, Receptacle[]>();
  for (const className of drawFurniture(room, [...required], size, random)) {
    const point = drawPoint(random);
    const isShared = receptacles.length > 0 && random.next() < sharedLocations;
    const receptacle: Receptacle = {
      id: ids.thing(className, point),
      className,
      location: isShared ? random.choice(receptacles).location : ids.location(),
    };
    receptacles.push(receptacle);
    points.set(receptacle, point);
    byClass.set(className, [...(byClass.get(className) ?? []), receptacle]);
  }

  const objects: PlacedObject[] = [];
  const addObject = (className: string, classes: readonly string[]): void => {
    const present = classes.filter((name) => byClass.has(name));
    if (present.length === 0) return;
    const receptacle = random.choice(byClass.get(drawReceptacleClass(present, random))!);
    objects.push({ id: ids.thing(className, points.get(receptacle)!), className, receptacle });
  };

  // Place the objects of the task first; no object of their class is at the target.
  addObject(objectClass, [sourceClass]);
  if (taskKind === "pick_two_obj_and_place") addObject(objectClass, task.sourceClasses);
  while (random.next() < sizes[size].spareChance) addObject(objectClass, task.sourceClasses);
  const lamps = fixtureClasses["DeskLamp"]!.filter((name) => required.has(name));
  if (taskKind === "look_at_obj_in_light") addObject("DeskLamp", lamps);

  for (const fixture of room.fixtureClasses) {
    if (fixture !== task.targetClass && random.next() < 0.3)
      addObject(fixture, fixtureClasses[fixture]!);
  }
  const distractors = room.objectClasses.filter(
    (className) =>
      className !== objectClass &&
      objectClasses[className]!.receptacleClasses.some((name) => byClass.has(name)),
  );
  const numObjects = between(sizes[size].objects, random);
  while (objects.length < numObjects && distractors.length > 0) {
    const className = random.choice(distractors);
    addObject(className, objectClasses[className]!.receptacleClasses);
  }
  return { task, receptacles, objects, startLocation };
}
