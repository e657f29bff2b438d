import type { Random } from "@turnwise/core";

import { gameKinds, type GameKind } from "../game-kind.ts";
import { objectClasses, fixtureClasses, type Ability } from "./object-classes.ts";
import { roomPlans, type RoomPlan } from "./room-plans.ts";

/** Task types that can be generated: all {@link gameKinds}. */
export const householdTaskKinds: typeof gameKinds = gameKinds;

/** One of {@link householdTaskKinds}. */
export type HouseholdTaskKind = GameKind;

/** Task, and the type of room in which it takes place. */
export interface HouseholdTask {
  readonly kind: HouseholdTaskKind;
  readonly room: RoomPlan;
  /** Class of the object to place or to examine. */
  readonly objectClass: string;
  /** Receptacle class of the target; for `look_at_obj_in_light`, the class of the lamp. */
  readonly targetClass: string;
  /** Receptacle classes in which the object may be at the start, never the target. */
  readonly sourceClasses: readonly string[];
}

/** For each task type with a treatment: the required ability of the object, and the appliance. */
export const treatments: Readonly<
  Partial<
    Record<
      HouseholdTaskKind,
      { readonly ability: Ability; readonly appliance: string; readonly predicate: string }
    >
  >
> = {
  pick_clean_then_place_in_recep: {
    ability: "clean",
    appliance: "SinkBasin",
    predicate: "isClean",
  },
  pick_heat_then_place_in_recep: { ability: "heat", appliance: "Microwave", predicate: "isHot" },
  pick_cool_then_place_in_recep: { ability: "cool", appliance: "Fridge", predicate: "isCool" },
};

/** Lists all tasks of a type that a room allows, one list per possible object class. */
function tasksInRoom(kind: HouseholdTaskKind, room: RoomPlan): HouseholdTask[][] {
  const furniture = new Set(room.furniture.map((entry) => entry.receptacleClass));
  const treatment = treatments[kind];
  if (treatment !== undefined && !furniture.has(treatment.appliance)) return [];
  if (kind === "look_at_obj_in_light" && !room.fixtureClasses.includes("DeskLamp")) return [];
  const tasks: HouseholdTask[][] = [];
  for (const objectClass of room.objectClasses) {
    const { abilities, receptacleClasses } = objectClasses[objectClass]!;
    if (treatment !== undefined && !abilities.includes(treatment.ability)) continue;
    const here = receptacleClasses.filter((name) => furniture.has(name));
    const targets =
      kind === "look_at_obj_in_light"
        ? ["DeskLamp"]
        : here.filter((name) => name !== treatment?.appliance);
    const ofObject = targets
      .map((targetClass) => ({
        kind,
        room,
        objectClass,
        targetClass,
        sourceClasses: here.filter((name) => name !== targetClass),
      }))
      .filter((task) => task.sourceClasses.length > 0);
    if (ofObject.length > 0) tasks.push(ofObject);
  }
  return tasks;
}

const tasksByKind = new Map(
  householdTaskKinds.map((kind) => [
    kind,
    roomPlans.map((room) => tasksInRoom(kind, room)).filter((tasks) => tasks.length > 0),
  ]),
);

/** Draws a task: first the room, then the object, then the target, each uniformly. */
export function drawTask(kind: HouseholdTaskKind, random: Random): HouseholdTask {
  return random.choice(random.choice(random.choice(tasksByKind.get(kind)!)));
}

/** Lists the receptacle classes that a task needs, without the receptacles of its objects. */
export function requiredClasses(task: HouseholdTask, random: Random): string[] {
  const treatment = treatments[task.kind];
  if (task.kind !== "look_at_obj_in_light") {
    return treatment === undefined ? [task.targetClass] : [task.targetClass, treatment.appliance];
  }
  const furniture = new Set(task.room.furniture.map((entry) => entry.receptacleClass));
  return [random.choice(fixtureClasses["DeskLamp"]!.filter((name) => furniture.has(name)))];
}

/** The benchmark's two goal sentences for each task type. */
const goalTemplates: Readonly<Record<HouseholdTaskKind, readonly [string, string]>> = {
  pick_and_place_simple: ["put a OBJECT in TARGET", "put some OBJECT on TARGET"],
  look_at_obj_in_light: ["look at OBJECT under the TARGET", "examine the OBJECT with the TARGET"],
  pick_clean_then_place_in_recep: [
    "put a clean OBJECT in TARGET",
    "clean some OBJECT and put it in TARGET",
  ],
  pick_heat_then_place_in_recep: [
    "put a hot OBJECT in TARGET",
    "heat some OBJECT and put it in TARGET",
  ],
  pick_cool_then_place_in_recep: [
    "put a cool OBJECT in TARGET",
    "cool some OBJECT and put it in TARGET",
  ],
  pick_two_obj_and_place: ["put two OBJECT in TARGET", "find two OBJECT and put them in TARGET"],
};

/**
 * Writes the goal of a task in the benchmark's wording, without the full stop:
 * `put a clean mug in shelf`.
 */
export function drawGoalSentence(task: HouseholdTask, random: Random): string {
  return random
    .choice(goalTemplates[task.kind])
    .replace("OBJECT", task.objectClass.toLowerCase())
    .replace("TARGET", task.targetClass.toLowerCase());
}
