import { checkFinite, checkInteger, checkNonNegative } from "@turnwise/core";
import type { ModulationOptions } from "./modulation-coefficients.ts";

/**
 * The mean token entropy of each response, from the entropies of all tokens in one array.
 *
 * @param tokenEntropies - `[token]`, nats; a learner's float32, say.
 * @param offsets - Where the tokens of each response begin, and at last where they end,
 *   `[response + 1]`, from 0 to the number of tokens.
 * @returns `[response]`, nats per token; 0 for a response without tokens.
 * @throws `RangeError` if an entropy is negative or not finite, or the offsets do not rise from 0
 *   to the end.
 */
export function packedMeanEntropies(
  tokenEntropies: Float32Array | Float64Array,
  offsets: Int32Array,
): Float64Array {
  const where = "packedMeanEntropies";
  checkInteger(where, { "offsets.length": offsets.length }, { min: 1 });
  const numTokens = tokenEntropies.length;
  checkInteger(where, { "offsets[0]": offsets[0]! }, { min: 0, max: 0 });
  const means = new Float64Array(offsets.length - 1);
  for (let response = 0; response < means.length; response++) {
    const start = offsets[response]!;
    const end = offsets[response + 1]!;
    if (end < start || end > numTokens) {
      checkInteger(where, { [`offsets[${response + 1}]`]: end }, { min: start, max: numTokens });
    }
    // Four sums side by side: one alone waits for each addition to end before the next begins.
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let isSound = true;
    let token = start;
    for (; token + 3 < end; token += 4) {
      const w = tokenEntropies[token]!;
      const x = tokenEntropies[token + 1]!;
      const y = tokenEntropies[token + 2]!;
      const z = tokenEntropies[token + 3]!;
      if (!(w >= 0 && x >= 0 && y >= 0 && z >= 0)) isSound = false;
      a += w;
      b += x;
      c += y;
      d += z;
    }
    for (; token < end; token++) {
      const entropy = tokenEntropies[token]!;
      if (!(entropy >= 0)) isSound = false;
      a += entropy;
    }
    const total = a + b + c + d;
    if (!isSound || total === Infinity) {
      checkNonNegative(where, { tokenEntropies });
    }
    if (end > start) means[response] = total / (end - start);
  }
  checkInteger(where, { "last offset": offsets.at(-1)! }, { min: numTokens, max: numTokens });
  return means;
}

/** What {@link packedModulation} gives, both `[response]`. */
export interface PackedModulation {
  readonly advantages: Float64Array;
  readonly coefficients: Float64Array;
}

/**
 * `modulate` over typed arrays, without diagnostics.
 *
 * @param advantages - `[response]`.
 * @param entropies - Mean token entropies, `[response]`, nats per token.
 * @param groups - The group of each response, in `[0, numGroups)`, `[response]`. Responses of one
 *   group need not stand together.
 * @throws `RangeError` if lengths differ or a number is out of range.
 */
export function packedModulation(
  advantages: Float64Array,
  entropies: Float64Array,
  groups: Int32Array,
  numGroups: number,
  { strength = 1, minEntropyRange = 0.1 }: ModulationOptions = {},
): PackedModulation {
  const where = "packedModulation";
  checkInteger(where, { numGroups }, { min: 0 });
  checkInteger(
    where,
    { entropiesLength: entropies.length, groupsLength: groups.length },
    {
      min: advantages.length,
      max: advantages.length,
    },
  );
  checkNonNegative(where, { strength, minEntropyRange, entropies });
  checkFinite(where, { advantages });

  const lows = new Float64Array(numGroups).fill(Infinity);
  const highs = new Float64Array(numGroups).fill(-Infinity);
  const counts = new Int32Array(numGroups);
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i]!;
    if (group < 0 || group >= numGroups) {
      checkInteger(where, { [`groups[${i}]`]: group }, { min: 0, max: numGroups - 1 });
    }
    const entropy = entropies[i]!;
    if (entropy < lows[group]!) lows[group] = entropy;
    if (entropy > highs[group]!) highs[group] = entropy;
    counts[group]!++;
  }
  const totals = new Float64Array(numGroups);
  const coefficients = new Float64Array(groups.length).fill(1);
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i]!;
    const range = highs[group]! - lows[group]!;
    if (!(range > 0) || range < minEntropyRange) continue;
    const weight = Math.exp(-strength * ((entropies[i]! - lows[group]!) / range));
    coefficients[i] = weight;
    totals[group]! += weight;
  }
  const modulated = new Float64Array(groups.length);
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i]!;
    if (totals[group] !== 0) coefficients[i]! /= totals[group]! / counts[group]!;
    modulated[i] = advantages[i]! * coefficients[i]!;
  }
  return { advantages: modulated, coefficients };
}
