import type { JSX } from "preact";
import type { RenderedState } from "@turnwise/core";

/** State of the environment as the record has it; nothing where it has none. */
export function StateView({
  state,
}: {
  readonly state: RenderedState | undefined;
}): JSX.Element | null {
  if (state === undefined) return null;
  return (
    <aside class="state-view" aria-label="State of the environment">
      <pre>{state.content}</pre>
    </aside>
  );
}
