import type { CountedItem, CraftingState } from "@turnwise/core";
import type { JSX } from "preact";

/** A crafting task: the agent's inventory, and the recipes shown to the agent. */
export function CraftingView({ state }: { readonly state: CraftingState }): JSX.Element {
  const { goal, isSolved, inventory, recipes } = state;
  return (
    <>
      <p>
        craft <b>{goal}</b> {isSolved && <span class="outcome success">solved</span>}
      </p>
      <p>
        <span class="quiet">has</span>{" "}
        {inventory.length === 0 ? "nothing" : inventory.map(countItem).join(", ")}
      </p>
      <ul class="plain-list">
        {recipes.map(({ ingredients, ...made }) => (
          <li key={countItem(made)}>
            {countItem(made)}{" "}
            <span class="quiet">from {ingredients.map(countItem).join(", ")}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

const countItem = ({ name, count }: CountedItem): string => `${count} ${name}`;
