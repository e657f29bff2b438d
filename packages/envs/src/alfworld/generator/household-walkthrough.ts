import { householdPlan } from "../expert/household-plan.ts";
import type { ViewedReceptacle } from "../expert/household-view.ts";
import { treatments } from "./household-task.ts";
import type { Household } from "./household.ts";
import { assignNames } from "./numbered-names.ts";
import { objectClasses, openableClasses } from "./object-classes.ts";

/** Finds the commands of a shortest plan from the start of a household. */
export function householdWalkthrough({
  task,
  receptacles,
  objects,
  startLocation,
}: Household): string[] {
  const isLook = task.kind === "look_at_obj_in_light";
  const treatment = treatments[task.kind];
  const viewed = new Map<string, ViewedReceptacle>(
    receptacles.map(({ id, className, location }) => [
      id,
      {
        id,
        location,
        isAccessible: !openableClasses.has(className),
        isTarget: className === task.targetClass,
        isAppliance: className === treatment?.appliance,
      },
    ]),
  );
  const classOf = new Map(
    [...receptacles, ...objects].map(({ id, className }) => [id, className] as const),
  );
  const lamps = objects
    .filter(({ className }) => isLook && className === task.targetClass)
    .map(({ id, receptacle }) => ({ id, isOn: false, receptacles: [viewed.get(receptacle.id)!] }));
  const plan = householdPlan({
    goal: isLook
      ? { kind: "look", lamps }
      : {
          kind: "place",
          count: task.kind === "pick_two_obj_and_place" ? 2 : 1,
          isTreatmentNeeded: treatment !== undefined,
        },
    location: startLocation,
    held: undefined,
    receptacles: [...viewed.values()],
    objects: objects
      .filter(({ className }) => className === task.objectClass)
      .map(({ id, receptacle }) => ({
        id,
        isPickupable: true,
        isTreated: treatment === undefined,
        receptacles: [viewed.get(receptacle.id)!],
      })),
    accepts: ({ id }, object) =>
      objectClasses[classOf.get(object)!]!.receptacleClasses.includes(classOf.get(id)!),
  });
  if (plan === undefined) {
    throw new Error("householdWalkthrough: the drawn household has no plan");
  }
  const names = assignNames([...classOf.keys()]);
  return plan.map((step) => {
    const receptacle = names.get(step.receptacle)!;
    if (step.verb === "go") return `go to ${receptacle}`;
    if (step.verb === "open") return `open ${receptacle}`;
    const object = names.get(step.object)!;
    if (step.verb === "take") return `take ${object} from ${receptacle}`;
    if (step.verb === "move") return `move ${object} to ${receptacle}`;
    if (step.verb === "use") return `use ${object}`;
    return `${treatment!.ability} ${object} with ${receptacle}`;
  });
}
