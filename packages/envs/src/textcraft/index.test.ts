import { expect, it } from "vitest";
import * as textcraft from "./index.ts";

it("exports what it means to", () => {
  expect(Object.keys(textcraft).sort()).toEqual([
    "act",
    "agentgymFormat",
    "bookTasks",
    "compactCraftingFormat",
    "compactCraftingMarkers",
    "craftingEnvironment",
    "generateCraftingTasks",
    "inventoryText",
    "itemDepths",
    "openTextcraftTasks",
    "readRecipes",
    "recipeBook",
    "recipeCommand",
    "shortestCraftPlan",
    "textcraftTasksSchema",
  ]);
});
