import { trajectoryRows, type Group, type Trajectory, type TokenRow } from "@turnwise/core";

/** A row of a batch with the indices of its group and trajectory. */
export interface BatchRow {
  readonly row: TokenRow;
  readonly groupIndex: number;
  readonly trajectoryIndex: number;
}

/**
 * The rows of all trajectories, group by group, in order.
 * @param isTrainedOn - Trajectories whose rows are wanted. Default: all.
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

/** One response of a batch with its place among the rows. */
export interface BatchResponse {
  readonly rowIndex: number;
  readonly spanIndex: number;
  readonly turnIndex: number;
  readonly length: number;
}

/** The responses of each trajectory in order of their turns, `[trajectory][response]`. */
export function responsesByTrajectory(rows: readonly BatchRow[]): BatchResponse[][] {
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
