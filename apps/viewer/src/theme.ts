import { signal } from "@preact/signals";

/** Colours of the page. */
export type Theme = "light" | "dark";

const key = "turnwise-theme";
const preference = matchMedia("(prefers-color-scheme: dark)");

/** Theme that the reader chose, or the theme of the system. */
export const theme = signal<Theme>(read() ?? systemTheme());
apply();
preference.addEventListener("change", () => {
  if (read() === undefined) change(systemTheme());
});

function systemTheme(): Theme {
  return preference.matches ? "dark" : "light";
}

/**
 * Reads the stored choice; `undefined` if there is none, or if the browser does not allow storage,
 * as some browsers do for a page opened from disk.
 */
function read(): Theme | undefined {
  try {
    const stored = localStorage.getItem(key);
    return stored === "light" || stored === "dark" ? stored : undefined;
  } catch {
    return undefined;
  }
}

/** Changes between light and dark. */
export function toggleTheme(): void {
  change(theme.value === "light" ? "dark" : "light");
  try {
    localStorage.setItem(key, theme.value);
  } catch {
    // Without storage, the choice applies to this visit only.
  }
}

function change(next: Theme): void {
  theme.value = next;
  apply();
}

function apply(): void {
  document.documentElement.dataset["theme"] = theme.value;
}

/** Colour of the theme by its CSS property: `--accent`. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
