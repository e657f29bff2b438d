import { useMemo } from "preact/hooks";
import type { JSX } from "preact";
import { listAdvisories } from "@turnwise/training/reader";
import { groupCurve } from "../data/curves.ts";
import type { ViewedRun } from "../data/load-runs.ts";
import { table } from "../state.ts";

/** Advisories of runs, each with the rule that fired. */
export function Advisories({ runs }: { readonly runs: readonly ViewedRun[] }): JSX.Element {
  const rows = table.value;
  const fired = useMemo(
    () =>
      runs.flatMap((run) => {
        const groups = groupCurve(rows, run).map(({ counts }) => counts);
        return listAdvisories({ ...run, groups }).map((advisory) => ({ run, advisory }));
      }),
    [runs, rows],
  );
  return (
    <section aria-labelledby="advisories">
      <h2 id="advisories">Advisories</h2>
      {fired.length === 0 ? (
        <p class="quiet">None: no rule fired.</p>
      ) : (
        <ul class="advisories">
          {fired.map(({ run, advisory: { name, message, rule, remedy } }) => (
            <li key={`${run.id} ${name}`}>
              <b>{name.replaceAll("-", " ")}</b>
              {runs.length > 1 && <span class="quiet"> {run.name}</span>}
              <p>
                {message} {remedy}
              </p>
              <code>{rule}</code>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
