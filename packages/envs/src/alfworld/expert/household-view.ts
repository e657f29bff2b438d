/** Planner's view of a receptacle. */
export interface ViewedReceptacle {
  readonly id: string;
  readonly location: string;
  /** True if it has no door or the door is open, so that objects can be put in and taken out. */
  readonly isAccessible: boolean;
  /** True if the goal places its objects here. */
  readonly isTarget: boolean;
  /** True if it performs the treatment of the goal: a sink if the goal is to clean. */
  readonly isAppliance: boolean;
}

/** An object that can fulfil the goal. */
export interface ViewedObject {
  readonly id: string;
  readonly isPickupable: boolean;
  /** True if the treatment of the goal (clean, hot or cool) was done. */
  readonly isTreated: boolean;
  /** Receptacles that contain it: more than one in some released games, none while it is held. */
  readonly receptacles: readonly ViewedReceptacle[];
}

/** A lamp of the goal's class. */
export interface ViewedLamp {
  readonly id: string;
  readonly isOn: boolean;
  readonly receptacles: readonly ViewedReceptacle[];
}

/** Goal: objects in one target receptacle, or an object in the hand next to a lamp. */
export type ViewedGoal =
  | { readonly kind: "place"; readonly count: 1 | 2; readonly isTreatmentNeeded: boolean }
  | { readonly kind: "look"; readonly lamps: readonly ViewedLamp[] };

/**
 * Everything in a household that shortest plans depend on. Lists are in the order that breaks ties.
 */
export interface HouseholdView {
  readonly goal: ViewedGoal;
  /** Location of the agent. */
  readonly location: string;
  /** Id of the held object. */
  readonly held: string | undefined;
  readonly receptacles: readonly ViewedReceptacle[];
  /** All objects that can fulfil the goal. */
  readonly objects: readonly ViewedObject[];
  /** True if a receptacle accepts an object, regardless of its door. */
  accepts(receptacle: ViewedReceptacle, object: string): boolean;
}

/** An action of a plan. */
export type PlanStep =
  | { readonly verb: "go"; readonly receptacle: string }
  | { readonly verb: "open"; readonly receptacle: string }
  | {
      readonly verb: "take" | "move" | "treat" | "use";
      readonly object: string;
      readonly receptacle: string;
    };
