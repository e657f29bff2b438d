/** A fault for mutation testing: one replacement in one source file. */
export interface Mutant {
  readonly package: "estimators" | "aem";
  /** Path relative to the package's `src`. */
  readonly file: string;
  /** Text to replace; occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

function listMutants(
  name: Mutant["package"],
  file: string,
  changes: readonly (readonly [find: string, replace: string])[],
): Mutant[] {
  return changes.map(([find, replace]) => ({ package: name, file, find, replace }));
}

/** Mutants of typical faults: signs, degrees of freedom, masks, bounds, denominators. */
export const allMutants: readonly Mutant[] = [
  ...listMutants("estimators", "group-advantages.ts", [
    ['scale === "sample" ? 1 : 0', 'scale === "sample" ? 0 : 1'],
    ["difference / (spread + epsilon)", "difference / spread"],
    ["difference / (spread + epsilon)", "difference / Math.max(spread, epsilon)"],
    ["spread > minScale ?", "spread >= minScale ?"],
    ["own - computeCenter(index)", "computeCenter(index) - own"],
    ['singleton === "raw" ? 1 : 0', "1"],
    ['return singleton === "zero" ? members[index]! : 0;', "return 0;"],
    ['if (baseline === "none") return 0;', ""],
    [
      "values.toSpliced(index, 1), counts: counts.toSpliced(index, 1)",
      "values.toSpliced(index, 1), counts: counts.toSpliced(0, 1)",
    ],
    [
      'statisticsOver === "responses" ? total(group.counts) <= 1 : members.length === 1',
      "members.length === 1",
    ],
    [
      'scaleOver === "group" ? groupDeviation : deviation(dropMember(group, index))',
      "groupDeviation",
    ],
    ['if (scaleOver === "batch") return batchDeviation;', ""],
  ]),
  ...listMutants("estimators", "weighted-moments.ts", [
    ["(number - freedom)", "number"],
    ["(value - center) ** 2 * counts[i]!", "(value - center) ** 2"],
    ["if (number <= freedom) return 0;", "if (number < freedom) return 0;"],
    ["if (isFlat(values, counts)) return values[counts.findIndex((count) => count > 0)] ?? 0;", ""],
    ["counts[i] === 0 ? 0 : value * counts[i]!", "value * counts[i]!"],
  ]),
  ...listMutants("estimators", "grpo-presets.ts", [
    [
      'rllm: { baseline: "group", scale: "population"',
      'rllm: { baseline: "group", scale: "sample"',
    ],
    [
      'trl: { baseline: "group", scale: "sample", epsilon: 1e-4',
      'trl: { baseline: "group", scale: "sample", epsilon: 1e-6',
    ],
  ]),
  ...listMutants("estimators", "aggregation.ts", [
    ["numSequences * length)", "length)"],
    [
      'mode === "token-mean" ? numTokens : numSequences',
      'mode === "token-mean" ? numSequences : numTokens',
    ],
    ["tokens.size * (tokens.get(group) ?? 0)", "tokens.get(group) ?? 0"],
    ["numSequences * divisor", "divisor"],
    ['emptySequences === "count" || length > 0', "true"],
  ]),
  ...listMutants("estimators", "clipped-surrogate.ts", [
    ["operations.maximum(free, clipped)", "operations.minimum(free, clipped)"],
    ["ratios, 1 - clipLow, 1 + clipHigh)", "ratios, 1 - clipHigh, 1 + clipLow)"],
    ["ratios, 1 - clipLow, 1 + clipHigh)", "ratios, 1 - clipLow, 1 + clipLow)"],
    ["operations.greater(0, advantages)", "operations.greater(advantages, 0)"],
    ["operations.minimum(single, ceiling), single", "operations.maximum(single, ceiling), single"],
    ["operations.greater(clipped, free)", "operations.greater(free, clipped)"],
    ["ratioCap ?? Infinity", "Infinity"],
    ["share(operations.negate(logRatios))", "share(logRatios)"],
    [
      "operations.subtract(operations.subtract(ratios, 1), logRatios)",
      "operations.subtract(ratios, 1)",
    ],
  ]),
  ...listMutants("estimators", "log-ratio.ts", [
    [
      'operations.subtract(newLogProbs, field("oldLogProbs"))',
      'operations.subtract(field("oldLogProbs"), newLogProbs)',
    ],
    ["operations.where(weights, 1, 0)", "operations.where(weights, 1, 1)"],
    ["operations.maximum(counts, 1)", "operations.maximum(counts, 2)"],
    [
      'if (level === "token") return clamp(operations, difference, low, high);',
      'if (level === "token") return difference;',
    ],
    ["operations.add(operations.stopGradient(mean), carrier)", "operations.add(mean, carrier)"],
    ['if (level === "response") return clamp(operations, mean, low, high);', ""],
  ]),
  ...listMutants("estimators", "objective-inputs.ts", [
    ["operations.where(weights, values, 0);", "values;"],
    ["low === -Infinity ? values", "low < 0 ? values"],
    ["operations.sum(operations.multiply(weights, values))", "operations.sum(values)"],
  ]),
  ...listMutants("estimators", "kl-penalty.ts", [
    [
      'visible.newLogProbs, visible.field("referenceLogProbs")',
      'visible.field("referenceLogProbs"), visible.newLogProbs',
    ],
    ["clamp(operations, kl, -limit, limit)", "clamp(operations, kl, -Infinity, limit)"],
    ["operations.stopGradient(still)", "still"],
    ["operations.multiply(gap, gap), 0.5", "operations.multiply(gap, gap), 1"],
  ]),
  ...listMutants("estimators", "cispo-surrogate.ts", [
    ["operations.stopGradient(kept)", "kept"],
    ["operations.greater(minRatio, ratios)", "operations.greater(ratios, minRatio)"],
  ]),
  ...listMutants("estimators", "sapo-surrogate.ts", [
    ["operations.greater(advantages, 0)", "operations.greater(0, advantages)"],
    ["operations.multiply(gates, 4)", "operations.multiply(gates, 2)"],
  ]),
  ...listMutants("estimators", "geometric-mean-surrogate.ts", [
    ["operations.maximum(free, clipped),", "operations.minimum(free, clipped),"],
    ["-clipLow, clipHigh", "-clipHigh, clipLow"],
  ]),
  ...listMutants("estimators", "value-loss.ts", [
    ["operations.maximum(free, clipped)", "clipped"],
    ["operations.add(old, move)", "operations.add(values, move)"],
  ]),
  ...listMutants("estimators", "combine-objectives.ts", [
    ["operations.add(loss, next.loss)", "next.loss"],
    ["operations.multiply(loss, coefficient), metrics", "loss, metrics"],
  ]),
  ...listMutants("estimators", "generalized-advantages.ts", [
    ["delta + discount * lambda * nextAdvantage;", "delta + lambda * nextAdvantage;"],
    ["nextValue = values[t]!;", "nextValue = 0;"],
    ['mask[t] === 0 && masked === "skip"', "mask[t] === 0"],
    ["let nextValue = finalValue;", "let nextValue = 0;"],
  ]),
  ...listMutants("estimators", "discounted-returns.ts", [
    ["if (mask[t] === 0) continue;", ""],
    ["rewards[t]! + discount * next", "discount * (rewards[t]! + next)"],
  ]),
  ...listMutants("estimators", "whiten.ts", [
    ["weightedVariance(flat, flatCounts, 1)", "weightedVariance(flat, flatCounts, 0)"],
    ["Math.sqrt(variance + epsilon)", "variance + epsilon"],
    ['mean === "remove" ? 0 : center', 'mean === "remove" ? center : 0'],
  ]),
  ...listMutants("estimators", "turn-advantages.ts", [
    ["turnWeight * own", "own"],
    ["${groupIndex}/${", "${"],
    [
      "discountedReturns(rewards, { discount }));\n    const turnParts",
      "discountedReturns(rewards));\n    const turnParts",
    ],
  ]),
  ...listMutants("estimators", "overlong-penalty.ts", [
    ["length <= free", "length < maxLength"],
    ["Math.max(-1, penalty)", "Math.max(-2, penalty)"],
  ]),
  ...listMutants("estimators", "dynamic-sampling.ts", [
    [".slice(0, target)", ""],
    ["numRounds >= maxRounds", "numRounds > maxRounds"],
  ]),
  ...listMutants("estimators", "rollout-correction.ts", [
    ["old - samplerLogProbs[index]![token]! : 0", "samplerLogProbs[index]![token]! - old : 0"],
    ["ratio < low ? low : high", "high"],
    ['level === "sequence" ? sum(logRatios) : mean(logRatios)', "mean(logRatios)"],
    ["(meanRatio * meanRatio) / meanSquare", "meanRatio / meanSquare"],
    ["row.filter((_, token) => isCounted(index, token))", "row"],
    ["!(advantage < 0) || row.length === 0", "row.length === 0"],
  ]),
  ...listMutants("estimators", "kl-in-reward.ts", [
    ["reward - coefficient * kl", "reward + coefficient * kl"],
    ["Math.max(-0.2, kl / target - 1)", "Math.max(-1, kl / target - 1)"],
  ]),
  ...listMutants("estimators", "tape.ts", [
    ["(_, result) => result * (1 - result)", "(_, result) => result"],
    ["(a, b) => -a / (b * b)", "(a, b) => -a / b"],
    ["before.map((g, i) => g + more[i]!)", "more"],
    ["return plainOperations.sum(gradient);", "return shape.map(() => gradient[0]!);"],
  ]),
  ...listMutants("estimators", "paper-runs.ts", [
    ['"grpo", [68.0], [76.8]', '"grpo", [76.8], [68.0]'],
  ]),
  ...listMutants("estimators", "algorithm/compile-algorithm.ts", [
    ['ruleFor(outcome) !== "leave-out"', 'ruleFor(outcome) === "train"'],
    ['ruleFor(outcome) === "train"', 'ruleFor(outcome) !== "leave-out"'],
    ["computeScores(charge(group))", "computeScores(group)"],
    ["total += meanKl * length;", "total += meanKl;"],
    ["correction.isKept.filter(Boolean).length", "numTokens"],
    ["weight * correction.weights[token]!", "weight"],
    ["state: { klCoefficient }", "state"],
  ]),
  ...listMutants("estimators", "algorithm/estimate-credit.ts", [
    ["place === 0 ? 0 : turnIndex", "turnIndex"],
    ["- (charges[token] ?? 0)", ""],
    ["subtractPenalty(turn), spread)", "subtractPenalty(turn), 0)"],
    ['whitening === "batch" ? whiten', 'whitening === "none" ? whiten'],
    ["turn === 0 ? firstObservation : turns[turn - 1]!", "turns[turn]!"],
  ]),
  ...listMutants("estimators", "algorithm/charge-penalties.ts", [
    ["index === lengths.length - 1 ? computePenalty(total) : 0", "computePenalty(total)"],
    ["reward: turn.reward - penalty", "reward: turn.reward"],
    ["0 - overlongPenalty(", "overlongPenalty("],
  ]),
  ...listMutants("estimators", "algorithm/compile-objective.ts", [
    ["scaleObjective(kl.coefficient, klPenalty(kl))", "klPenalty(kl)"],
    ["scaleObjective(critic.coefficient, valueLoss(critic))", "valueLoss(critic)"],
  ]),
  ...listMutants("estimators", "algorithm/correct-rows.ts", [["stays[i] ? 1 : 0", "1"]]),
  ...listMutants("aem", "modulation-coefficients.ts", [
    ["Math.exp(-rule.strength *", "Math.exp(rule.strength *"],
    ["entropy - low : high - entropy", "high - entropy : entropy - low"],
    ["range < minEntropyRange", "range <= minEntropyRange"],
    ["range < minEntropyRange", "range < 0"],
    ["? 1 : weight / meanWeight", "? 1 : weight"],
    ["!(range > 0) ||", ""],
    ['normalization === "min-max" ? range : 1', "range"],
    ["minEntropyRange = 0.1 }", "minEntropyRange = 0 }"],
  ]),
  ...listMutants("aem", "modulate.ts", [
    ["advantage * coefficients[index]!", "advantage + coefficients[index]!"],
    ["partition(groups)", "[groups.map((_, index) => index)]"],
  ]),
  ...listMutants("aem", "entropy-modulator.ts", [
    ['reduction === "sum" ? measured[index]!.numTokens : 1', "1"],
    ["2 * error > minEntropyRange", "error > minEntropyRange"],
    [".fork(`scope/${index}`).shuffle(ordered)", '.fork("scope").shuffle(ordered)'],
  ]),
  ...listMutants("aem", "modulator.ts", [
    ['if (scope === "batch") return "";', ""],
    ['scope === "trajectory" ? trajectory : turn', "turn"],
    ["JSON.stringify([group, scope", "JSON.stringify([scope"],
    ["[own = 1]", "[own = 0]"],
    ["own.length === 0 ? 1 : mean(own)", "own.length === 0 ? 0 : mean(own)"],
    ["response.advantage) * coefficient + offsetOf(i)", "response.advantage) + offsetOf(i)"],
    ["* coefficient + added", "* coefficient"],
  ]),
  ...listMutants("aem", "empg-modulator.ts", [
    ["turnKey(response, 1)", "turnKey(response, 0)"],
    ["bonus - center", "bonus"],
    ["-futureStrength * scaled[next]!", "-strength * scaled[next]!"],
  ]),
  ...listMutants("aem", "shaping-modulator.ts", [
    ["low + high - value", "high - value"],
    ["relative) / (1 + strength)", "relative)"],
    ["batch.advantages[i]! < 0", "batch.advantages[i]! > 0"],
  ]),
  ...listMutants("aem", "critical-modulator.ts", [
    ["Math.ceil(", "Math.floor("],
    ["value >= threshold", "value > threshold"],
  ]),
  ...listMutants("aem", "action-modulator.ts", [
    ["own[token]! / usual - 1", "own[token]! - usual"],
    ['if (role === "end") return 1;', ""],
  ]),
  ...listMutants("aem", "uncertainty.ts", [
    ["Math.log(others)", "Math.log(vocabularySize)"],
    ["known - rest * Math.log(rest)", "known"],
    ["meanOrZero(widths) / 2", "meanOrZero(widths)"],
    ["Math.max(0, 0 - checkLogProb(logProb))", "Math.abs(0.1 - checkLogProb(logProb))"],
  ]),
  ...listMutants("aem", "diagnose-modulation.ts", [
    ["coefficients[index]! - 1)", "coefficients[index]!)"],
    ["positive.length / (positive.length + negative.length)", "positive.length / all.length"],
  ]),
  ...listMutants("aem", "entropy-drift.ts", [
    ["surprisals[i]! - entropies[i]!", "entropies[i]! - surprisals[i]!"],
    ["product > 0", "product >= -1"],
  ]),
  ...listMutants("aem", "theory/drift.ts", [
    [
      "advantage * (policy.surprisals[response]! - policy.entropy)",
      "advantage * policy.surprisals[response]!",
    ],
    ["pull[response]! - expectation(probabilities, pull)", "pull[response]!"],
    [
      "(variance - covariance(policy, reference.surprisals, surprisals))",
      "(variance + covariance(policy, reference.surprisals, surprisals))",
    ],
    ["return (coefficient - 1) *", "return coefficient *"],
    ["entropyCoefficient * entropySlope * variance", "entropyCoefficient * variance"],
  ]),
  ...listMutants("aem", "theory/token-tree.ts", [
    ["next.entropy + ending.predictable", "ending.predictable"],
    ["probability * ending.probability", "probability"],
  ]),
  ...listMutants("aem", "theory/parameter-space.ts", [
    ["best = pivot;", "best = 0;"],
    ["(c * Math.log(c)) / strength", "(c * Math.log(c)) * strength"],
  ]),
];
