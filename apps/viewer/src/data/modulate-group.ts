import {
  compileModulator,
  modulators,
  type CreditedResponse,
  type ModulatorRecord,
} from "@turnwise/aem";
import { createRandom } from "@turnwise/core";
import type { Sibling } from "./read-group.ts";
import { meanAdvantage } from "./token-values.ts";

/** A response of a group as input of modulators, with its position. */
export interface GroupResponse {
  readonly row: number;
  readonly trajectory: number;
  readonly turn: number;
  readonly action: string;
  readonly entropy: number;
  readonly advantage: number;
  /** Coefficient that the run used; absent if the response was not trained on. */
  readonly recorded: number | undefined;
  readonly credited: CreditedResponse;
}

/**
 * Responses of a group with known entropies. Without recorded credit, uses the sampler's entropies
 * and advantages of 0.
 */
export function groupResponses(siblings: readonly Sibling[]): GroupResponse[] {
  return siblings.flatMap(({ row, trajectory }) =>
    trajectory.turns.flatMap((turn, index): GroupResponse[] => {
      const { credit, samplerEntropies, action } = turn;
      const entropies = credit?.entropies ?? samplerEntropies;
      if (entropies === undefined || entropies.length === 0) return [];
      const advantage = credit === undefined ? 0 : meanAdvantage(credit.baseAdvantage);
      return [
        {
          row,
          trajectory: trajectory.trajectoryIndex,
          turn: index,
          action,
          entropy: entropies.reduce((sum, value) => sum + value, 0) / entropies.length,
          advantage,
          recorded: credit?.coefficient,
          credited: {
            group: trajectory.groupId,
            trajectory: trajectory.trajectoryIndex,
            turn: index,
            advantage,
            uncertainty: { kind: "entropy", entropies },
          },
        },
      ];
    }),
  );
}

/** Modulators that need only entropies, by name. */
export const namedModulators: readonly (readonly [string, ModulatorRecord])[] = Object.entries(
  modulators,
).filter(([, record]) => !compileModulator(record).needs.includes("spans"));

/** Coefficients of a modulator, `[response]`; random modulators use seed 1. */
export function coefficientsOf(
  record: ModulatorRecord,
  responses: readonly GroupResponse[],
): { readonly coefficients: number[]; readonly advantages: number[] } {
  return compileModulator(record).modulate(
    responses.map(({ credited }) => credited),
    createRandom(1),
  );
}
