import { describe, expect, it } from "vitest";

import { householdPlan } from "./household-plan.ts";
import type {
  HouseholdView,
  PlanStep,
  ViewedGoal,
  ViewedObject,
  ViewedReceptacle,
} from "./household-view.ts";

function receptacle(id: string, more: Partial<ViewedReceptacle> = {}): ViewedReceptacle {
  return {
    id,
    location: `by ${id}`,
    isAccessible: true,
    isTarget: false,
    isAppliance: false,
    ...more,
  };
}

function object(
  id: string,
  receptacles: readonly ViewedReceptacle[],
  more: Partial<ViewedObject> = {},
): ViewedObject {
  return { id, isPickupable: true, isTreated: true, receptacles, ...more };
}

function plan(view: Partial<HouseholdView>): string[] | undefined {
  const steps = householdPlan({
    goal: { kind: "place", count: 1, isTreatmentNeeded: false },
    location: "the door",
    held: undefined,
    receptacles: [],
    objects: [],
    accepts: () => true,
    ...view,
  });
  return steps?.map((step: PlanStep) =>
    step.verb === "go" || step.verb === "open"
      ? `${step.verb} ${step.receptacle}`
      : `${step.verb} ${step.object} ${step.receptacle}`,
  );
}

const table = receptacle("table");
const fridge = receptacle("fridge", { isAccessible: false });
const sink = receptacle("sink", { isAppliance: true });
const shelf = receptacle("shelf", { isTarget: true });
const safe = receptacle("safe", { isTarget: true, isAccessible: false });
const clean: ViewedGoal = { kind: "place", count: 1, isTreatmentNeeded: true };

describe("householdPlan", () => {
  it("is empty if the goal holds", () => {
    expect(plan({ receptacles: [shelf], objects: [object("cup", [shelf])] })).toEqual([]);
  });

  it("prefers objects that need no door opened", () => {
    const objects = [object("cup 1", [fridge]), object("cup 2", [table])];
    expect(plan({ receptacles: [fridge, safe, shelf, table], objects })).toEqual([
      "go table",
      "take cup 2 table",
      "go shelf",
      "move cup 2 shelf",
    ]);
  });

  it("treats an object that is already held", () => {
    const objects = [
      object("cup 1", [table], { isTreated: false }),
      object("cup 2", [], { isTreated: false }),
    ];
    expect(
      plan({ goal: clean, receptacles: [shelf, sink, table], objects, held: "cup 2" }),
    ).toEqual(["go sink", "treat cup 2 sink", "go shelf", "move cup 2 shelf"]);
  });

  it("swaps the held object for a better one", () => {
    // Cleaning cup 2 takes four commands: two moves, cleaning, and putting it down.
    const stand = { ...table, location: shelf.location };
    const objects = [object("cup 1", [stand]), object("cup 2", [], { isTreated: false })];
    expect(
      plan({
        goal: clean,
        location: shelf.location,
        receptacles: [shelf, sink, stand],
        objects,
        held: "cup 2",
      }),
    ).toEqual(["move cup 2 shelf", "take cup 1 table", "move cup 1 shelf"]);
  });

  it("puts down a useless object where that is cheapest", () => {
    const objects = [object("cup", [fridge])];
    const accepts = ({ id }: ViewedReceptacle, name: string): boolean =>
      name === "cup" || id === "fridge" || id === "safe";
    expect(
      plan({ receptacles: [fridge, safe, shelf, table], objects, held: "knife", accepts }),
    ).toEqual([
      "go fridge",
      "open fridge",
      "move knife fridge",
      "take cup fridge",
      "go shelf",
      "move cup shelf",
    ]);
  });

  it("detects an unreachable goal", () => {
    const objects = [object("cup", [table])];
    expect(plan({ receptacles: [table], objects })).toBeUndefined();
    expect(plan({ receptacles: [shelf, table], objects: [] })).toBeUndefined();
    // An object that no receptacle accepts cannot be put down.
    expect(
      plan({
        receptacles: [shelf, table],
        objects,
        held: "roll",
        accepts: (_, name) => name !== "roll",
      }),
    ).toBeUndefined();
  });

  it("opens a target once for two objects, and puts both into the same one", () => {
    const goal: ViewedGoal = { kind: "place", count: 2, isTreatmentNeeded: false };
    const safes = ["safe 1", "safe 2"].map((id) => ({ ...safe, id, location: `by ${id}` }));
    const objects = [object("cd 1", [table]), object("cd 2", [table]), object("cd 3", [table])];
    expect(plan({ goal, receptacles: [...safes, table], objects })).toEqual([
      "go table",
      "take cd 1 table",
      "go safe 1",
      "open safe 1",
      "move cd 1 safe 1",
      "go table",
      "take cd 2 table",
      "go safe 1",
      "move cd 2 safe 1",
    ]);
    const oneThere = [object("cd 1", [table]), object("cd 2", [safes[1]!])];
    expect(plan({ goal, receptacles: [...safes, table], objects: oneThere })).toEqual([
      "go table",
      "take cd 1 table",
      "go safe 2",
      "open safe 2",
      "move cd 1 safe 2",
    ]);
  });

  it("does not walk between receptacles at the same location", () => {
    const drawers = [1, 2].map((i) => receptacle(`drawer ${i}`, { location: "chest" }));
    const [from, to] = [drawers[0]!, { ...drawers[1]!, isTarget: true, isAccessible: false }];
    expect(plan({ receptacles: [from, to], objects: [object("pen", [from])] })).toEqual([
      "go drawer 1",
      "take pen drawer 1",
      "open drawer 2",
      "move pen drawer 2",
    ]);
  });

  it("switches a lamp on with the object in hand, unless it is already on", () => {
    const desk = receptacle("desk");
    const view = (isOn: boolean): Partial<HouseholdView> => ({
      goal: { kind: "look", lamps: [{ id: "lamp", isOn, receptacles: [desk] }] },
      receptacles: [desk, table],
      objects: [object("book", [table])],
    });
    expect(plan(view(false))).toEqual(["go table", "take book table", "go desk", "use lamp desk"]);
    expect(plan(view(true))).toEqual(["go table", "take book table", "go desk"]);
    const held = { location: desk.location, held: "book" };
    expect(plan({ ...view(true), ...held, objects: [object("book", [])] })).toEqual([]);
  });

  it("counts an object in every receptacle that contains it", () => {
    // Some objects in released games are on two receptacles. Cleaning this one is enough, because
    // it stays on the shelf.
    const objects = [object("cup", [table, shelf], { isTreated: false })];
    expect(plan({ goal: clean, receptacles: [shelf, sink, table], objects })).toEqual([
      "go table",
      "take cup table",
      "go sink",
      "treat cup sink",
    ]);
  });
});
