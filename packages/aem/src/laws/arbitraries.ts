import type { Arbitrary } from "fast-check";
import type { CreditedResponse } from "../modulator.ts";
import { fc } from "./fast-check.ts";

/** Random numbers from which a response is built; entropies are `[token]`. */
interface Drawn {
  readonly advantage: number;
  readonly entropies: readonly number[];
}

const drawn: Arbitrary<Drawn> = fc.record({
  advantage: fc.oneof(fc.double({ min: -10, max: 10, noNaN: true }), fc.constantFrom(-1, 0, 1)),
  entropies: fc.array(
    fc.oneof(
      fc.double({ min: 0, max: 12, noNaN: true }),
      // Nearly certain policy: entropies that differ by less than the dead zone.
      fc.double({ min: 0, max: 0.05, noNaN: true }),
    ),
    { minLength: 1, maxLength: 5 },
  ),
});

/**
 * Batches of one to three groups of one to three trajectories of one to four turns, with exact
 * entropies. Every response has at least one token; the first half of its tokens is reasoning, the
 * rest the action.
 */
export const creditedBatchArbitrary: Arbitrary<CreditedResponse[]> = fc
  .array(
    fc.array(fc.array(drawn, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
    { minLength: 1, maxLength: 3 },
  )
  .map((groups) =>
    groups.flatMap((trajectories, group) =>
      trajectories.flatMap((turns, trajectory) =>
        turns.map(({ advantage, entropies }, turn): CreditedResponse => ({
          group,
          trajectory,
          turn,
          advantage,
          uncertainty: { kind: "entropy", entropies },
          spans: [
            { role: "reasoning", start: 0, length: Math.floor(entropies.length / 2) },
            {
              role: "action",
              start: Math.floor(entropies.length / 2),
              length: Math.ceil(entropies.length / 2),
            },
          ],
        })),
      ),
    ),
  );
