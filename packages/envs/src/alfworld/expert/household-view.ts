/** A receptacle as a plan sees it. */
export interface ViewedReceptacle {
  readonly id: string;
  readonly location: string;
  /** Whether things can be put in and taken out now: it has no door, or the door is open. */
  readonly isAccessible: boolean;
  /** Whether the goal wants its things here. */
  readonly isTarget: boolean;
  /** Whether it gives its visitor what the goal asks for: a sink, where something is to be clean. */
  readonly isAppliance: boolean;
}

/** An object that can fulfil the goal. */
export interface ViewedObject {
  readonly id: string;
  readonly isPickupable: boolean;
  /** Whether it is clean, hot or cool already, where the goal asks for it. */
  readonly isTreated: boolean;
  /** The receptacles it is in: more than one in some released games, none while it is held. */
  readonly receptacles: readonly ViewedReceptacle[];
}

/** A lamp that the goal asks for. */
export interface ViewedLamp {
  readonly id: string;
  readonly isOn: boolean;
  readonly receptacles: readonly ViewedReceptacle[];
}

/** What the goal asks for: things in one target receptacle, or a thing in the hand by a lamp. */
export type ViewedGoal =
  | { readonly kind: "place"; readonly count: 1 | 2; readonly isTreatmentNeeded: boolean }
  | { readonly kind: "look"; readonly lamps: readonly ViewedLamp[] };

/** All of a household that shortest plans depend on. Lists are in the order that breaks ties. */
export interface HouseholdView {
  readonly goal: ViewedGoal;
  /** Where the agent is. */
  readonly location: string;
  /** The id of what the agent holds. */
  readonly held: string | undefined;
  readonly receptacles: readonly ViewedReceptacle[];
  /** The objects that can fulfil the goal; no others. */
  readonly objects: readonly ViewedObject[];
  /** Whether a receptacle takes an object, its door aside. */
  accepts(receptacle: ViewedReceptacle, object: string): boolean;
}

/** One action of a plan. */
export type PlanStep =
  | { readonly verb: "go"; readonly receptacle: string }
  | { readonly verb: "open"; readonly receptacle: string }
  | {
      readonly verb: "take" | "move" | "treat" | "use";
      readonly object: string;
      readonly receptacle: string;
    };
