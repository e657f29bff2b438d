import type { EnvironmentState } from "@turnwise/core";
import { describeState } from "@turnwise/training/reader";
import { useMemo } from "preact/hooks";
import type { JSX } from "preact";
import { visibleRecord } from "../data/visible-text.ts";
import { CraftingView } from "./crafting-view.tsx";
import { GridView } from "./grid-view.tsx";
import { HouseholdView } from "./household-view.tsx";
import { RepositoryView } from "./repository-view.tsx";
import { ShopView } from "./shop-view.tsx";

/** Recorded state of the environment; renders nothing if none was recorded. */
export function StateView({
  state,
}: {
  readonly state: EnvironmentState | undefined;
}): JSX.Element | null {
  const shown = useMemo(() => visibleRecord(state), [state]);
  if (shown === undefined) return null;
  return (
    <div role="group" class="state-view" tabIndex={0} aria-label="State of the environment">
      <Drawing state={shown} />
      {shown.isTruncated === true && shown.kind !== "text" && (
        <p class="quiet">Parts of this state were cut when it was recorded.</p>
      )}
    </div>
  );
}

function Drawing({ state }: { readonly state: EnvironmentState }): JSX.Element {
  switch (state.kind) {
    case "household":
      return <HouseholdView state={state} />;
    case "shop":
      return <ShopView state={state} />;
    case "repository":
      return <RepositoryView state={state} />;
    case "grid":
      return <GridView state={state} />;
    case "crafting":
      return <CraftingView state={state} />;
    default:
      return <pre>{describeState(state).join("\n")}</pre>;
  }
}
