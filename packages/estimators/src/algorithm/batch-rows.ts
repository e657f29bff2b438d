import { trajectoryRows, type Group, type Trajectory, type TokenRow } from "@turnwise/core";

/** Row of a batch with the indices of its group and trajectory. */
export interface BatchRow {
  readonly row: TokenRow;
  readonly groupIndex: number;
  readonly trajectoryIndex: number;
}

/**
 * Lists the rows of all trajectories, ordered by group and trajectory.
 * @param isTrainedOn - Selects the trajectories. Default: all.
 */
export function batchRows(
  groups: readonly Group[],
  isTrainedOn: (trajectory: Trajectory) => boolean = () => true,
): BatchRow[] {
  return groups.flatMap((group, groupIndex) =>
    group.trajectories.flatMap((trajectory, trajectoryIndex) =>
      isTrainedOn(trajectory)
        ? trajectoryRows(trajectory).map((row) => ({ row, groupIndex, trajectoryIndex }))
        : [],
    ),
  );
}

/** Response of a batch with its position among the rows. */
export interface BatchResponse {
  readonly rowIndex: number;
  readonly spanIndex: number;
  readonly turnIndex: number;
  readonly length: number;
}

/** Collects the responses of each trajectory in turn order, `[trajectory][response]`. */
export function groupResponses(rows: readonly BatchRow[]): BatchResponse[][] {
  const trajectories = new Map<string, BatchResponse[]>();
  rows.forEach(({ row, groupIndex, trajectoryIndex }, rowIndex) => {
    const key = `${groupIndex}/${trajectoryIndex}`;
    const known = trajectories.get(key) ?? [];
    trajectories.set(key, known);
    row.spans.forEach(({ turnIndex, length }, spanIndex) =>
      known.push({ rowIndex, spanIndex, turnIndex, length }),
    );
  });
  return [...trajectories.values()];
}
