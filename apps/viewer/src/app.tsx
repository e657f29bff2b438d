import { useEffect, useRef } from "preact/hooks";
import type { JSX } from "preact";
import { handleKey, isHelpOpen } from "./keyboard.ts";
import { AemPage } from "./pages/aem-page.tsx";
import { GroupPage } from "./pages/group-page.tsx";
import { OverviewPage } from "./pages/overview-page.tsx";
import { TasksPage } from "./pages/tasks-page.tsx";
import { TrajectoriesPage } from "./pages/trajectories-page.tsx";
import { TrajectoryPage } from "./pages/trajectory-page.tsx";
import { Help } from "./parts/help.tsx";
import { formatRoute, route, type Route } from "./route.ts";
import { indexProgress, isConnected, isLive, isLoading, problems, runs, table } from "./state.ts";
import { count } from "./format.ts";
import { toggleTheme } from "./theme.ts";

/** The complete page. */
export function App(): JSX.Element {
  useEffect(() => {
    addEventListener("keydown", handleKey);
    return () => removeEventListener("keydown", handleKey);
  }, []);
  useEffect(() => {
    // A new view starts at its top; a trajectory scrolls to its turn by itself.
    scrollTo(0, 0);
  }, [keyOf(route.value)]);
  useEffect(() => {
    document.title = titleOf(route.value);
  }, [route.value, runs.value]);
  return (
    <>
      <Header />
      <main id="main" tabIndex={-1}>
        <Problems isWhole={route.value.page === "overview"} />
        {isLoading.value ? <p class="quiet">Reading runs …</p> : <Page route={route.value} />}
      </main>
      {isHelpOpen.value && <Help />}
    </>
  );
}

/**
 * Errors of files that could not be read: in full on the overview, elsewhere as a link to the
 * overview.
 */
function Problems({ isWhole }: { readonly isWhole: boolean }): JSX.Element | null {
  const shown = problems.value;
  if (shown.length === 0) return null;
  if (!isWhole) {
    return (
      <p class="problem">
        <a href={formatRoute({ page: "overview" })}>
          {shown.length === 1 ? "one file" : `${shown.length} files`} could not be read
        </a>
      </p>
    );
  }
  return (
    <>
      {shown.map((problem) => (
        <p class="problem" role="alert" key={problem}>
          {problem}
        </p>
      ))}
    </>
  );
}

/** Views with equal keys share one component, whose state is kept. */
function keyOf(current: Route): string {
  if (current.page === "trajectories") return current.page;
  if (current.page === "trajectory") return formatRoute({ ...current, turn: undefined });
  return formatRoute(current);
}

function Page({ route: current }: { readonly route: Route }): JSX.Element {
  const key = keyOf(current);
  switch (current.page) {
    case "overview":
      return <OverviewPage key={key} />;
    case "trajectories":
      return <TrajectoriesPage key={key} {...current} />;
    case "trajectory":
      return <TrajectoryPage key={key} {...current} />;
    case "group":
      return <GroupPage key={key} {...current} />;
    case "aem":
      return <AemPage key={key} {...current} />;
    default:
      return <TasksPage key={key} {...current} />;
  }
}

const tabs: readonly {
  readonly label: string;
  readonly route: Route;
  readonly pages: readonly Route["page"][];
}[] = [
  { label: "Overview", route: { page: "overview" }, pages: ["overview"] },
  {
    label: "Trajectories",
    route: { page: "trajectories", query: "", sort: "" },
    pages: ["trajectories", "trajectory", "group", "aem"],
  },
  { label: "Tasks", route: { page: "tasks", task: undefined }, pages: ["tasks"] },
];

function Header(): JSX.Element {
  const menu = useRef<HTMLElement>(null);
  const { read, total } = indexProgress.value;
  return (
    <header class="top">
      <a
        class="skip"
        href="#main"
        onClick={(event) => (event.preventDefault(), document.getElementById("main")?.focus())}
      >
        Skip to the content
      </a>
      <span class="brand">Turnwise</span>
      <nav ref={menu} aria-label="Views">
        {tabs.map(({ label, route: target, pages }) => (
          <a
            key={label}
            href={formatRoute(target)}
            aria-current={pages.includes(route.value.page) ? "page" : undefined}
          >
            {label}
          </a>
        ))}
      </nav>
      <span class="status" role="status">
        {read < total
          ? `reading indexes, ${read} of ${total}`
          : `${count(table.value.length)} trajectories`}
        {isLive.value &&
          isConnected.value &&
          runs.value.some(({ progress }) => progress.state === "running") && (
            <span class="live"> live</span>
          )}
        {!isConnected.value && <span class="lost"> the server does not answer</span>}
      </span>
      <button type="button" class="plain" onClick={toggleTheme} title="Light or dark (d)">
        Theme
      </button>
      <button
        type="button"
        class="plain"
        onClick={() => (isHelpOpen.value = true)}
        title="Keys (?)"
      >
        Keys
      </button>
    </header>
  );
}

function titleOf(current: Route): string {
  const [run] = runs.value;
  const name = runs.value.length === 1 ? run!.name : `${runs.value.length} runs`;
  return `${current.page} · ${name} · Turnwise`;
}
