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

/** Entries of {@link grpoPresets} that are separate algorithms, not one framework's GRPO. */
const relatives: ReadonlySet<string> = new Set(["drGrpo", "rloo", "rlooVectorized", "opo"]);

/**
 * Each framework's GRPO: its exact advantages with the surrogate, divergence and aggregation of
 * `grpo`, so that they differ only in the advantages.
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
 * All named algorithms, by the kebab-case form of the exported name (`deepSwe` is `deep-swe`), and
 * each framework's GRPO as `verl-grpo`, `trl-batch-grpo` and so on (from {@link grpoPresets}).
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
