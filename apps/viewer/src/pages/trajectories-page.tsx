import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import {
  filterTable,
  parseQuery,
  sortPositions,
  type Condition,
  type SortOrder,
} from "../data/filter-table.ts";
import { textAt } from "../data/trajectory-table.ts";
import { visibleLine } from "../data/visible-text.ts";
import { count } from "../format.ts";
import { setViewKeys } from "../keyboard.ts";
import { listColumns, type ListColumn } from "../parts/list-columns.tsx";
import { RowSpace, useVirtualRows } from "../parts/virtual-rows.tsx";
import { navigate, type Route } from "../route.ts";
import { messageOf, runs, table, tableNames } from "../state.ts";

const rowHeight = 28;

/** Position of the last chosen row, which stays chosen after its trajectory is closed. */
let lastActive = 0;

interface Props {
  readonly query: string;
  readonly sort: string;
}

/** Page of all trajectories: search, filter, sort. */
export function TrajectoriesPage({ query, sort }: Props): JSX.Element {
  const rows = table.value;
  const order = parseSort(sort);
  const { conditions, error } = useMemo(() => tryParse(query), [query]);
  const positions = useMemo(() => {
    const kept = filterTable(rows, conditions, tableNames.value);
    return order === undefined ? kept : sortPositions(rows, kept, order);
  }, [rows, conditions, sort]);
  const columns = listColumns.filter((column) => column.isShown(runs.value));

  const scroller = useRef<HTMLDivElement>(null);
  const { items, totalSize, scrollTo } = useVirtualRows(scroller, positions.length, rowHeight);
  const [active, setActive] = useState(lastActive);
  lastActive = active;
  const chosen = Math.min(active, positions.length - 1);
  const show = (next: Partial<Props>): void =>
    navigate({ page: "trajectories", query, sort, ...next }, { isSilent: true });
  const move = (by: number): void => {
    const next = Math.max(0, Math.min(positions.length - 1, chosen + by));
    setActive(next);
    scrollTo(next);
  };
  const open = (index: number): void => {
    const target = index < 0 ? undefined : addressOf(positions[index]!);
    if (target !== undefined) navigate(target);
  };
  useEffect(() => {
    const page = Math.floor((scroller.current?.clientHeight ?? rowHeight) / rowHeight) - 1;
    return setViewKeys({
      j: () => move(1),
      k: () => move(-1),
      ArrowDown: () => move(1),
      ArrowUp: () => move(-1),
      PageDown: () => move(page),
      PageUp: () => move(-page),
      Home: () => move(-positions.length),
      End: () => move(positions.length),
      Enter: () => open(chosen),
    });
  });
  useEffect(() => scrollTo(Math.max(0, chosen)), []);

  const template = columns.map(({ width }) => width).join(" ");
  return (
    <div class="list-page">
      <h1 class="hidden">Trajectories</h1>
      <Filters query={query} onQuery={(next) => show({ query: next })} />
      <p class={error === undefined ? "quiet result" : "problem result"} role="status">
        {error ?? `${count(positions.length)} of ${count(rows.length)} trajectories`}
      </p>
      <div class="list">
        <div
          class="list-scroll"
          ref={scroller}
          role="grid"
          aria-label="Trajectories"
          aria-rowcount={positions.length + 1}
          aria-colcount={columns.length}
          tabIndex={0}
          aria-activedescendant={chosen >= 0 ? `row-${chosen}` : undefined}
        >
          <div role="rowgroup" class="list-head">
            <div
              role="row"
              aria-rowindex={1}
              class="list-row"
              style={{ gridTemplateColumns: template }}
            >
              {columns.map((column) => (
                <ColumnHead
                  key={column.name}
                  column={column}
                  order={order}
                  onSort={(next) => show({ sort: next })}
                />
              ))}
            </div>
          </div>
          <RowSpace size={totalSize}>
            {items.map(({ index, start }) => (
              <div
                key={index}
                id={`row-${index}`}
                role="row"
                aria-rowindex={index + 2}
                aria-selected={index === chosen}
                class={index === chosen ? "list-row active" : "list-row"}
                style={{ gridTemplateColumns: template, transform: `translateY(${start}px)` }}
                onClick={() => {
                  setActive(index);
                  open(index);
                }}
              >
                {columns.map((column) => {
                  const content = column.render(rows, positions[index]!);
                  return (
                    <span
                      role="gridcell"
                      key={column.name}
                      class={column.isNumber ? "number" : ""}
                      title={typeof content === "string" && !column.isNumber ? content : undefined}
                    >
                      {content}
                    </span>
                  );
                })}
              </div>
            ))}
          </RowSpace>
        </div>
      </div>
    </div>
  );
}

function tryParse(query: string): {
  readonly conditions: readonly Condition[];
  readonly error?: string;
} {
  try {
    return { conditions: parseQuery(query) };
  } catch (error) {
    return { conditions: [], error: messageOf(error) };
  }
}

/** Sort order in a URL: a column, with a minus sign for descending. */
function parseSort(sort: string): SortOrder | undefined {
  const name = sort.replace(/^-/u, "");
  const column = listColumns.find((known) => known.name === name);
  return column === undefined
    ? undefined
    : { column: column.name, isDescending: sort.startsWith("-") };
}

/** URL of a trajectory of the table. */
function addressOf(index: number): Route | undefined {
  const { run, segment, row } = table.value;
  const viewed = runs.value[run[index]!];
  const name = viewed?.segments[segment[index]!]?.name;
  if (viewed === undefined || name === undefined) return undefined;
  return { page: "trajectory", run: viewed.id, segment: name, row: row[index]!, turn: undefined };
}

function ColumnHead({
  column: { name, label, isNumber, title },
  order,
  onSort,
}: {
  readonly column: ListColumn;
  readonly order: SortOrder | undefined;
  readonly onSort: (sort: string) => void;
}): JSX.Element {
  const isSorted = order?.column === name;
  const direction = order?.isDescending === true ? "descending" : "ascending";
  // Sort numbers in descending order first, because large values are usually of interest; a third
  // click ends the sorting.
  const first = isNumber ? `-${name}` : name;
  const second = isNumber ? name : `-${name}`;
  const current = isSorted ? (order.isDescending ? `-${name}` : name) : "";
  const next = current === "" ? first : current === first ? second : "";
  return (
    <span
      role="columnheader"
      aria-sort={isSorted ? direction : "none"}
      class={isNumber ? "number" : ""}
      title={title}
    >
      <button type="button" class="sort" onClick={() => onSort(next)}>
        {label}
        {isSorted && <span aria-hidden="true">{direction === "descending" ? " ↓" : " ↑"}</span>}
      </button>
    </span>
  );
}

const shortcuts: readonly (readonly [string, string])[] = [
  ["solved", "outcome:success"],
  ["not solved", "success=0"],
  ["truncated", "outcome:truncated"],
  ["failed", "outcome:failed"],
  ["evaluations", "stage:evaluation"],
];

function Filters({
  query,
  onQuery,
}: {
  readonly query: string;
  readonly onQuery: (query: string) => void;
}): JSX.Element {
  const rows = table.value;
  const kinds = useMemo(() => distinctKinds(), [rows]);
  const terms = query.split(/\s+/u).filter((term) => term !== "");
  const toggle = (term: string): void =>
    onQuery(
      (terms.includes(term) ? terms.filter((one) => one !== term) : [...terms, term]).join(" "),
    );
  const ofKind = terms.find((term) => term.startsWith("kind:")) ?? "";
  return (
    <div class="filters">
      <label class="hidden" for="search">
        Search
      </label>
      <input
        id="search"
        type="search"
        spellcheck={false}
        placeholder="words, kind:heat, outcome:failure, entropy>0.5, iteration=7   ( / )"
        value={query}
        onInput={(event) => onQuery(event.currentTarget.value)}
      />
      <label class="hidden" for="kind">
        Kind of task
      </label>
      <select
        id="kind"
        value={ofKind}
        onChange={(event) => {
          const chosen = event.currentTarget.value;
          onQuery([...terms.filter((term) => !term.startsWith("kind:")), chosen].join(" ").trim());
        }}
      >
        <option value="">all kinds</option>
        {kinds.map((kind) => (
          <option key={kind} value={`kind:${kind.toLowerCase()}`}>
            {visibleLine(kind, 60)}
          </option>
        ))}
      </select>
      {shortcuts.map(([label, term]) => (
        <button
          key={term}
          type="button"
          class="chip"
          aria-pressed={terms.includes(term)}
          onClick={() => toggle(term)}
        >
          {label}
        </button>
      ))}
    </div>
  );
}

/** Task kinds, by name. */
function distinctKinds(): string[] {
  const seen = new Map<number, number>();
  table.value.texts.kind.forEach((position, index) => seen.set(position, index));
  return [...seen.values()].map((index) => textAt(table.value, "kind", index)).sort();
}
