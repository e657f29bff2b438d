/** Receptacle as the planner sees it. */
export interface ViewedReceptacle {
  readonly id: string;
  readonly location: string;
  /** True if it has no door or the door is open, so that objects can be put in and taken out. */
  readonly isAccessible: boolean;
  /** True if the goal requires objects to be placed here. */
  readonly isTarget: boolean;
  /** True if the receptacle performs the treatment of the goal, such as a sink for cleaning. */
  readonly isAppliance: boolean;
}

/** An object that can fulfil the goal. */
export interface ViewedObject {
  readonly id: string;
  readonly isPickupable: boolean;
  /** True if the treatment of the goal (clean, hot or cool) was done. */
  readonly isTreated: boolean;
  /** Receptacles that contain the object: several in some released games, none while it is held. */
  readonly receptacles: readonly ViewedReceptacle[];
}

/** Lamp of the class that the goal requires. */
export interface ViewedLamp {
  readonly id: string;
  readonly isOn: boolean;
  readonly receptacles: readonly ViewedReceptacle[];
}

/** Goal: objects in one target receptacle, or an object held next to a lamp. */
export type ViewedGoal =
  | { readonly kind: "place"; readonly count: 1 | 2; readonly isTreatmentNeeded: boolean }
  | { readonly kind: "look"; readonly lamps: readonly ViewedLamp[] };

/** All facts of a household on which shortest plans depend. The order of lists breaks ties. */
export interface HouseholdView {
  readonly goal: ViewedGoal;
  /** Location of the agent. */
  readonly location: string;
  /** Id of the held object; `undefined` if the agent holds none. */
  readonly held: string | undefined;
  readonly receptacles: readonly ViewedReceptacle[];
  /** All objects that can fulfil the goal. */
  readonly objects: readonly ViewedObject[];
  /** True if a receptacle accepts an object, regardless of its door. */
  accepts(receptacle: ViewedReceptacle, object: string): boolean;
}

/** Action of a plan. */
export type PlanStep =
  | { readonly verb: "go"; readonly receptacle: string }
  | { readonly verb: "open"; readonly receptacle: string }
  | {
      readonly verb: "take" | "move" | "treat" | "use";
      readonly object: string;
      readonly receptacle: string;
    };
