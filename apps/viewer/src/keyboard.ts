import { signal } from "@preact/signals";
import { navigate } from "./route.ts";
import { toggleTheme } from "./theme.ts";

/** True while the list of keys is open. */
export const isHelpOpen = signal(false);

/** Action of a view for a key. */
export type KeyActions = Readonly<Record<string, () => void>>;

let viewActions: KeyActions = {};

/** Sets the keys of the current view. @returns A function that removes them. */
export function setViewKeys(actions: KeyActions): () => void {
  viewActions = actions;
  return () => {
    if (viewActions === actions) viewActions = {};
  };
}

const globalActions: KeyActions = {
  "1": () => navigate({ page: "overview" }),
  "2": () => navigate({ page: "trajectories", query: "", sort: "" }),
  "3": () => navigate({ page: "tasks", task: undefined }),
  d: toggleTheme,
  "?": () => (isHelpOpen.value = true),
  "/": focusSearch,
};

function focusSearch(): void {
  const field = (): HTMLInputElement | null => document.querySelector<HTMLInputElement>("#search");
  if (field() === null) {
    navigate({ page: "trajectories", query: "", sort: "" });
    requestAnimationFrame(() => field()?.focus());
  } else field()?.focus();
}

/** Runs the action of a key, unless the reader is typing or uses a shortcut of the browser. */
export function handleKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && isHelpOpen.value) isHelpOpen.value = false;
  const target = event.target as HTMLElement;
  if (
    target.closest("input:not([type=range]):not([type=radio]), select, textarea, dialog") !== null
  ) {
    if (event.key === "Escape") target.blur();
    return;
  }
  const action = viewActions[event.key] ?? globalActions[event.key];
  // The browser handles Enter on links and buttons.
  if (
    action === undefined ||
    (event.key === "Enter" && target.closest("a, button, summary") !== null)
  )
    return;
  event.preventDefault();
  action();
}
