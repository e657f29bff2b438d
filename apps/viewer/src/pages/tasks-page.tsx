import { signal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import { Chart } from "../charts/chart.tsx";
import { groupByArm } from "../data/arms.ts";
import { listTasks, taskCurve, taskOccasions, type TaskOccasion } from "../data/task-history.ts";
import { visibleLine } from "../data/visible-text.ts";
import { count, fixed, formatRange, percent, segmentTitle, words } from "../format.ts";
import { setViewKeys } from "../keyboard.ts";
import { armColour } from "../parts/overlay-charts.tsx";
import { RowSpace, useVirtualRows } from "../parts/virtual-rows.tsx";
import { formatRoute, navigate } from "../route.ts";
import { runs, table } from "../state.ts";

/** Page of all tasks, or of one task over time. */
export function TasksPage({ task }: { readonly task: string | undefined }): JSX.Element {
  return task === undefined ? <TaskList /> : <TaskOverTime task={task} />;
}

const rowHeight = 28;
const search = signal("");

function TaskList(): JSX.Element {
  const rows = table.value;
  const all = useMemo(() => listTasks(rows), [rows]);
  const word = search.value.toLowerCase();
  const shown = useMemo(
    () =>
      all.filter(({ task, kind }) =>
        `${rows.strings[task]} ${rows.strings[kind]}`.toLowerCase().includes(word),
      ),
    [all, word],
  );
  const scroller = useRef<HTMLDivElement>(null);
  const { items, totalSize, scrollTo } = useVirtualRows(scroller, shown.length, rowHeight);
  const [active, setActive] = useState(0);
  const open = (index: number): void => {
    const found = shown[index];
    if (found !== undefined) navigate({ page: "tasks", task: rows.strings[found.task]! });
  };
  const move = (by: number): void => {
    const next = Math.max(0, Math.min(shown.length - 1, active + by));
    setActive(next);
    scrollTo(next);
  };
  useEffect(() =>
    setViewKeys({
      j: () => move(1),
      k: () => move(-1),
      ArrowDown: () => move(1),
      ArrowUp: () => move(-1),
      Enter: () => open(active),
    }),
  );
  const head = ["task", "kind", "times played", "episodes", "solved"];
  return (
    <div class="list-page">
      <h1 class="hidden">Tasks</h1>
      <div class="filters">
        <label class="hidden" for="search">
          Search tasks
        </label>
        <input
          id="search"
          type="search"
          placeholder="words of a task or kind   ( / )"
          value={search.value}
          onInput={(event) => (search.value = event.currentTarget.value)}
        />
      </div>
      <p class="quiet result" role="status">
        {count(shown.length)} of {count(all.length)} tasks, those played most often first
      </p>
      <div class="list tasks">
        <div
          class="list-scroll"
          ref={scroller}
          role="grid"
          aria-label="Tasks"
          aria-rowcount={shown.length + 1}
          tabIndex={0}
          aria-activedescendant={shown.length === 0 ? undefined : `row-${active}`}
        >
          <div role="rowgroup" class="list-head">
            <div role="row" class="list-row">
              {head.map((label, i) => (
                <span role="columnheader" key={label} class={i > 1 ? "number" : ""}>
                  {label}
                </span>
              ))}
            </div>
          </div>
          <RowSpace size={totalSize}>
            {items.map(({ index, start }) => {
              const { task, kind, occasions, episodes, solved } = shown[index]!;
              return (
                <div
                  key={index}
                  id={`row-${index}`}
                  role="row"
                  aria-rowindex={index + 2}
                  aria-selected={index === active}
                  class={index === active ? "list-row active" : "list-row"}
                  style={{ transform: `translateY(${start}px)` }}
                  onClick={() => open(index)}
                >
                  <Cell text={rows.strings[task]!} />
                  <Cell text={words(rows.strings[kind]!)} />
                  <span role="gridcell" class="number">
                    {occasions}
                  </span>
                  <span role="gridcell" class="number">
                    {episodes}
                  </span>
                  <span role="gridcell" class="number">
                    {percent(solved / episodes)}
                  </span>
                </div>
              );
            })}
          </RowSpace>
        </div>
      </div>
    </div>
  );
}

/** Text that its column may cut; the complete text is shown on hover. */
function Cell({ text }: { readonly text: string }): JSX.Element {
  const line = visibleLine(text);
  return (
    <span role="gridcell" title={line}>
      {line}
    </span>
  );
}

function TaskOverTime({ task }: { readonly task: string }): JSX.Element {
  const rows = table.value;
  const occasions = useMemo(() => taskOccasions(rows, runs.value, task), [rows, runs.value, task]);
  const arms = useMemo(() => groupByArm(runs.value), [runs.value]);
  const charts = useMemo(
    () =>
      measures.map(({ title, of, ...rest }) => ({
        title,
        ...rest,
        series: arms.flatMap((arm, i) => {
          const curve = taskCurve(occasions, arm, of);
          return curve.x.length === 0
            ? []
            : [
                {
                  label: arm.label,
                  colour: armColour(i),
                  curve,
                  kind: curve.x.length === 1 ? ("points" as const) : ("line" as const),
                },
              ];
        }),
      })),
    [occasions, arms],
  );
  useEffect(() => setViewKeys({ u: () => navigate({ page: "tasks", task: undefined }) }));
  if (occasions.length === 0) {
    return <p class="quiet">None of the indexes read so far contains this task.</p>;
  }
  return (
    <article>
      <nav class="crumbs" aria-label="Position">
        <a href={formatRoute({ page: "tasks", task: undefined })}>tasks</a>
        <span>one task over time</span>
        <span class="siblings">
          <a
            href={formatRoute({
              page: "trajectories",
              query: `task:${quote(task)}`,
              sort: "iteration",
            })}
          >
            its trajectories
          </a>
        </span>
      </nav>
      <h1 class="task">{visibleLine(task)}</h1>
      <FirstSolved occasions={occasions} />
      <div class="charts">
        {charts.map((chart) => chart.series.length > 0 && <Chart key={chart.title} {...chart} />)}
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="Times played">
        <table>
          <thead>
            <tr>
              <th scope="col">run</th>
              <th scope="col">stage</th>
              <th scope="col" class="number">
                solved
              </th>
              <th scope="col" class="number">
                return
              </th>
              <th scope="col" class="number">
                turns
              </th>
              <th scope="col" class="number">
                entropy
              </th>
              <th scope="col" class="number">
                coefficients
              </th>
            </tr>
          </thead>
          <tbody>
            {occasions.map(({ run, name, group, ...one }) => (
              <tr key={`${run.id} ${name} ${group}`}>
                <td>{run.name}</td>
                <td>
                  <a href={formatRoute({ page: "group", run: run.id, segment: name, group })}>
                    {segmentTitle(name)}
                  </a>
                </td>
                <td class="number">
                  {one.solved} / {one.episodes}
                </td>
                <td class="number">{fixed(one.meanReturn)}</td>
                <td class="number">{fixed(one.turns, 1)}</td>
                <td class="number">{fixed(one.entropy, 3)}</td>
                <td class="number">{formatRange(one.coefficientMin, one.coefficientMax)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </article>
  );
}

const quote = (text: string): string => (/\s/u.test(text) ? `"${text}"` : text);

const measures: readonly {
  readonly title: string;
  readonly unit?: string;
  readonly range?: readonly [number | null, number | null];
  readonly format?: (value: number) => string;
  readonly of: (occasion: TaskOccasion) => number;
}[] = [
  {
    title: "Solved",
    unit: "share of its episodes",
    range: [0, 1],
    format: (value) => percent(value),
    of: ({ solved, episodes }) => solved / episodes,
  },
  { title: "Turns", of: ({ turns }) => turns },
  { title: "Entropy", unit: "nats per token", range: [0, null], of: ({ entropy }) => entropy },
  { title: "Largest coefficient", range: [0, null], of: ({ coefficientMax }) => coefficientMax },
];

function FirstSolved({ occasions }: { readonly occasions: readonly TaskOccasion[] }): JSX.Element {
  const shown = [...new Set(occasions.map(({ run }) => run))];
  return (
    <p class="wrap">
      {shown.map((run) => {
        const own = occasions.filter((one) => one.run === run);
        const first = own.find(({ solved }) => solved > 0);
        return (
          <span key={run.id} class="solved-first">
            {run.name}:{" "}
            {first === undefined ? (
              <span class="quiet">not solved in {own.length} tries</span>
            ) : (
              <>first solved in {segmentTitle(first.name)}</>
            )}
          </span>
        );
      })}
    </p>
  );
}
