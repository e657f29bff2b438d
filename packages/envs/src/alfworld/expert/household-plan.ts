import type {
  HouseholdView,
  PlanStep,
  ViewedLamp,
  ViewedObject,
  ViewedReceptacle,
} from "./household-view.ts";

/**
 * A node of the search. An edge is an errand: go to a receptacle if necessary, open it if
 * necessary, and perform one action. It is sufficient to search over errands, because going or
 * opening earlier never makes a plan shorter.
 */
interface SearchNode {
  readonly cost: number;
  readonly location: string;
  /** Index of the held object; `empty`, or `other` if the held object cannot fulfil the goal. */
  readonly held: number;
  /** Receptacles that the plan has opened, as ascending indices. */
  readonly opened: readonly number[];
  /** Indices of the receptacles that contain each object, `[object][...]`. */
  readonly inside: readonly (readonly number[])[];
  /** True for each object that was treated, `[object]`. */
  readonly treated: readonly boolean[];
  readonly isDone: boolean;
  readonly steps: readonly PlanStep[];
  readonly previous: SearchNode | undefined;
}

const empty = -1;
const other = -2;

/**
 * Drops redundant objects: of equivalent objects in the same location, only as many are kept as the
 * goal needs, because the choice between them does not affect the length of a plan.
 */
function distinctObjects(view: HouseholdView): ViewedObject[] {
  const needed = view.goal.kind === "place" ? view.goal.count : 1;
  const numAlike = new Map<string, number>();
  return view.objects.filter((object) => {
    if (object.id === view.held) return true;
    const kind = [
      object.isPickupable,
      object.isTreated,
      ...object.receptacles.map(({ id }) => id),
      ...view.receptacles.map((receptacle) =>
        receptacle.isTarget && view.accepts(receptacle, object.id) ? 1 : 0,
      ),
    ].join();
    const seen = numAlike.get(kind) ?? 0;
    numAlike.set(kind, seen + 1);
    return seen < needed;
  });
}

/**
 * Lists the locations where a plan may do something other than put an object down, see
 * `usefulReceptacles`.
 */
function busyLocations(view: HouseholdView, objects: readonly ViewedObject[]): Set<string> {
  const locations = new Set<string>([view.location]);
  for (const { receptacles } of objects) {
    for (const { location } of receptacles) locations.add(location);
  }
  for (const { isAppliance, location } of view.receptacles) {
    if (isAppliance) locations.add(location);
  }
  if (view.goal.kind === "look") {
    for (const { receptacles } of view.goal.lamps) {
      for (const { location } of receptacles) locations.add(location);
    }
  }
  return locations;
}

/**
 * Lists the receptacles that a shortest plan may need. At busy locations: all. At other locations:
 * one target of each type, because targets of the same type have the same door and accept the same
 * objects; and the cheapest receptacle for putting down the object that is held at the start.
 */
function usefulReceptacles(
  view: HouseholdView,
  objects: readonly ViewedObject[],
): ViewedReceptacle[] {
  const busy = busyLocations(view, objects);
  const sorts = new Set<string>();
  return view.receptacles.filter((receptacle) => {
    if (busy.has(receptacle.location)) return true;
    const { isTarget, isAccessible } = receptacle;
    const holdsHeld = view.held !== undefined && view.accepts(receptacle, view.held);
    const accepted = isTarget
      ? objects.map(({ id }) => (view.accepts(receptacle, id) ? 1 : 0))
      : [];
    const sort = [isAccessible, isTarget, holdsHeld, ...accepted].join();
    if ((!isTarget && !holdsHeld) || sorts.has(sort)) return false;
    sorts.add(sort);
    return true;
  });
}

/**
 * Finds a shortest sequence of actions that fulfils the goal of a household, by uniform-cost search
 * over errands (see `SearchNode`). Actions that no shortest plan contains are omitted: closing,
 * slicing, taking an object that cannot fulfil the goal, putting down a taken object anywhere but
 * at a target, and switching on a lamp before the last visit to it.
 * @returns The actions; empty if the goal already holds; `undefined` if it is unreachable.
 */
export function householdPlan(view: HouseholdView): readonly PlanStep[] | undefined {
  const objects = distinctObjects(view);
  const receptacles = usefulReceptacles(view, objects);
  const indexOf = new Map(receptacles.map((receptacle, index) => [receptacle.id, index]));
  const { goal } = view;

  const isFulfilled = (node: Pick<SearchNode, "inside" | "treated">): boolean =>
    goal.kind === "place" &&
    receptacles.some(
      ({ isTarget }, r) =>
        isTarget &&
        objects.filter((_, o) => node.inside[o]!.includes(r) && node.treated[o]).length >=
          goal.count,
    );

  const held = objects.findIndex(({ id }) => id === view.held);
  const start = {
    cost: 0,
    location: view.location,
    held: view.held === undefined ? empty : held < 0 ? other : held,
    opened: [],
    inside: objects.map((object) => object.receptacles.map(({ id }) => indexOf.get(id)!)),
    treated: objects.map(({ isTreated }) => isTreated),
    steps: [],
    previous: undefined,
  };

  /** Nodes by cost; a new node costs more than its predecessor. */
  const queue: SearchNode[][] = [[{ ...start, isDone: isFulfilled(start) }]];
  const visited = new Set<string>();

  const push = (
    node: SearchNode,
    r: ViewedReceptacle,
    needsAccess: boolean,
    act: PlanStep | undefined,
    change: Partial<Pick<SearchNode, "held" | "inside" | "treated" | "isDone">>,
  ): void => {
    const steps: PlanStep[] = [];
    const index = indexOf.get(r.id)!;
    let { opened } = node;
    if (r.location !== node.location) steps.push({ verb: "go", receptacle: r.id });
    if (needsAccess && !r.isAccessible && !opened.includes(index)) {
      steps.push({ verb: "open", receptacle: r.id });
      opened = [...opened, index].sort((a, b) => a - b);
    }
    if (act !== undefined) steps.push(act);
    const next = {
      ...node,
      ...change,
      opened,
      location: r.location,
      cost: node.cost + steps.length,
      steps,
      previous: node,
    };
    const isDone = next.isDone || isFulfilled(next);
    (queue[next.cost] ??= []).push(isDone === next.isDone ? next : { ...next, isDone });
  };

  const takeAll = (node: SearchNode): void => {
    objects.forEach((object, o) => {
      if (!object.isPickupable) return;
      for (const r of node.inside[o]!) {
        const receptacle = receptacles[r]!;
        push(
          node,
          receptacle,
          true,
          { verb: "take", object: object.id, receptacle: receptacle.id },
          {
            held: o,
            inside: node.inside.map((containers, i) =>
              i === o ? containers.filter((p) => p !== r) : containers,
            ),
          },
        );
      }
    });
  };

  const bringToLamp = (node: SearchNode, lamps: readonly ViewedLamp[]): void => {
    for (const lamp of lamps) {
      for (const receptacle of lamp.receptacles) {
        if (lamp.isOn && receptacle.location === node.location) {
          (queue[node.cost] ??= []).push({ ...node, isDone: true });
          continue;
        }
        const act: PlanStep = { verb: "use", object: lamp.id, receptacle: receptacle.id };
        push(node, receptacle, false, lamp.isOn ? undefined : act, { isDone: true });
      }
    }
  };

  const treat = (node: SearchNode): void => {
    const object = objects[node.held]!.id;
    for (const receptacle of receptacles) {
      if (!receptacle.isAppliance) continue;
      push(
        node,
        receptacle,
        false,
        { verb: "treat", object, receptacle: receptacle.id },
        { treated: node.treated.map((isTreated, i) => isTreated || i === node.held) },
      );
    }
  };

  const putDown = (node: SearchNode, object: string, onlyAtTargets: boolean): void => {
    receptacles.forEach((receptacle, r) => {
      if (onlyAtTargets && !receptacle.isTarget) return;
      if (!view.accepts(receptacle, object)) return;
      push(
        node,
        receptacle,
        true,
        { verb: "move", object, receptacle: receptacle.id },
        {
          held: empty,
          inside: node.inside.map((containers, i) =>
            i === node.held && !containers.includes(r) ? [...containers, r] : containers,
          ),
        },
      );
    });
  };

  for (let cost = 0; cost < queue.length; cost++) {
    const nodes = queue[cost] ?? [];
    // The list can grow during the loop: a lamp that is already on adds a node of the current cost.
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i]!;
      if (node.isDone) return stepsTo(node);
      const key = [
        node.location,
        node.held,
        node.opened.join(),
        node.treated.map(Number).join(),
        ...node.inside.map((containers) => containers.join()),
      ].join(";");
      if (visited.has(key)) continue;
      visited.add(key);

      const isStart = node.previous === undefined;
      if (node.held === empty) takeAll(node);
      else if (node.held === other) putDown(node, view.held!, false);
      else {
        if (goal.kind === "look") bringToLamp(node, goal.lamps);
        else if (goal.isTreatmentNeeded && !node.treated[node.held]) treat(node);
        putDown(node, objects[node.held]!.id, !isStart);
      }
    }
  }
  return undefined;
}

function stepsTo(last: SearchNode): readonly PlanStep[] {
  const steps: PlanStep[][] = [];
  for (let node: SearchNode | undefined = last; node !== undefined; node = node.previous) {
    steps.push([...node.steps]);
  }
  return steps.reverse().flat();
}
