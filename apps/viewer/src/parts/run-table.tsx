import type { JSX } from "preact";
import type { Arm } from "../data/arms.ts";
import { metricAt } from "../data/curves.ts";
import { summarizeRun } from "../data/summarize-run.ts";
import { duration, percent, short, whole } from "../format.ts";
import { formatRoute } from "../route.ts";
import { armColour } from "./overlay-charts.tsx";

/** Runs by arm, with state and result. */
export function RunTable({ arms }: { readonly arms: readonly Arm[] }): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Runs">
      <table>
        <thead>
          <tr>
            <th scope="col">arm</th>
            <th scope="col">run</th>
            <th scope="col">seed</th>
            <th scope="col">state</th>
            <th scope="col" class="number">
              iterations
            </th>
            <th scope="col" class="number">
              success
            </th>
            <th scope="col" class="number">
              evaluation before
            </th>
            <th scope="col" class="number">
              after
            </th>
            <th scope="col" class="number">
              entropy
            </th>
            <th scope="col" class="number">
              time
            </th>
          </tr>
        </thead>
        <tbody>
          {arms.flatMap(({ label, runs }, arm) =>
            runs.map((run, i) => {
              const { progress } = run;
              const { last, before, after, seconds } = summarizeRun(run);
              return (
                <tr key={run.id}>
                  {i === 0 && (
                    <th scope="rowgroup" rowSpan={runs.length}>
                      <i class="swatch" style={{ background: `var(${armColour(arm)})` }} />
                      {label}
                    </th>
                  )}
                  <td>
                    <a
                      href={formatRoute({
                        page: "trajectories",
                        query: `run:${quoted(run.name)}`,
                        sort: "",
                      })}
                    >
                      {run.name}
                    </a>
                  </td>
                  <td>{whole(run.seed)}</td>
                  <td>
                    <span class={`state ${progress.state}`}>{progress.state}</span>
                  </td>
                  <td class="number">
                    {progress.iterations}
                    {progress.numIterations !== undefined && ` / ${progress.numIterations}`}
                  </td>
                  <td class="number">{percent(metricAt(last, "success") ?? undefined, 1)}</td>
                  <td class="number">{percent(before, 1)}</td>
                  <td class="number">{percent(after, 1)}</td>
                  <td class="number">{short(metricAt(last, "entropy") ?? undefined)}</td>
                  <td class="number">{duration(seconds)}</td>
                </tr>
              );
            }),
          )}
        </tbody>
      </table>
    </div>
  );
}

/** Quotes a value for a query. */
const quoted = (text: string): string => (text.includes(" ") ? `"${text}"` : text);
