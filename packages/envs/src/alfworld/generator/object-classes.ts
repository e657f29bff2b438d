/** Treatments of objects of a class. */
export type Ability = "clean" | "heat" | "cool" | "slice";

/** Properties of a class of objects. */
export interface ObjectClass {
  readonly abilities: readonly Ability[];
  /** True if the object can contain other objects, like a bowl; this changes its description. */
  readonly isVessel: boolean;
  /** Receptacle classes that accept the object, most likely first. */
  readonly receptacleClasses: readonly string[];
}

const allAbilities: readonly Ability[] = ["clean", "heat", "cool", "slice"];

/** Creates a class from abilities and receptacle classes, each separated by spaces. */
function defineClass(abilities: string, receptacleClasses: string): ObjectClass {
  return {
    abilities: allAbilities.filter((ability) => abilities.includes(ability)),
    isVessel: false,
    receptacleClasses: receptacleClasses.split(" "),
  };
}

/** Creates a class of objects that can contain other objects. */
function vessel(abilities: string, receptacleClasses: string): ObjectClass {
  return { ...defineClass(abilities, receptacleClasses), isVessel: true };
}

/**
 * All classes of portable objects. The benchmark defines which receptacles accept a class (they
 * determine the `move` commands). Their order is our assumption about where such objects usually
 * are; the generator and the searcher use it.
 */
export const objectClasses: Readonly<Record<string, ObjectClass>> = {
  AlarmClock: defineClass("", "Desk DiningTable Dresser SideTable CounterTop Shelf"),
  Apple: defineClass(
    "clean heat cool slice",
    "Fridge DiningTable SideTable Microwave GarbageCan CounterTop SinkBasin",
  ),
  BaseballBat: defineClass("", "Bed SideTable DiningTable"),
  BasketBall: defineClass("", "Bed Desk Dresser SideTable DiningTable"),
  Book: defineClass(
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
  Bread: defineClass(
    "heat cool slice",
    "DiningTable CounterTop Fridge SideTable GarbageCan Microwave",
  ),
  ButterKnife: defineClass("clean", "DiningTable CounterTop SideTable SinkBasin Drawer"),
  CD: defineClass(
    "",
    "DiningTable Dresser Desk SideTable GarbageCan Drawer Safe Cabinet Shelf CounterTop",
  ),
  Candle: defineClass(
    "",
    "CounterTop Toilet SideTable CoffeeTable Cart DiningTable Dresser Shelf Cabinet Drawer",
  ),
  CellPhone: defineClass(
    "",
    "Bed Desk DiningTable Dresser CoffeeTable Ottoman CounterTop Safe Sofa SideTable ArmChair Drawer Shelf",
  ),
  Cloth: defineClass(
    "clean",
    "BathtubBasin Cart CounterTop Dresser Cabinet Shelf Drawer SinkBasin Toilet SideTable LaundryHamper Desk ArmChair DiningTable GarbageCan",
  ),
  CreditCard: defineClass(
    "",
    "Desk Dresser DiningTable Sofa CoffeeTable CounterTop SideTable Ottoman ArmChair Shelf Drawer Safe",
  ),
  Cup: vessel(
    "clean heat cool",
    "Fridge DiningTable SideTable SinkBasin CounterTop Microwave Shelf Cabinet",
  ),
  DishSponge: defineClass(
    "clean",
    "DiningTable CounterTop SinkBasin BathtubBasin Cart Toilet SideTable GarbageCan Drawer Shelf Cabinet",
  ),
  Egg: defineClass(
    "clean heat cool slice",
    "Fridge DiningTable SinkBasin GarbageCan Microwave SideTable CounterTop",
  ),
  Fork: defineClass("clean", "DiningTable CounterTop SideTable SinkBasin Drawer"),
  Glassbottle: defineClass("", "DiningTable CounterTop SinkBasin Fridge Shelf Cabinet Microwave"),
  HandTowel: defineClass(
    "",
    "HandTowelHolder CounterTop Cabinet Toilet Shelf Drawer GarbageCan SinkBasin BathtubBasin Cart SideTable",
  ),
  Kettle: defineClass(
    "clean",
    "StoveBurner DiningTable CounterTop Cabinet SinkBasin Shelf SideTable",
  ),
  KeyChain: defineClass(
    "",
    "Safe Desk Dresser DiningTable CoffeeTable SideTable Sofa Ottoman ArmChair Drawer Shelf CounterTop",
  ),
  Knife: defineClass("clean", "DiningTable CounterTop SideTable SinkBasin Drawer"),
  Ladle: defineClass("clean", "DiningTable CounterTop Drawer SinkBasin Cabinet"),
  Laptop: defineClass(
    "",
    "Bed DiningTable Desk CoffeeTable Sofa CounterTop Dresser Ottoman ArmChair SideTable",
  ),
  Lettuce: defineClass(
    "clean cool slice",
    "DiningTable Fridge CounterTop SideTable SinkBasin GarbageCan",
  ),
  Mug: vessel(
    "clean heat cool",
    "Desk Dresser CoffeeMachine DiningTable Fridge SideTable CounterTop Microwave SinkBasin Shelf Cabinet",
  ),
  Newspaper: defineClass(
    "",
    "DiningTable CoffeeTable Sofa Dresser Ottoman SideTable ArmChair Shelf Cabinet Drawer GarbageCan",
  ),
  Pan: vessel(
    "clean cool",
    "CounterTop StoveBurner DiningTable Fridge Cabinet SinkBasin SideTable",
  ),
  Pen: defineClass(
    "",
    "Desk DiningTable CoffeeTable Dresser CounterTop SideTable Shelf Drawer GarbageCan",
  ),
  Pencil: defineClass(
    "",
    "Desk DiningTable CoffeeTable Dresser SideTable CounterTop Shelf GarbageCan Drawer",
  ),
  PepperShaker: defineClass("", "SideTable DiningTable CounterTop Shelf Drawer Cabinet"),
  Pillow: defineClass("", "Bed Sofa ArmChair Ottoman"),
  Plate: vessel(
    "clean heat cool",
    "DiningTable CounterTop CoffeeTable Fridge Dresser SideTable Shelf Cabinet SinkBasin Microwave",
  ),
  Plunger: defineClass("", "Cart Cabinet"),
  Pot: vessel(
    "clean cool",
    "StoveBurner CounterTop DiningTable Fridge Shelf SinkBasin Cabinet SideTable",
  ),
  Potato: defineClass(
    "clean heat cool slice",
    "Fridge DiningTable SideTable CounterTop SinkBasin Microwave GarbageCan",
  ),
  RemoteControl: defineClass(
    "",
    "Desk CoffeeTable Dresser CounterTop DiningTable Sofa Ottoman SideTable ArmChair Drawer Shelf",
  ),
  SaltShaker: defineClass("", "DiningTable SideTable CounterTop Shelf Drawer Cabinet"),
  SoapBar: defineClass(
    "clean",
    "CounterTop SideTable Cart BathtubBasin Toilet SinkBasin Shelf GarbageCan Cabinet Drawer",
  ),
  SoapBottle: defineClass(
    "",
    "DiningTable Toilet CounterTop SideTable Cart GarbageCan Shelf Cabinet Drawer",
  ),
  Spatula: defineClass("clean", "DiningTable CounterTop SinkBasin SideTable Drawer"),
  Spoon: defineClass("clean", "DiningTable SideTable CounterTop SinkBasin Drawer"),
  SprayBottle: defineClass(
    "",
    "SideTable Cart Toilet CounterTop Dresser DiningTable Shelf GarbageCan Cabinet Drawer",
  ),
  Statue: defineClass("", "DiningTable Desk CoffeeTable Dresser CounterTop SideTable Shelf Safe"),
  TennisRacket: defineClass("", "Bed Desk Dresser SideTable DiningTable"),
  TissueBox: defineClass(
    "",
    "Desk CounterTop CoffeeTable DiningTable Cart TVStand Dresser SideTable Shelf Cabinet Drawer Toilet GarbageCan",
  ),
  ToiletPaper: defineClass(
    "",
    "Toilet CounterTop SideTable Dresser Cart ToiletPaperHanger Shelf GarbageCan Cabinet Drawer",
  ),
  Tomato: defineClass(
    "clean heat cool slice",
    "Fridge DiningTable SideTable CounterTop GarbageCan SinkBasin Microwave",
  ),
  Towel: defineClass("", "TowelHolder"),
  Vase: defineClass(
    "",
    "Dresser CoffeeTable DiningTable Desk Safe CounterTop SideTable Shelf Cabinet",
  ),
  Watch: defineClass("", "Desk Safe DiningTable Dresser CoffeeTable SideTable Drawer Shelf"),
  WateringCan: defineClass(
    "",
    "CoffeeTable Shelf SideTable Drawer Desk Dresser DiningTable Cabinet",
  ),
  WineBottle: defineClass(
    "cool",
    "DiningTable CounterTop GarbageCan Shelf Cabinet Fridge SideTable",
  ),
};

/** Classes of objects that cannot be taken. */
export const fixtureClasses: Readonly<Record<string, readonly string[]>> = {
  DeskLamp: "SideTable Desk Dresser CoffeeTable Shelf".split(" "),
  HousePlant: "Desk DiningTable CounterTop CoffeeTable Dresser SideTable TVStand Shelf".split(" "),
  Television: "TVStand Dresser CoffeeTable SideTable".split(" "),
};

/** Receptacle classes with a door, a lid or a front; all are closed at the start. */
export const openableClasses: ReadonlySet<string> = new Set(
  "Cabinet Drawer Fridge Microwave Safe".split(" "),
);
