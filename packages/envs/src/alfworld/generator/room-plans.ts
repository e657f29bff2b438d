/** Types of rooms, each with its own furniture and objects. */
export type RoomKind = "kitchen" | "living-room" | "bedroom" | "bathroom";

/** Number of receptacles of a class in a room. */
export interface Furniture {
  readonly receptacleClass: string;
  /** Range in a full-size room, both ends inclusive; smaller rooms get at most the upper end. */
  readonly count: readonly [min: number, max: number];
}

/** Furniture and objects in a type of room. */
export interface RoomPlan {
  readonly kind: RoomKind;
  /** First of the thirty scene numbers that the benchmark assigns to this type of room. */
  readonly firstScene: number;
  readonly furniture: readonly Furniture[];
  readonly objectClasses: readonly string[];
  readonly fixtureClasses: readonly string[];
}

/** Parses furniture: `Cabinet 4-20, Fridge 1`. */
function furniture(text: string): readonly Furniture[] {
  return text.split(", ").map((entry) => {
    const [receptacleClass = "", range = ""] = entry.split(" ");
    const [min = 0, max = min] = range.split("-").map(Number);
    return { receptacleClass, count: [min, max] };
  });
}

/** All room plans. */
export const roomPlans: readonly RoomPlan[] = [
  {
    kind: "kitchen",
    firstScene: 1,
    furniture: furniture(
      "Cabinet 4-20, CoffeeMachine 1, CounterTop 1-4, DiningTable 0-2, Drawer 2-10, Fridge 1, GarbageCan 1, Microwave 1, Safe 0-1, Shelf 0-3, SideTable 0-1, SinkBasin 1, StoveBurner 2-6, Toaster 1",
    ),
    objectClasses:
      "Apple Book Bowl Bread ButterKnife CellPhone CreditCard Cup DishSponge Egg Fork Glassbottle Kettle Knife Ladle Lettuce Mug Pan Pen Pencil PepperShaker Plate Pot Potato SaltShaker SoapBottle Spatula Spoon SprayBottle Statue Tomato Vase WineBottle".split(
        " ",
      ),
    fixtureClasses: ["HousePlant"],
  },
  {
    kind: "living-room",
    firstScene: 201,
    furniture: furniture(
      "ArmChair 1-3, Cabinet 0-4, CoffeeTable 1-2, Desk 0-1, DiningTable 0-2, Drawer 0-8, Dresser 0-1, GarbageCan 1, Ottoman 0-1, Safe 0-1, Shelf 0-6, SideTable 1-3, Sofa 1-2, TVStand 0-1",
    ),
    objectClasses:
      "Book Bowl Box Candle CellPhone CreditCard KeyChain Laptop Newspaper Pen Pencil Pillow Plate RemoteControl Statue TissueBox Vase Watch WateringCan".split(
        " ",
      ),
    fixtureClasses: ["DeskLamp", "HousePlant", "Television"],
  },
  {
    kind: "bedroom",
    firstScene: 301,
    furniture: furniture(
      "ArmChair 0-2, Bed 1-2, Cabinet 0-3, Desk 0-2, DiningTable 0-1, Drawer 2-8, Dresser 0-1, GarbageCan 1, LaundryHamper 0-1, Safe 0-1, Shelf 0-6, SideTable 1-2",
    ),
    objectClasses:
      "AlarmClock BaseballBat BasketBall Book Bowl Box CD CellPhone CreditCard KeyChain Laptop Mug Pen Pencil Pillow RemoteControl Statue TennisRacket TissueBox Vase Watch".split(
        " ",
      ),
    fixtureClasses: ["DeskLamp", "HousePlant", "Television"],
  },
  {
    kind: "bathroom",
    firstScene: 401,
    furniture: furniture(
      "BathtubBasin 0-1, Cabinet 0-8, Cart 0-1, CounterTop 0-2, Drawer 0-6, Dresser 0-1, GarbageCan 1, HandTowelHolder 1-2, Shelf 0-3, SideTable 0-1, SinkBasin 1-2, Toilet 1, ToiletPaperHanger 1, TowelHolder 1-2",
    ),
    objectClasses:
      "Candle Cloth DishSponge HandTowel Plunger SoapBar SoapBottle SprayBottle TissueBox ToiletPaper Towel".split(
        " ",
      ),
    fixtureClasses: ["HousePlant"],
  },
];
