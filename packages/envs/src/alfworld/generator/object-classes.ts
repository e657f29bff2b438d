/** What can be done with the objects of a class besides carrying them. */
export type Ability = "clean" | "heat" | "cool" | "slice";

/** What the generator knows of one class of objects. */
export interface ObjectClass {
  readonly abilities: readonly Ability[];
  /** Whether it holds other things itself, as a bowl does; it changes how it is described. */
  readonly isVessel: boolean;
  /** The receptacle classes that accept it, the most likely place to find one first. */
  readonly places: readonly string[];
}

const allAbilities: readonly Ability[] = ["clean", "heat", "cool", "slice"];

/** One class: abilities and places as words between spaces. */
function thing(abilities: string, places: string): ObjectClass {
  return {
    abilities: allAbilities.filter((ability) => abilities.includes(ability)),
    isVessel: false,
    places: places.split(" "),
  };
}

/** A class whose members hold other things. */
function vessel(abilities: string, places: string): ObjectClass {
  return { ...thing(abilities, places), isVessel: true };
}

/**
 * All classes of objects that can be carried. Which receptacles accept a class is a fact of the
 * benchmark (it decides which `move` commands exist); the order of the places is the generator's
 * idea of where such things lie about, and a searcher's of where to look for them first.
 */
export const objectClasses: Readonly<Record<string, ObjectClass>> = {
  AlarmClock: thing("", "Desk DiningTable Dresser SideTable CounterTop Shelf"),
  Apple: thing(
    "clean heat cool slice",
    "Fridge DiningTable SideTable Microwave GarbageCan CounterTop SinkBasin",
  ),
  BaseballBat: thing("", "Bed SideTable DiningTable"),
  BasketBall: thing("", "Bed Desk Dresser SideTable DiningTable"),
  Book: thing(
    "",
    "Bed CoffeeTable Desk DiningTable CounterTop Sofa Dresser ArmChair SideTable Cabinet Drawer Shelf Ottoman",
  ),
  Bowl: vessel(
    "clean cool",
    "Desk CoffeeTable Fridge DiningTable Dresser CounterTop Shelf SideTable Cabinet SinkBasin Microwave",
  ),
  Box: vessel(
    "",
    "DiningTable Desk CoffeeTable Sofa Dresser Ottoman Cabinet SideTable Shelf ArmChair",
  ),
  Bread: thing("heat cool slice", "DiningTable CounterTop Fridge SideTable GarbageCan Microwave"),
  ButterKnife: thing("clean", "DiningTable CounterTop SideTable SinkBasin Drawer"),
  CD: thing(
    "",
    "DiningTable Dresser Desk SideTable GarbageCan Drawer Safe Cabinet Shelf CounterTop",
  ),
  Candle: thing(
    "",
    "CounterTop Toilet SideTable CoffeeTable Cart DiningTable Dresser Shelf Cabinet Drawer",
  ),
  CellPhone: thing(
    "",
    "Bed Desk DiningTable Dresser CoffeeTable Ottoman CounterTop Safe Sofa SideTable ArmChair Drawer Shelf",
  ),
  Cloth: thing(
    "clean",
    "BathtubBasin Cart CounterTop Dresser Cabinet Shelf Drawer SinkBasin Toilet SideTable LaundryHamper Desk ArmChair DiningTable GarbageCan",
  ),
  CreditCard: thing(
    "",
    "Desk Dresser DiningTable Sofa CoffeeTable CounterTop SideTable Ottoman ArmChair Shelf Drawer Safe",
  ),
  Cup: vessel(
    "clean heat cool",
    "Fridge DiningTable SideTable SinkBasin CounterTop Microwave Shelf Cabinet",
  ),
  DishSponge: thing(
    "clean",
    "DiningTable CounterTop SinkBasin BathtubBasin Cart Toilet SideTable GarbageCan Drawer Shelf Cabinet",
  ),
  Egg: thing(
    "clean heat cool slice",
    "Fridge DiningTable SinkBasin GarbageCan Microwave SideTable CounterTop",
  ),
  Fork: thing("clean", "DiningTable CounterTop SideTable SinkBasin Drawer"),
  Glassbottle: thing("", "DiningTable CounterTop SinkBasin Fridge Shelf Cabinet Microwave"),
  HandTowel: thing(
    "",
    "HandTowelHolder CounterTop Cabinet Toilet Shelf Drawer GarbageCan SinkBasin BathtubBasin Cart SideTable",
  ),
  Kettle: thing("clean", "StoveBurner DiningTable CounterTop Cabinet SinkBasin Shelf SideTable"),
  KeyChain: thing(
    "",
    "Safe Desk Dresser DiningTable CoffeeTable SideTable Sofa Ottoman ArmChair Drawer Shelf CounterTop",
  ),
  Knife: thing("clean", "DiningTable CounterTop SideTable SinkBasin Drawer"),
  Ladle: thing("clean", "DiningTable CounterTop Drawer SinkBasin Cabinet"),
  Laptop: thing(
    "",
    "Bed DiningTable Desk CoffeeTable Sofa CounterTop Dresser Ottoman ArmChair SideTable",
  ),
  Lettuce: thing(
    "clean cool slice",
    "DiningTable Fridge CounterTop SideTable SinkBasin GarbageCan",
  ),
  Mug: vessel(
    "clean heat cool",
    "Desk Dresser CoffeeMachine DiningTable Fridge SideTable CounterTop Microwave SinkBasin Shelf Cabinet",
  ),
  Newspaper: thing(
    "",
    "DiningTable CoffeeTable Sofa Dresser Ottoman SideTable ArmChair Shelf Cabinet Drawer GarbageCan",
  ),
  Pan: vessel(
    "clean cool",
    "CounterTop StoveBurner DiningTable Fridge Cabinet SinkBasin SideTable",
  ),
  Pen: thing(
    "",
    "Desk DiningTable CoffeeTable Dresser CounterTop SideTable Shelf Drawer GarbageCan",
  ),
  Pencil: thing(
    "",
    "Desk DiningTable CoffeeTable Dresser SideTable CounterTop Shelf GarbageCan Drawer",
  ),
  PepperShaker: thing("", "SideTable DiningTable CounterTop Shelf Drawer Cabinet"),
  Pillow: thing("", "Bed Sofa ArmChair Ottoman"),
  Plate: vessel(
    "clean heat cool",
    "DiningTable CounterTop CoffeeTable Fridge Dresser SideTable Shelf Cabinet SinkBasin Microwave",
  ),
  Plunger: thing("", "Cart Cabinet"),
  Pot: vessel(
    "clean cool",
    "StoveBurner CounterTop DiningTable Fridge Shelf SinkBasin Cabinet SideTable",
  ),
  Potato: thing(
    "clean heat cool slice",
    "Fridge DiningTable SideTable CounterTop SinkBasin Microwave GarbageCan",
  ),
  RemoteControl: thing(
    "",
    "Desk CoffeeTable Dresser CounterTop DiningTable Sofa Ottoman SideTable ArmChair Drawer Shelf",
  ),
  SaltShaker: thing("", "DiningTable SideTable CounterTop Shelf Drawer Cabinet"),
  SoapBar: thing(
    "clean",
    "CounterTop SideTable Cart BathtubBasin Toilet SinkBasin Shelf GarbageCan Cabinet Drawer",
  ),
  SoapBottle: thing(
    "",
    "DiningTable Toilet CounterTop SideTable Cart GarbageCan Shelf Cabinet Drawer",
  ),
  Spatula: thing("clean", "DiningTable CounterTop SinkBasin SideTable Drawer"),
  Spoon: thing("clean", "DiningTable SideTable CounterTop SinkBasin Drawer"),
  SprayBottle: thing(
    "",
    "SideTable Cart Toilet CounterTop Dresser DiningTable Shelf GarbageCan Cabinet Drawer",
  ),
  Statue: thing("", "DiningTable Desk CoffeeTable Dresser CounterTop SideTable Shelf Safe"),
  TennisRacket: thing("", "Bed Desk Dresser SideTable DiningTable"),
  TissueBox: thing(
    "",
    "Desk CounterTop CoffeeTable DiningTable Cart TVStand Dresser SideTable Shelf Cabinet Drawer Toilet GarbageCan",
  ),
  ToiletPaper: thing(
    "",
    "Toilet CounterTop SideTable Dresser Cart ToiletPaperHanger Shelf GarbageCan Cabinet Drawer",
  ),
  Tomato: thing(
    "clean heat cool slice",
    "Fridge DiningTable SideTable CounterTop GarbageCan SinkBasin Microwave",
  ),
  Towel: thing("", "TowelHolder"),
  Vase: thing("", "Dresser CoffeeTable DiningTable Desk Safe CounterTop SideTable Shelf Cabinet"),
  Watch: thing("", "Desk Safe DiningTable Dresser CoffeeTable SideTable Drawer Shelf"),
  WateringCan: thing("", "CoffeeTable Shelf SideTable Drawer Desk Dresser DiningTable Cabinet"),
  WineBottle: thing("cool", "DiningTable CounterTop GarbageCan Shelf Cabinet Fridge SideTable"),
};

/** Classes of things that stand somewhere for good: seen, but never taken. */
export const fixtureClasses: Readonly<Record<string, readonly string[]>> = {
  DeskLamp: "SideTable Desk Dresser CoffeeTable Shelf".split(" "),
  HousePlant: "Desk DiningTable CounterTop CoffeeTable Dresser SideTable TVStand Shelf".split(" "),
  Television: "TVStand Dresser CoffeeTable SideTable".split(" "),
};

/** The receptacle classes that have a door, a lid or a front; all closed at the start. */
export const openableClasses: ReadonlySet<string> = new Set(
  "Cabinet Drawer Fridge Microwave Safe".split(" "),
);
