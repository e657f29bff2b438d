/** A type of product that the generator makes. */
export interface Goods {
  readonly category: string;
  /** Path in the store's category tree. */
  readonly department: string;
  /** Name that people search for. */
  readonly name: string;
  /** Attributes that goals may ask for. */
  readonly attributes: readonly string[];
  /** Options and their possible values. */
  readonly options: Readonly<Record<string, readonly string[]>>;
  /** Lowest and highest price, whole dollars. */
  readonly prices: readonly [low: number, high: number];
}

const fabricColors = ["red", "navy", "olive", "ivory", "black", "mustard", "teal", "plum"];
const plainColors = ["white", "black", "grey", "blue", "green", "orange"];
const woods = ["oak", "walnut", "beech", "pine", "black"];
const clothes = ["small", "medium", "large", "x-large", "xx-large"];
const shoes = ["6", "7", "8", "9", "10", "11"];
const packs = ["pack of 1", "pack of 2", "pack of 4", "pack of 6"];

const wear = ["machine washable", "long lasting", "light weight", "easy care"];
const home = ["easy to clean", "space saving", "easy to assemble", "living room"];
const food = ["gluten free", "sugar free", "non gmo", "organic", "vegan", "low sodium"];
const skin = ["fragrance free", "cruelty free", "sensitive skin", "paraben free", "vegan"];
const device = [
  "fast charging",
  "water resistant",
  "noise cancelling",
  "easy to carry",
  "wireless",
];

/** All product types, four or five in each of five categories. */
export const allGoods: readonly Goods[] = [
  {
    category: "fashion",
    department: "Clothing › Women › Knitwear",
    name: "wool sweaters",
    attributes: [...wear, "crew neck", "loose fit", "long sleeve"],
    options: { color: fabricColors, size: clothes },
    prices: [18, 90],
  },
  {
    category: "fashion",
    department: "Clothing › Men › Shirts",
    name: "dress shirts",
    attributes: [...wear, "slim fit", "button closure", "cotton blend"],
    options: { color: fabricColors, size: clothes },
    prices: [12, 70],
  },
  {
    category: "fashion",
    department: "Clothing › Women › Rainwear",
    name: "rain jackets",
    attributes: [...wear, "waterproof", "zip closure", "removable hood"],
    options: { color: fabricColors, size: clothes },
    prices: [25, 140],
  },
  {
    category: "fashion",
    department: "Shoes › Women › Sandals",
    name: "leather sandals",
    attributes: ["rubber sole", "open toe", "arch support", "non slip", "ankle strap"],
    options: { color: ["tan", "black", "brown", "white"], size: shoes },
    prices: [15, 95],
  },
  {
    category: "fashion",
    department: "Shoes › Men › Hiking",
    name: "hiking boots",
    attributes: ["rubber sole", "steel toe", "water resistant", "non slip", "wide fit"],
    options: { color: ["brown", "black", "khaki"], size: shoes },
    prices: [40, 180],
  },
  {
    category: "garden",
    department: "Home › Furniture › Tables",
    name: "coffee tables",
    attributes: [...home, "solid wood", "tempered glass", "storage shelf"],
    options: { color: woods, size: ["small", "medium", "large"] },
    prices: [45, 320],
  },
  {
    category: "garden",
    department: "Home › Furniture › Seating",
    name: "bar stools",
    attributes: [...home, "faux leather", "height adjustable", "dining room"],
    options: { color: ["white", "black", "grey", "walnut"], style: ["low back", "high back"] },
    prices: [35, 210],
  },
  {
    category: "garden",
    department: "Home › Lighting › Lamps",
    name: "table lamps",
    attributes: ["dimmable", "energy efficient", "usb port", "glass shade", "bedroom"],
    options: { color: ["brass", "white", "black", "copper"], style: ["round", "tall", "square"] },
    prices: [14, 130],
  },
  {
    category: "garden",
    department: "Home › Textiles › Curtains",
    name: "blackout curtains",
    attributes: [...home.slice(0, 1), "machine washable", "noise reducing", "thermal insulated"],
    options: { color: fabricColors, size: ["short", "medium", "long"] },
    prices: [16, 85],
  },
  {
    category: "garden",
    department: "Home › Bath › Towels",
    name: "bath towels",
    attributes: ["machine washable", "quick drying", "organic cotton", "super soft"],
    options: { color: fabricColors, set: packs },
    prices: [9, 60],
  },
  {
    category: "beauty",
    department: "Beauty › Hair › Shampoo",
    name: "hair shampoo",
    attributes: [...skin, "dry hair", "damaged hair", "coconut oil"],
    options: { scent: ["mint", "rose", "citrus", "almond"], size: ["travel", "regular", "family"] },
    prices: [5, 38],
  },
  {
    category: "beauty",
    department: "Beauty › Skin › Moisturizers",
    name: "face cream",
    attributes: [...skin, "hyaluronic acid", "anti aging", "dry skin"],
    options: { size: ["travel", "regular", "large"], set: packs },
    prices: [8, 75],
  },
  {
    category: "beauty",
    department: "Beauty › Oral Care › Brushes",
    name: "electric toothbrushes",
    attributes: ["soft bristles", "oral hygiene", "long lasting", "travel case", "fresh breath"],
    options: { color: plainColors, set: packs },
    prices: [12, 110],
  },
  {
    category: "beauty",
    department: "Beauty › Makeup › Lips",
    name: "lip balm",
    attributes: [...skin, "long lasting", "shea butter"],
    options: { flavor: ["cherry", "vanilla", "honey", "mango"], set: packs },
    prices: [3, 24],
  },
  {
    category: "electronics",
    department: "Electronics › Audio › Headphones",
    name: "headphones",
    attributes: [...device, "hands free", "stereo sound"],
    options: { color: plainColors, style: ["in ear", "on ear", "over ear"] },
    prices: [15, 260],
  },
  {
    category: "electronics",
    department: "Electronics › Power › Chargers",
    name: "phone chargers",
    attributes: [...device.slice(0, 1), "easy to carry", "fire resistant", "high speed"],
    options: { color: ["white", "black"], length: ["3 feet", "6 feet", "10 feet"] },
    prices: [6, 45],
  },
  {
    category: "electronics",
    department: "Electronics › Audio › Speakers",
    name: "bluetooth speakers",
    attributes: [...device.slice(1), "stereo sound", "hands free"],
    options: { color: plainColors, size: ["mini", "medium", "large"] },
    prices: [18, 190],
  },
  {
    category: "electronics",
    department: "Electronics › Computers › Keyboards",
    name: "mechanical keyboards",
    attributes: ["wireless", "plug and play", "easy to clean", "quiet keys", "aluminum alloy"],
    options: { color: plainColors, layout: ["compact", "full size"] },
    prices: [25, 160],
  },
  {
    category: "grocery",
    department: "Grocery › Beverages › Tea",
    name: "green tea",
    attributes: [...food, "caffeine free", "loose leaf"],
    options: { flavor: ["plain", "jasmine", "lemon", "ginger"], set: packs },
    prices: [4, 40],
  },
  {
    category: "grocery",
    department: "Grocery › Snacks › Bars",
    name: "granola bars",
    attributes: [...food, "high protein", "nut free"],
    options: { flavor: ["chocolate", "honey", "berry", "peanut"], set: packs },
    prices: [5, 36],
  },
  {
    category: "grocery",
    department: "Grocery › Pantry › Sauces",
    name: "pasta sauce",
    attributes: [...food, "shelf stable", "artificial colors"],
    options: { flavor: ["basil", "garlic", "mushroom", "spicy"], size: ["small jar", "large jar"] },
    prices: [3, 28],
  },
  {
    category: "grocery",
    department: "Grocery › Beverages › Coffee",
    name: "ground coffee",
    attributes: [...food.slice(2, 5), "dark roast", "fair trade", "single origin"],
    options: { roast: ["light", "medium", "dark"], set: packs },
    prices: [7, 55],
  },
];

/** Fictional brands. */
export const brands: readonly string[] = (
  "Alderway Brindle Calvora Dunmere Estrella Fenwick Grovia Hollin Istra Juneberry Kestrel Lumora " +
  "Marlow Nordhav Ostara Pellico Quillon Rowanby Solvane Tarnwell Umbria Velden Wexcombe Yarrow"
).split(" ");
