import type { Group, ScoredRow } from "@turnwise/core";
import {
  generalizedAdvantages,
  whiten,
  type GeneralizedAdvantageOptions,
} from "@turnwise/estimators";
import type { BaseCredit, BatchRow } from "./credit.ts";

/**
 * Base credit by a critic: generalized advantages over the response tokens of each trajectory, one
 * response following the other, whitened over the batch. A reward, less the response's penalty, is
 * paid at the response's last token. Nothing is expected to follow the end, however it came.
 *
 * @param rows - Of the trajectories of these groups; those of a trajectory stand together, in order.
 * @param scores - Of these rows, before the update, with values.
 * @returns `[row][response]`.
 * @throws `TypeError` if the scores have no values.
 */
export function criticCredits(
  groups: readonly Group[],
  rows: readonly BatchRow[],
  scores: readonly ScoredRow[],
  options: Pick<GeneralizedAdvantageOptions, "discount" | "lambda">,
): BaseCredit[][] {
  const responses = rows.flatMap(({ row, groupIndex, trajectoryIndex }, i) =>
    row.spans.map(({ turnIndex }, span) => {
      const { values } = scores[i]!.spans[span]!;
      if (values === undefined)
        throw new TypeError("criticCredits: scores must hold values, got none");
      const { reward, penalty = 0 } =
        groups[groupIndex]!.trajectories[trajectoryIndex]!.turns[turnIndex]!;
      const rewards = Array.from(values, (_, token) =>
        token === values.length - 1 ? reward - penalty : 0,
      );
      return { rowIndex: i, trajectory: `${groupIndex}/${trajectoryIndex}`, values, rewards };
    }),
  );
  const trajectories = new Map<string, (typeof responses)[number][]>();
  for (const response of responses) {
    const siblings = trajectories.get(response.trajectory);
    if (siblings === undefined) trajectories.set(response.trajectory, [response]);
    else siblings.push(response);
  }
  const estimates = [...trajectories.values()].map((ofTrajectory) =>
    generalizedAdvantages(
      ofTrajectory.flatMap(({ rewards }) => rewards),
      ofTrajectory.flatMap(({ values }) => [...values]),
      options,
    ),
  );
  const advantages = whiten(estimates.map((estimate) => estimate.advantages)).flat();
  const returns = estimates.flatMap((estimate) => estimate.returns);
  const credits: BaseCredit[][] = rows.map(() => []);
  let start = 0;
  for (const { rowIndex, values } of responses) {
    const end = start + values.length;
    credits[rowIndex]!.push({
      advantages: Float32Array.from(advantages.slice(start, end)),
      returns: Float32Array.from(returns.slice(start, end)),
      oldValues: values,
    });
    start = end;
  }
  return credits;
}
