import { kebabCase, toKebabKeys } from "@turnwise/core";
import { grpoPresets } from "../grpo-presets.ts";
import type { Algorithm } from "./algorithm.ts";
import {
  cispo,
  dapo,
  deepSwe,
  drGrpo,
  gigpo,
  gmpo,
  grpo,
  gspo,
  opo,
  passAtKGrpo,
  ppo,
  reinforce,
  reinforcePlusPlus,
  reinforcePlusPlusBaseline,
  rloo,
  rlooVectorized,
  sapo,
  turnGrpo,
} from "./presets.ts";

/** Entries of {@link grpoPresets} that are separate algorithms, not variants of GRPO. */
const relatives: ReadonlySet<string> = new Set(["drGrpo", "rloo", "rlooVectorized", "opo"]);

/**
 * Presets with the exact advantages of each framework's GRPO; surrogate, divergence and aggregation
 * are as in `grpo`.
 */
const frameworkGrpos = Object.fromEntries(
  Object.entries(grpoPresets)
    .filter(([name]) => !relatives.has(name))
    .map(([name, choices]): [string, Algorithm] => [
      `${kebabCase(name)}-grpo`,
      { ...grpo, advantages: { kind: "group", ...choices } },
    ]),
);

/**
 * All algorithm presets, by the kebab-case form of their exported names (`deepSwe` is `deep-swe`),
 * plus each framework's GRPO as `verl-grpo`, `trl-batch-grpo` and so on (from {@link grpoPresets}).
 */
export const algorithmPresets: Readonly<Record<string, Algorithm>> = {
  ...toKebabKeys({
    ppo,
    grpo,
    dapo,
    gspo,
    deepSwe,
    drGrpo,
    rloo,
    rlooVectorized,
    opo,
    reinforcePlusPlus,
    reinforcePlusPlusBaseline,
    reinforce,
    passAtKGrpo,
    turnGrpo,
    gigpo,
    cispo,
    sapo,
    gmpo,
  }),
  ...frameworkGrpos,
};
