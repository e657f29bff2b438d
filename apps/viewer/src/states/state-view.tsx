import type { JSX } from "preact";
import type { EnvironmentState } from "@turnwise/core";
import { describeState } from "@turnwise/training/reader";

/** State of the environment as the record has it; nothing where it has none. */
export function StateView({
  state,
}: {
  readonly state: EnvironmentState | undefined;
}): JSX.Element | null {
  if (state === undefined) return null;
  return (
    <aside class="state-view" aria-label="State of the environment">
      <pre>{describeState(state).join("\n")}</pre>
    </aside>
  );
}
