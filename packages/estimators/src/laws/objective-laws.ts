import {
  defineLaw,
  expectAllNear,
  expectNear,
  expectThat,
  plainOperations,
  runOptions,
  type Law,
  type LawOptions,
  type Objective,
  type ObjectiveField,
} from "@turnwise/core";
import { linearize, type Linearization } from "../linearize.ts";
import {
  flatInputs,
  mapLists,
  tokenBatchArbitrary,
  type TokenBatch,
  type TokenBatchOptions,
} from "./arbitraries.ts";
import { fc } from "./fast-check.ts";

/**
 * Properties that an objective may claim; each adds a law to those that hold for all objectives.
 *
 * - `"differentiable"`: its gradient is the derivative of its value (not so if a part is detached
 * on purpose).
 * - `"policy-gradient"`: where new and old log-probs are equal, the gradient at every token is
 * `-weight * advantage`.
 * - `"follows-advantages"`: a gradient step never raises the probability of a token with a negative
 * advantage, and never lowers the probability of a token with a positive advantage.
 * - `"silent-without-advantage"`: advantages of 0 give a gradient of 0.
 * - `"non-negative"`: the loss is at least 0.
 */
export type ObjectiveClaim =
  | "differentiable"
  | "policy-gradient"
  | "follows-advantages"
  | "silent-without-advantage"
  | "non-negative";

/** Options of {@link objectiveLaws}. */
export interface ObjectiveLawOptions extends LawOptions {
  /**
   * Clip range of the ratio. The gradient of a token is 0 if the ratio is below `low` with a
   * negative advantage, or above `high` with a positive advantage.
   */
  readonly clipRange?: readonly [low: number, high: number];
}

/**
 * Laws of objectives. For all objectives: loss, metrics and gradients of microbatches add up; the
 * loss is linear in the weights; values at tokens of weight 0 have no effect, even NaN; the order
 * of responses has no effect; only the fields in `needs` are read; very different log-probs give
 * finite numbers. Each claim adds a law.
 */
export function objectiveLaws(
  objective: Objective,
  claims: readonly ObjectiveClaim[],
  { clipRange, ...options }: ObjectiveLawOptions = {},
): Law[] {
  const run = runOptions(options);
  const { name, needs } = objective;
  const law = (
    statement: string,
    source: string,
    check: (batch: TokenBatch) => void,
    batches: TokenBatchOptions = {},
  ): Law =>
    defineLaw(`${name}: ${statement}`, source, () =>
      fc.assert(fc.property(tokenBatchArbitrary(batches), check), run),
    );
  const at = (batch: TokenBatch): Linearization => linearize(objective, flatInputs(batch, needs));

  const claimed: Readonly<Record<ObjectiveClaim, Law>> = {
    differentiable: law("its gradient is the derivative of its loss", "definition", (batch) => {
      checkDerivative(objective, batch);
    }),
    "policy-gradient": law(
      "on policy the gradient at a token is -weight * advantage",
      "the policy gradient theorem",
      (batch) => {
        const wanted = batch.weights.flatMap((row, r) =>
          row.map((weight, t) => -weight * batch.fields.advantages[r]![t]!),
        );
        expectAllNear("gradient", at(batch).newLogProbs, wanted);
      },
      { maxLogRatio: 0, credit: "shared" },
    ),
    "follows-advantages": law(
      "every gradient has the opposite sign of its advantage",
      "an advantage is a direction",
      (batch) => {
        const advantages = batch.fields.advantages.flat();
        at(batch).newLogProbs.forEach((slope, i) =>
          expectThat(
            slope * advantages[i]! <= 0,
            `gradient[${i}] must have the opposite sign of the advantage ${advantages[i]}, got ${slope}`,
          ),
        );
      },
      { credit: "shared" },
    ),
    "silent-without-advantage": law(
      "advantages of 0 give gradients of 0",
      "no credit, no change",
      (batch) => {
        const still = mapLists(batch, (lists, list) =>
          list === "advantages" ? lists.map((row) => row.map(() => 0)) : lists,
        );
        at(still).newLogProbs.forEach((slope, i) =>
          expectThat(slope === 0, `gradient[${i}] must be 0, got ${slope}`),
        );
      },
    ),
    "non-negative": law("its loss is at least 0", "a divergence or a square", (batch) => {
      const { loss } = at(batch);
      expectThat(loss >= -1e-12, `loss must be >= 0, got ${loss}`);
    }),
  };

  const laws = [
    law("microbatches add up", "loss = sum(weights * tokenLoss)", (batch) => {
      const whole = at(batch);
      const cut = Math.ceil(batch.newLogProbs.length / 2);
      const first = at(mapLists(batch, (lists) => lists.slice(0, cut)));
      const second = at(mapLists(batch, (lists) => lists.slice(cut)));
      expectNear("loss", first.loss + second.loss, whole.loss);
      for (const [metric, value] of Object.entries(whole.metrics)) {
        expectNear(metric, first.metrics[metric]! + second.metrics[metric]!, value);
      }
      expectAllNear("gradient", [...first.newLogProbs, ...second.newLogProbs], whole.newLogProbs);
      expectAllNear("entropy gradient", [...first.entropies, ...second.entropies], whole.entropies);
    }),
    law("the loss is linear in the weights", "loss = sum(weights * tokenLoss)", (batch) => {
      const single = at(batch);
      const double = at(
        mapLists(batch, (lists, list) =>
          list === "weights" ? lists.map((row) => row.map((weight) => 2 * weight)) : lists,
        ),
      );
      expectNear("loss", double.loss, 2 * single.loss);
      expectAllNear(
        "gradient",
        double.newLogProbs,
        single.newLogProbs.map((slope) => 2 * slope),
      );
      for (const [metric, value] of Object.entries(single.metrics)) {
        expectNear(metric, double.metrics[metric]!, 2 * value);
      }
    }),
    law("values at tokens of weight 0 have no effect", "a mask is a weight of 0", (batch) => {
      const poisoned = mapLists(batch, (lists, list) =>
        list === "weights"
          ? lists
          : lists.map((row, r) =>
              row.map((value, t) => (batch.weights[r]![t] === 0 ? NaN : value)),
            ),
      );
      const [clean, dirty] = [at(batch), at(poisoned)];
      expectNear("loss", dirty.loss, clean.loss, 0);
      expectAllNear("gradient", dirty.newLogProbs, clean.newLogProbs, 0);
      batch.weights.flat().forEach((weight, i) => {
        if (weight !== 0) return;
        expectThat(
          dirty.newLogProbs[i] === 0,
          `gradient[${i}] must be 0, got ${dirty.newLogProbs[i]}`,
        );
        expectThat(dirty.entropies[i] === 0, `entropy gradient[${i}] must be 0`);
      });
      for (const [metric, value] of Object.entries(clean.metrics)) {
        expectNear(metric, dirty.metrics[metric]!, value, 0);
      }
    }),
    law("tokens of weight 0 may be absent", "a mask is a weight of 0", (batch) => {
      const isCounted = (response: number, token: number): boolean =>
        batch.weights[response]![token] !== 0;
      const shorter = at(
        mapLists(batch, (lists) => lists.map((row, r) => row.filter((_, t) => isCounted(r, t)))),
      );
      const whole = at(batch);
      expectNear("loss", shorter.loss, whole.loss);
      const counted = batch.weights.flat().map((weight) => weight !== 0);
      expectAllNear(
        "gradient",
        shorter.newLogProbs,
        whole.newLogProbs.filter((_, i) => counted[i]),
      );
    }),
    law("the order of responses has no effect", "a batch is a set", (batch) => {
      const direct = at(batch);
      const reversed = at(mapLists(batch, (lists) => lists.toReversed()));
      expectNear("loss", reversed.loss, direct.loss);
      const slopes = splitRows(direct.newLogProbs, batch).toReversed().flat();
      expectAllNear("gradient", reversed.newLogProbs, slopes);
    }),
    law(
      "tokens of one response need not be adjacent",
      "responses are identified by id",
      (batch) => {
        const inputs = flatInputs(batch, needs);
        const order = Array.from(inputs.weights, (_, i) => i).toSorted((a, b) => (a % 2) - (b % 2));
        const permute = (list: Float64Array): Float64Array =>
          list.map((_, place) => list[order[place]!]!);
        const { ids, count } = inputs.responses;
        const scattered = linearize(objective, {
          newLogProbs: permute(inputs.newLogProbs),
          entropies: permute(inputs.entropies),
          weights: permute(inputs.weights),
          responses: { ids: ids.map((_, place) => ids[order[place]!]!), count },
          fields: Object.fromEntries(
            Object.entries(inputs.fields).map(([field, values]) => [field, permute(values)]),
          ),
        });
        const direct = linearize(objective, inputs);
        expectNear("loss", scattered.loss, direct.loss);
        expectAllNear("gradient", scattered.newLogProbs, permute(direct.newLogProbs));
      },
    ),
    law("it reads only the fields it names", "contract of Objective.needs", (batch) => {
      const bare = at(batch);
      const full = linearize(objective, flatInputs(batch));
      expectNear("loss", full.loss, bare.loss, 0);
      for (const missing of needs) {
        const rest = needs.filter((field) => field !== missing);
        expectThrows(() => linearize(objective, flatInputs(batch, rest)), missing);
      }
    }),
    law("it has the same value on a tape", "one loss, many backends", (batch) => {
      const { loss } = objective.evaluate(plainOperations, flatInputs(batch, needs));
      expectNear("loss", at(batch).loss, loss[0]!, 0);
    }),
    law("distant log-probs give finite numbers", "log-ratios are limited before exp", (batch) => {
      const far = mapLists(batch, (lists, list) =>
        list === "oldLogProbs" || list === "referenceLogProbs"
          ? lists.map((row, r) => row.map((value) => (r % 2 === 0 ? 5000 * value : value / 5000)))
          : list === "newLogProbs"
            ? lists.map((row, r) => row.map((value) => (r % 2 === 0 ? value : 5000 * value)))
            : lists,
      );
      // `linearize` throws if a number is not finite.
      at(far);
    }),
    ...claims.map((claim) => claimed[claim]),
  ];
  if (clipRange !== undefined) {
    const [low, high] = clipRange;
    laws.push(
      law("a clipped token has a gradient of 0", "the trust region of PPO", (batch) => {
        const { newLogProbs } = at(batch);
        const advantages = batch.fields.advantages.flat();
        const old = batch.fields.oldLogProbs.flat();
        batch.newLogProbs.flat().forEach((logProb, i) => {
          const ratio = Math.exp(logProb - old[i]!);
          const isDone =
            (advantages[i]! > 0 && ratio > high) || (advantages[i]! < 0 && ratio < low);
          if (!isDone) return;
          expectThat(newLogProbs[i] === 0, `gradient[${i}] must be 0 at ratio ${ratio}`);
        });
      }),
    );
  }
  return laws;
}

/** Splits a flat list into one list per response. */
function splitRows(flat: ArrayLike<number>, { newLogProbs }: TokenBatch): number[][] {
  let next = 0;
  return newLogProbs.map((row) => row.map(() => flat[next++]!));
}

function expectThrows(run: () => void, field: ObjectiveField): void {
  try {
    run();
  } catch {
    return;
  }
  throw new Error(`evaluate must throw without ${field}, which is in needs`);
}

/**
 * Compares the gradient with one-sided finite differences of the loss. At a kink (such as a clip
 * bound) the two differences differ, and any gradient between them is correct.
 */
function checkDerivative(objective: Objective, batch: TokenBatch): void {
  const inputs = flatInputs(batch, objective.needs);
  const slopes = linearize(objective, inputs);
  const lossAt = (changed: typeof inputs): number =>
    objective.evaluate(plainOperations, changed).loss[0]!;
  const center = lossAt(inputs);
  const move = 1e-6;
  const compare = (what: string, slope: number, shifted: (by: number) => typeof inputs): void => {
    const forward = (lossAt(shifted(move)) - center) / move;
    const backward = (center - lossAt(shifted(-move))) / move;
    // Tolerance for curvature and rounding.
    const room = 1e-4 * (1 + Math.abs(forward) + Math.abs(backward) + Math.abs(center));
    const isBetween =
      slope >= Math.min(forward, backward) - room && slope <= Math.max(forward, backward) + room;
    expectThat(isBetween, `${what} must be between ${backward} and ${forward}, got ${slope}`);
  };
  const perturb = (list: Float64Array, index: number, by: number): Float64Array =>
    list.map((value, i) => (i === index ? value + by : value));
  // Check only some tokens of each batch, because every token costs six evaluations.
  const stride = Math.ceil(inputs.weights.length / 4);
  for (let i = 0; i < inputs.weights.length; i += stride) {
    compare(`gradient of newLogProbs[${i}]`, slopes.newLogProbs[i]!, (by) => ({
      ...inputs,
      newLogProbs: perturb(inputs.newLogProbs, i, by),
    }));
    compare(`gradient of entropies[${i}]`, slopes.entropies[i]!, (by) => ({
      ...inputs,
      entropies: perturb(inputs.entropies, i, by),
    }));
    const { values } = inputs.fields;
    if (slopes.values === undefined || values === undefined) continue;
    compare(`gradient of values[${i}]`, slopes.values[i]!, (by) => ({
      ...inputs,
      fields: { ...inputs.fields, values: perturb(values, i, by) },
    }));
  }
}
