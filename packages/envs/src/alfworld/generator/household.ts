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

/** How much there is in a room. */
export const householdSizes = ["tiny", "small", "medium", "large"] as const;

/** One of {@link householdSizes}. */
export type HouseholdSize = (typeof householdSizes)[number];

/** Something to put things on or in. */
export interface Receptacle {
  readonly id: string;
  readonly className: string;
  readonly location: string;
}

/** Something that is on or in a receptacle. */
export interface PlacedObject {
  readonly id: string;
  readonly className: string;
  readonly receptacle: Receptacle;
}

/** A furnished room with a task, before it is written down as a planning problem. */
export interface Household {
  readonly task: HouseholdTask;
  readonly receptacles: readonly Receptacle[];
  readonly objects: readonly PlacedObject[];
  /** Where the agent stands at first: there is nothing there. */
  readonly startLocation: string;
}

/** Options of {@link drawHousehold}. */
export interface HouseholdOptions {
  readonly size: HouseholdSize;
  readonly taskKind: HouseholdTaskKind;
  /** The chance of each receptacle to stand where an earlier one does, in [0, 1]. */
  readonly sharedLocations: number;
}

/** Numbers of receptacles and objects; a full-size room takes the former from its plan. */
const sizes: Readonly<
  Record<
    HouseholdSize,
    {
      readonly receptacles?: readonly [min: number, max: number];
      /** How many of one class at most. */
      readonly perClass: number;
      readonly objects: readonly [min: number, max: number];
      /** The chance of another object of the kind that the task asks for, again and again. */
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

/** The classes of a room's receptacles, one entry for each. */
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

/** One of the places, the first ones more likely: the weight of place i is 1 / (i + 2). */
function drawPlace(places: readonly string[], random: Random): string {
  const total = places.reduce((sum, _, i) => sum + 1 / (i + 2), 0);
  let rest = random.next() * total;
  for (let i = 0; i < places.length; i++) {
    rest -= 1 / (i + 2);
    if (rest < 0) return places[i]!;
  }
  return places.at(-1)!;
}

/** Furnishes a room for a task of the kind: solvable, and not solved. */
export function drawHousehold(
  { size, taskKind, sharedLocations }: HouseholdOptions,
  random: Random,
): Household {
  const task = drawTask(taskKind, random);
  const { room, objectClass } = task;
  const sourceClass = drawPlace(task.sourceClasses, random);
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
  const place = (className: string, places: readonly string[]): void => {
    const present = places.filter((place) => byClass.has(place));
    if (present.length === 0) return;
    const receptacle = random.choice(byClass.get(drawPlace(present, random))!);
    objects.push({ id: ids.thing(className, points.get(receptacle)!), className, receptacle });
  };

  // What the task is about comes first; nothing of its class lies at the target.
  place(objectClass, [sourceClass]);
  if (taskKind === "pick_two_obj_and_place") place(objectClass, task.sourceClasses);
  while (random.next() < sizes[size].spareChance) place(objectClass, task.sourceClasses);
  const lamps = fixtureClasses["DeskLamp"]!.filter((place) => required.has(place));
  if (taskKind === "look_at_obj_in_light") place("DeskLamp", lamps);

  for (const fixture of room.fixtureClasses) {
    if (fixture !== task.targetClass && random.next() < 0.3)
      place(fixture, fixtureClasses[fixture]!);
  }
  const distractors = room.objectClasses.filter(
    (className) =>
      className !== objectClass &&
      objectClasses[className]!.places.some((place) => byClass.has(place)),
  );
  const numObjects = between(sizes[size].objects, random);
  while (objects.length < numObjects && distractors.length > 0) {
    const className = random.choice(distractors);
    place(className, objectClasses[className]!.places);
  }
  return { task, receptacles, objects, startLocation };
}
