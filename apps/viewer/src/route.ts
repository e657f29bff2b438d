import { signal } from "@preact/signals";

/**
 * Position of a trajectory: a run, a segment and a row, which do not change while the run
 * continues.
 */
export interface TrajectoryAddress {
  readonly run: string;
  readonly segment: string;
  readonly row: number;
}

/** Current view, encoded in the address of the page, so that every view can be linked to. */
export type Route =
  | { readonly page: "overview" }
  | { readonly page: "trajectories"; readonly query: string; readonly sort: string }
  | ({ readonly page: "trajectory"; readonly turn: number | undefined } & TrajectoryAddress)
  | {
      readonly page: "group";
      readonly run: string;
      readonly segment: string;
      readonly group: number;
    }
  | { readonly page: "aem"; readonly run: string; readonly segment: string; readonly group: number }
  | { readonly page: "tasks"; readonly task: string | undefined };

/** Parses the part of a URL after `#`; an unknown route gives the overview. */
export function parseRoute(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#\/?/u, "").split("?");
  const [page, ...parts] = path.split("/").map(decodePart);
  const [run = "", segment = "", number = "", turn] = parts;
  const options = new URLSearchParams(search);
  switch (page) {
    case "trajectories":
      return { page, query: options.get("q") ?? "", sort: options.get("sort") ?? "" };
    case "trajectory":
      return {
        page,
        run,
        segment,
        row: Number(number),
        turn: turn === undefined ? undefined : Number(turn),
      };
    case "group":
    case "aem":
      return { page, run, segment, group: Number(number) };
    case "tasks":
      return { page, task: run === "" ? undefined : run };
    default:
      return { page: "overview" };
  }
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** URL of a view: the inverse of {@link parseRoute}. */
export function formatRoute(route: Route): string {
  const join = (...parts: readonly (string | number)[]): string =>
    `#/${parts.map((part) => encodeURIComponent(part)).join("/")}`;
  switch (route.page) {
    case "overview":
      return "#/";
    case "trajectories": {
      const options = new URLSearchParams();
      if (route.query !== "") options.set("q", route.query);
      if (route.sort !== "") options.set("sort", route.sort);
      return options.size === 0 ? "#/trajectories" : `#/trajectories?${options}`;
    }
    case "trajectory": {
      const { run, segment, row, turn } = route;
      const path = join("trajectory", run, segment, row);
      return turn === undefined ? path : `${path}/${turn}`;
    }
    case "group":
    case "aem":
      return join(route.page, route.run, route.segment, route.group);
    default:
      return route.task === undefined ? "#/tasks" : join("tasks", route.task);
  }
}

/** Route of the current view. */
export const route = signal<Route>(parseRoute(location.hash));

addEventListener("hashchange", () => {
  route.value = parseRoute(location.hash);
});

/**
 * Shows another view. With `isSilent` no entry is added to the browser's history, for example while
 * the user types.
 */
export function navigate(next: Route, { isSilent = false } = {}): void {
  const address = formatRoute(next);
  if (address === location.hash) return;
  if (isSilent) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  route.value = next;
}
addEventListener("popstate", () => {
  route.value = parseRoute(location.hash);
});
