import { useMemo } from "preact/hooks";
import type { JSX } from "preact";
import { groupByArm } from "../data/arms.ts";
import { RunFacts } from "../parts/run-facts.tsx";
import { Advisories } from "../parts/advisories.tsx";
import { ArmComparison } from "../parts/arm-comparison.tsx";
import { RunCharts } from "../parts/run-charts.tsx";
import { OverlayCharts } from "../parts/overlay-charts.tsx";
import { RunTable } from "../parts/run-table.tsx";
import { runs } from "../state.ts";

/** Overview: settings, progress and advisories of the runs. */
export function OverviewPage(): JSX.Element {
  const shown = runs.value;
  const arms = useMemo(() => groupByArm(shown), [shown]);
  const [run] = shown;
  if (run === undefined) return <p class="quiet">No run can be shown.</p>;
  if (shown.length === 1) {
    return (
      <>
        <RunFacts run={run} />
        <Advisories runs={shown} />
        <RunCharts run={run} />
      </>
    );
  }
  return (
    <>
      <h1>{shown.length} runs</h1>
      <RunTable arms={arms} />
      {arms.length > 1 && <ArmComparison arms={arms} />}
      <OverlayCharts arms={arms} />
      <Advisories runs={shown} />
    </>
  );
}
