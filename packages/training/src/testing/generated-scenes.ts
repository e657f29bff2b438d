import { stateVersion, type EnvironmentState } from "@turnwise/core";

/** Turn of a scene, with the state before it. */
interface SceneTurn {
  readonly action: string;
  readonly observation: string;
  readonly state: EnvironmentState;
}

/** Episode with written texts and states, for runs with random numbers. */
export interface Scene {
  readonly kind: string;
  readonly firstObservation: string;
  readonly turns: readonly SceneTurn[];
  readonly finalState: EnvironmentState;
}

const version = stateVersion;

/** Creates a scene from its states: one before each turn, and the final state. */
function sceneOf(
  kind: string,
  firstObservation: string,
  states: readonly EnvironmentState[],
  texts: readonly (readonly [action: string, observation: string])[],
): Scene {
  return {
    kind,
    firstObservation,
    turns: texts.map(([action, observation], i) => ({ action, observation, state: states[i]! })),
    finalState: states.at(-1)!,
  };
}

const furniture = [
  ...Array.from({ length: 8 }, (_, i) => `cabinet ${i + 1}`),
  "countertop 1",
  "countertop 2",
  "diningtable 1",
  "drawer 1",
  "drawer 2",
  "garbagecan 1",
  "microwave 1",
  "shelf 1",
  "sinkbasin 1",
  "stoveburner 1",
  "toaster 1",
];

function kitchen(location: string | null, isHeated: boolean, isSolved: boolean): EnvironmentState {
  const mug = { name: "mug 2", ...(isHeated && { marks: ["clean", "hot"] as const }) };
  return {
    kind: "household",
    version,
    goal: "put a hot mug in cabinet",
    isSolved,
    location,
    inventory: location === "microwave 1" ? [mug] : [],
    receptacles: furniture.map((name) => {
      const isSeen = name === location || name === "countertop 1";
      const canClose = /^(cabinet|drawer|microwave)/u.test(name);
      const contents =
        name === "countertop 1"
          ? ["apple 1", "bread 2", "butterknife 1", "dishsponge 1", "spatula 3"].map(named)
          : name === "cabinet 1" && isSolved
            ? [mug]
            : [];
      return {
        name,
        door: !isSeen ? "unknown" : canClose ? "open" : "none",
        contents: isSeen ? contents : null,
      };
    }),
  };
}

const named = (name: string): { readonly name: string } => ({ name });

const household = sceneOf(
  "pick_heat_then_place_in_recep",
  "You are in the middle of a room. Looking quickly around you, you see a cabinet 1, a countertop 1 and a microwave 1.\n\nYour task is to: put a hot mug in cabinet.",
  [
    kitchen(null, false, false),
    kitchen("countertop 1", false, false),
    kitchen("microwave 1", true, false),
    kitchen("cabinet 1", true, true),
  ],
  [
    ["go to countertop 1", "On the countertop 1, you see a apple 1, and a mug 2."],
    ["heat mug 2 with microwave 1", "You heat the mug 2 using the microwave 1."],
    ["move mug 2 to cabinet 1", "You move the mug 2 to the cabinet 1."],
  ],
);

const instruction =
  "i need a long lasting 6.76 fl oz bottle of l'eau d'issey, and price lower than 100.00 dollars";
const product = {
  id: "B000VOHH8I",
  title: "L'Eau D'Issey By Issey Miyake For Women. Eau De Toilette Spray 1 Fl Oz, Pack of 1",
  price: "$37.85 to $75.0",
  category: "beauty › fragrance › women's › eau de toilette",
  description: "A floral fragrance with notes of lotus, freesia and cyclamen.",
  features: ["long lasting", "Item form: spray", "Recommended use: everyday"],
  options: [
    { name: "size", values: ["0.84 fl oz", "1.6 fl oz", "3.3 fl oz", "6.76 fl oz"], chosen: null },
    {
      name: "scent name",
      values: ["absolue", "pure", "eau d'issey summer edition with a very long name", "nectar"],
      chosen: "pure",
    },
  ],
};
const chosenProduct = {
  ...product,
  options: product.options.map((option) =>
    option.name === "size" ? { ...option, chosen: "6.76 fl oz" } : option,
  ),
};
const query = "long lasting eau d'issey";
const shop = sceneOf(
  "beauty",
  `WebShop [SEP] Instruction: [SEP] ${instruction} [SEP] Search`,
  [
    { kind: "shop", version, instruction, page: "search" },
    {
      kind: "shop",
      version,
      instruction,
      page: "results",
      query,
      pageNumber: 1,
      numResults: 50,
      results: Array.from({ length: 10 }, (_, i) => ({
        id: `B000VOHH${i}I`,
        title: i === 0 ? product.title : `Eau de Parfum No. ${i}, long lasting, ${30 + i} ml spray`,
        price: `$${20 + 7 * i}.99`,
      })),
    },
    { kind: "shop", version, instruction, page: "product", query, product },
    { kind: "shop", version, instruction, page: "product", query, product: chosenProduct },
    { kind: "shop", version, instruction, page: "purchase", product: chosenProduct, score: 0.75 },
  ],
  [
    [`search[${query}]`, "Back to Search [SEP] Page 1 (Total results: 50) [SEP] Next >"],
    ["click[B000VOHH0I]", "size [SEP] 0.84 fl oz [SEP] 1.6 fl oz [SEP] 3.3 fl oz"],
    ["click[6.76 fl oz]", "You have clicked 6.76 fl oz."],
    ["click[Buy Now]", "Thank you for shopping with us!"],
  ],
);

const diff = `diff --git a/astropy/modeling/separable.py b/astropy/modeling/separable.py
index a308e27..45bea36 100644
--- a/astropy/modeling/separable.py
+++ b/astropy/modeling/separable.py
@@ -242,7 +242,7 @@ def _cstack(left, right):
         cright = _coord_matrix(right, 'right', noutp)
     else:
         cright = np.zeros((noutp, right.shape[1]))
-        cright[-right.shape[0]:, -right.shape[1]:] = 1
+        cright[-right.shape[0]:, -right.shape[1]:] = right  # keeps the matrix of a nested model
 
     return np.hstack([cleft, cright])
`;
const repositoryFields = {
  kind: "repository",
  version,
  instance: "astropy__astropy-12907",
  folder: "/testbed",
} as const;
const changed = {
  ...repositoryFields,
  files: [
    {
      path: "astropy/modeling/separable.py",
      change: "modified",
      numAdded: 1,
      numRemoved: 1,
    },
    { path: "reproduce_issue.py", change: "added", numAdded: 12, numRemoved: 0 },
  ],
  diff,
} as const;
const tests = (numPassed: number, numFailed: number): { passed: string[]; failed: string[] } => {
  const name = (i: number): string =>
    `astropy/modeling/tests/test_separable.py::test_separable[compound_model${i}-result${i}]`;
  return {
    passed: Array.from({ length: numPassed }, (_, i) => name(i)),
    failed: Array.from({ length: numFailed }, (_, i) => name(numPassed + i)),
  };
};
const repository = sceneOf(
  "astropy/astropy",
  "Modeling's `separability_matrix` does not compute separability correctly for nested CompoundModels.",
  [
    { ...repositoryFields, lastCommand: null, files: [], diff: "" },
    {
      ...changed,
      lastCommand: "sed -i 's/= 1$/= right/' astropy/modeling/separable.py && git diff",
    },
    {
      ...changed,
      lastCommand: "submit",
      verdict: { isResolved: false, failToPass: tests(1, 1), passToPass: tests(13, 0) },
    },
  ],
  [
    ["edit astropy/modeling/separable.py", "The file has been updated."],
    ["submit", "Submitted."],
  ],
);

const walls = "#######\n#     #\n# ##  #\n#   o #\n#     #\n#######".split("\n");
const sokoban = (
  agent: number,
  boxes: readonly number[],
  rest: { readonly movesLeft: number; readonly result: "open" | "won" },
): EnvironmentState => ({
  kind: "grid",
  version,
  width: 7,
  height: walls.length,
  cells: walls
    .join("")
    .split("")
    .map((cell) => (cell === "#" ? "wall" : cell === "o" ? "hole" : "floor")),
  agent,
  boxes,
  targets: [12, 31],
  ...rest,
});
const grid = sceneOf(
  "sokoban",
  "Push all boxes on targets.",
  [
    sokoban(8, [10, 31], { movesLeft: 20, result: "open" }),
    sokoban(9, [10, 31], { movesLeft: 19, result: "open" }),
    sokoban(11, [12, 31], { movesLeft: 17, result: "won" }),
  ],
  [
    ["right", "You moved right."],
    ["right, right", "You pushed a box."],
  ],
);

const recipes = [
  { name: "dark oak sign", count: 3, ingredients: [item("dark oak planks", 6), item("stick", 1)] },
  { name: "dark oak planks", count: 4, ingredients: [item("dark oak logs", 1)] },
  { name: "stick", count: 4, ingredients: [item("planks", 2)] },
];
function item(name: string, count: number): { readonly name: string; readonly count: number } {
  return { name, count };
}
const craftingFields = { kind: "crafting", version, goal: "dark oak sign", recipes } as const;
const crafting = sceneOf(
  "textcraft",
  "Crafting commands: ...\n\nGoal: craft dark oak sign.",
  [
    { ...craftingFields, isSolved: false, inventory: [] },
    { ...craftingFields, isSolved: false, inventory: [item("dark oak logs", 2)] },
    { ...craftingFields, isSolved: true, inventory: [item("dark oak sign", 3), item("stick", 3)] },
  ],
  [
    ["get 2 dark oak logs", "Got 2 dark oak logs"],
    ["craft 3 dark oak sign", "Crafted 3 minecraft:dark_oak_sign"],
  ],
);

/** Text that a page must not execute, must not let escape from its element, and must not hide. */
const hostileText = `</script><img src=x onerror="document.title='run'"> \u001b[31mred\u0000\u0007 \u202Egnol\u202C עברית ${"W".repeat(3000)}`;
const hostile = sceneOf(
  `kind ${hostileText}`,
  hostileText,
  [
    { kind: "text", version, text: hostileText },
    { kind: "unavailable", version, reason: hostileText },
    { ...changed, instance: hostileText, lastCommand: hostileText, diff: `+${hostileText}` },
    {
      kind: "household",
      version,
      goal: hostileText,
      isSolved: false,
      location: null,
      inventory: [named(hostileText)],
      receptacles: [{ name: hostileText, door: "none", contents: [named(hostileText)] }],
    },
  ],
  [
    [hostileText, `${"line of a log\n".repeat(70_000)}end of the log`],
    ["", ""],
    [hostileText, hostileText],
  ],
);

/** One scene for each kind of state. The texts of `hostile` try to break a page. */
export const generatedScenes = {
  household,
  shop,
  repository,
  grid,
  crafting,
  hostile,
} as const satisfies Readonly<Record<string, Scene>>;
