import { createRandom, type Random } from "@turnwise/core";

import type { GameFile } from "../game.ts";
import { householdDomain } from "./household-domain.ts";
import { householdFingerprint } from "./household-fingerprint.ts";
import { householdGrammar } from "./household-grammar.ts";
import { householdProblem } from "./household-problem.ts";
import { drawGoalSentence, householdTaskKinds, type HouseholdTaskKind } from "./household-task.ts";
import { householdWalkthrough } from "./household-walkthrough.ts";
import { drawHousehold, householdSizes, type Household, type HouseholdSize } from "./household.ts";

/** Which part of all possible games a game belongs to. */
export type HouseholdSplit = "train" | "held_out";

/** A game made by {@link generateGame}. */
export interface GeneratedGame extends GameFile {
  /**
   * Its folder within its split, as released games have it:
   * `pick_clean_then_place_in_recep-Mug-None-Shelf-7/trial_0f3a...`.
   */
  readonly name: string;
  readonly taskKind: HouseholdTaskKind;
  readonly size: HouseholdSize;
  /** Equal for two games exactly if no player can tell them apart; 64 hexadecimal digits. */
  readonly fingerprint: string;
  /** Decided by the fingerprint alone, so that no game is in both parts; one in five is held out. */
  readonly split: HouseholdSplit;
  /** A shortest one. */
  readonly walkthrough: readonly string[];
  readonly solvable: true;
}

/** Options of {@link generateGame}. */
export interface GenerateGameOptions {
  /** The same options give the same game on every machine. */
  readonly seed: number | string;
  /** Default `"small"`. */
  readonly size?: HouseholdSize;
  /** Default: drawn, all kinds equally likely. */
  readonly taskKind?: HouseholdTaskKind;
  /**
   * The chance of each receptacle to share the location of an earlier one, in [0, 1]; then `go to`
   * one of them arrives at all. Default 0: every receptacle stands alone.
   */
  readonly sharedLocations?: number;
}

/** @throws `RangeError` for an option that {@link generateGame} does not know. */
export function checkGenerateOptions(
  where: string,
  { size, taskKind, sharedLocations }: Omit<GenerateGameOptions, "seed">,
): void {
  const checkWord = (name: string, value: string, words: readonly string[]): void => {
    if (!words.includes(value)) {
      throw new RangeError(`${where}: ${name} must be one of ${words.join(", ")}, got ${value}`);
    }
  };
  if (size !== undefined) checkWord("size", size, householdSizes);
  if (taskKind !== undefined) checkWord("taskKind", taskKind, householdTaskKinds);
  if (sharedLocations !== undefined && !(sharedLocations >= 0 && sharedLocations <= 1)) {
    throw new RangeError(`${where}: sharedLocations must be in [0, 1], got ${sharedLocations}`);
  }
}

/** A household that was drawn, and what decides whether it is wanted. */
export interface Draft {
  readonly household: Household;
  readonly size: HouseholdSize;
  readonly goal: string;
  readonly scene: number;
  readonly fingerprint: string;
  readonly split: HouseholdSplit;
}

/** Draws a household, without the cost of writing its files. */
export function draftGame(
  random: Random,
  {
    size = "small",
    taskKind = random.fork("kind").choice(householdTaskKinds),
    sharedLocations = 0,
  }: Omit<GenerateGameOptions, "seed">,
): Draft {
  const household = drawHousehold({ size, taskKind, sharedLocations }, random.fork("household"));
  const { task } = household;
  const goal = drawGoalSentence(task, random.fork("goal"));
  const fingerprint = householdFingerprint(household, goal);
  return {
    household,
    size,
    goal,
    scene: task.room.firstScene + random.fork("scene").integer(30),
    fingerprint,
    split: Number.parseInt(fingerprint.slice(0, 8), 16) % 5 === 0 ? "held_out" : "train",
  };
}

/** Writes the texts of a drawn household. */
export function finishGame({
  household,
  size,
  goal,
  scene,
  fingerprint,
  split,
}: Draft): GeneratedGame {
  const { kind, objectClass, targetClass } = household.task;
  const trial = fingerprint.slice(0, 16);
  return {
    name: `${kind}-${objectClass}-None-${targetClass}-${scene}/trial_${trial}`,
    taskKind: kind,
    size,
    fingerprint,
    split,
    pddl_domain: householdDomain,
    grammar: householdGrammar(goal),
    pddl_problem: householdProblem(household, `household_${trial}`),
    walkthrough: householdWalkthrough(household),
    solvable: true,
  };
}

/**
 * Makes a game like those of ALFWorld: a furnished room, a task, and a shortest solution. It can be
 * won; the goal does not hold at the start, nothing of the class that it asks for lies where it
 * belongs, everything with a door is closed, and whatever can be taken can be put down again.
 * @throws `RangeError` for an unknown size or kind, or a chance out of [0, 1].
 *
 * @example
 * generateGame({ seed: 7, taskKind: "pick_and_place_simple" }).walkthrough;
 */
export function generateGame({ seed, ...options }: GenerateGameOptions): GeneratedGame {
  checkGenerateOptions("generateGame", options);
  return finishGame(draftGame(createRandom(seed), options));
}
