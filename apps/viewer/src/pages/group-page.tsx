import { useEffect, useMemo } from "preact/hooks";
import type { JSX } from "preact";
import { countSegmentGroups, findSegment, groupMembers } from "../data/find-in-table.ts";
import { divergence, readGroup, sharedPrefixes, type Sibling } from "../data/read-group.ts";
import { meanAdvantage } from "../data/token-values.ts";
import { textAt } from "../data/trajectory-table.ts";
import { visibleLine } from "../data/visible-text.ts";
import { fixed, formatRange, segmentTitle, words } from "../format.ts";
import { setViewKeys } from "../keyboard.ts";
import { CreditLegend, CreditStrip } from "../parts/credit-strip.tsx";
import { LongText } from "../parts/long-text.tsx";
import { Outcome } from "../parts/outcome.tsx";
import { formatRoute, navigate } from "../route.ts";
import { runs, table } from "../state.ts";
import { useLoaded } from "../use-loaded.ts";

interface Props {
  readonly run: string;
  readonly segment: string;
  readonly group: number;
}

/** The trajectories of one group side by side. */
export function GroupPage({ run, segment: name, group }: Props): JSX.Element {
  const rows = table.value;
  const segment = findSegment(runs.value, run, name);
  const members = useMemo(
    () => (segment === undefined ? [] : groupMembers(rows, segment, group)),
    [rows, run, name, group],
  );
  const { value: siblings, error } = useLoaded(`${run}/${name}/${group}/${members.length}`, () =>
    segment === undefined ? Promise.resolve([]) : readGroup(rows, segment, members),
  );
  const numGroups = segment === undefined ? 0 : countSegmentGroups(rows, segment);
  const go = (by: number): void => {
    const next = group + by;
    if (next >= 0 && next < numGroups) navigate({ page: "group", run, segment: name, group: next });
  };
  useEffect(() =>
    setViewKeys({
      "[": () => go(-1),
      "]": () => go(1),
      a: () => navigate({ page: "aem", run, segment: name, group }),
      u: () => navigate({ page: "trajectories", query: `run:${run}`, sort: "" }),
    }),
  );
  if (error !== undefined) return <p class="problem">{error}</p>;
  if (segment === undefined || members.length === 0) {
    return (
      <p class="quiet">
        There is no such group in {run}, {name}, or its index is being read.
      </p>
    );
  }
  const first = members[0]!;
  return (
    <article>
      <nav class="crumbs" aria-label="Position">
        <a href={formatRoute({ page: "trajectories", query: `run:${run}`, sort: "" })}>
          {segment.run.name}
        </a>
        <span>{segmentTitle(name)}</span>
        <span>
          group {group} of {numGroups}
        </span>
        <span class="siblings">
          <button
            type="button"
            class="plain"
            disabled={group <= 0}
            onClick={() => go(-1)}
            title="Previous ( [ )"
          >
            ‹ previous
          </button>
          <button
            type="button"
            class="plain"
            disabled={group >= numGroups - 1}
            onClick={() => go(1)}
            title="Next ( ] )"
          >
            next ›
          </button>
          <a href={formatRoute({ page: "tasks", task: textAt(rows, "task", first) })}>
            this task over time
          </a>
          <a href={formatRoute({ page: "aem", run, segment: name, group })}>AEM by hand</a>
        </span>
      </nav>
      <h1 class="task">
        {visibleLine(words(textAt(rows, "kind", first)), 100)}{" "}
        <small>{visibleLine(textAt(rows, "task", first))}</small>
      </h1>
      {siblings === undefined ? (
        <p class="quiet">Reading {members.length} trajectories …</p>
      ) : (
        <>
          <div class="goal">
            <LongText text={siblings[0]!.trajectory.firstObservation} />
          </div>
          <SiblingTable siblings={siblings} run={run} segment={name} />
          <CreditLegend turns={siblings.flatMap(({ trajectory }) => trajectory.turns)} />
          <Lanes siblings={siblings} run={run} segment={name} />
        </>
      )}
    </article>
  );
}

interface SiblingsProps {
  readonly siblings: readonly Sibling[];
  readonly run: string;
  readonly segment: string;
}

function SiblingTable({ siblings, run, segment }: SiblingsProps): JSX.Element {
  const { numbers } = table.value;
  const link = (row: number, turn?: number): string =>
    formatRoute({ page: "trajectory", run, segment, row, turn });
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Trajectories of the group">
      <table>
        <thead>
          <tr>
            <th scope="col">trajectory</th>
            <th scope="col">outcome</th>
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
              advantage
            </th>
            <th scope="col" class="number">
              coefficients
            </th>
            <th scope="col">credit by turn</th>
          </tr>
        </thead>
        <tbody>
          {siblings.map(({ row, position, trajectory }) => (
            <tr key={row}>
              <th scope="row">
                <a href={link(row)}>{trajectory.trajectoryIndex}</a>
              </th>
              <td>
                <Outcome name={textAt(table.value, "outcome", position)} />
              </td>
              <td class="number">{fixed(numbers.return[position])}</td>
              <td class="number">{numbers.turns[position]}</td>
              <td class="number">{fixed(numbers.entropy[position], 3)}</td>
              <td class="number">{fixed(numbers.advantage[position])}</td>
              <td class="number">
                {formatRange(numbers.coefficientMin[position], numbers.coefficientMax[position])}
              </td>
              <td>
                <CreditStrip
                  turns={trajectory.turns}
                  current={undefined}
                  onPick={(turn) => navigate({ page: "trajectory", run, segment, row, turn })}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Lanes({ siblings, run, segment }: SiblingsProps): JSX.Element {
  const diverges = divergence(siblings);
  const shared = sharedPrefixes(siblings);
  const longest = Math.max(...siblings.map(({ trajectory }) => trajectory.turns.length));
  return (
    <section aria-labelledby="actions">
      <h2 id="actions">Actions side by side</h2>
      <p class="quiet">
        {diverges === undefined
          ? "All siblings act alike."
          : `They act differently from turn ${diverges} on. A bar at the left marks a turn if other siblings have acted the same up to this turn.`}
      </p>
      <div class="scroll" tabIndex={0} role="region" aria-label="Actions by turn">
        <table class="lanes">
          <thead>
            <tr>
              <th scope="col">turn</th>
              {siblings.map(({ row, trajectory, position }) => (
                <th scope="col" key={row}>
                  <a href={formatRoute({ page: "trajectory", run, segment, row, turn: undefined })}>
                    {trajectory.trajectoryIndex}
                  </a>{" "}
                  <Outcome name={textAt(table.value, "outcome", position)} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {Array.from({ length: longest }, (_, turn) => (
              <tr key={turn} class={turn === diverges ? "diverges" : ""}>
                <th scope="row">{turn}</th>
                {siblings.map(({ row, trajectory }, i) => {
                  const one = trajectory.turns[turn];
                  if (one === undefined) return <td key={row} />;
                  const { credit } = one;
                  return (
                    <td key={row} class={shared[i]![turn]! > 1 ? "shared" : ""}>
                      <a
                        class={one.isValidAction ? "" : "malformed"}
                        href={formatRoute({ page: "trajectory", run, segment, row, turn })}
                        title={visibleLine(one.observation)}
                      >
                        {one.action === "" ? "(no action)" : visibleLine(one.action)}
                      </a>
                      {credit !== undefined && (
                        <small
                          class={meanAdvantage(credit.advantage) < 0 ? "negative" : "positive"}
                        >
                          {fixed(meanAdvantage(credit.baseAdvantage))} × {fixed(credit.coefficient)}
                        </small>
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
