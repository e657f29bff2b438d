import { createRandom, type Random } from "@turnwise/core";

import type { GameFile } from "../game.ts";
import { householdDomain } from "./household-domain.ts";
import { householdFingerprint } from "./household-fingerprint.ts";
import { householdGrammar } from "./household-grammar.ts";
import { householdProblem } from "./household-problem.ts";
import { drawGoalSentence, householdTaskKinds, type HouseholdTaskKind } from "./household-task.ts";
import { householdWalkthrough } from "./household-walkthrough.ts";
import { drawHousehold, householdSizes, type Household, type HouseholdSize } from "./household.ts";

/** Split of a generated game. */
export type HouseholdSplit = "train" | "held_out";

/** Game created by {@link generateGame}. */
export interface GeneratedGame extends GameFile {
  /**
   * Folder within its split, in the format of released games:
   * `pick_clean_then_place_in_recep-Mug-None-Shelf-7/trial_0f3a...`.
   */
  readonly name: string;
  readonly taskKind: HouseholdTaskKind;
  readonly size: HouseholdSize;
  /**
   * Hash of 64 hexadecimal digits; equal for two games if and only if no player can distinguish
   * them.
   */
  readonly fingerprint: string;
  /**
   * Split, determined by the fingerprint alone, so that no game is in both splits; one game in five
   * is held out.
   */
  readonly split: HouseholdSplit;
  /** A shortest solution. */
  readonly walkthrough: readonly string[];
  readonly solvable: true;
}

/** Options of {@link generateGame}. */
export interface GenerateGameOptions {
  /** Seed; the same options give the same game on every machine. */
  readonly seed: number | string;
  /** Size of the room. Default `"small"`. */
  readonly size?: HouseholdSize;
  /** Task kind. Default: drawn, all kinds equally likely. */
  readonly taskKind?: HouseholdTaskKind;
  /**
   * Probability that a receptacle shares the location of an earlier receptacle, in [0, 1]. `go to`
   * one of them then reaches all of them. Default 0: every receptacle has its own location.
   */
  readonly sharedLocations?: number;
}

/** Checks options. @throws `RangeError` for an option that {@link generateGame} does not accept. */
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

/** Randomly drawn household, with the properties that determine whether it is used. */
export interface Draft extends Pick<GeneratedGame, "name" | "taskKind"> {
  readonly household: Household;
  readonly size: HouseholdSize;
  readonly goal: string;
  readonly fingerprint: string;
  readonly split: HouseholdSplit;
}

/** Draws a household without writing its texts, which would take longer. */
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
  const { kind, objectClass, targetClass } = task;
  const scene = task.room.firstScene + random.fork("scene").integer(30);
  return {
    name: `${kind}-${objectClass}-None-${targetClass}-${scene}/trial_${nameTrial(fingerprint)}`,
    taskKind: kind,
    household,
    size,
    goal,
    fingerprint,
    split: Number.parseInt(fingerprint.slice(0, 8), 16) % 5 === 0 ? "held_out" : "train",
  };
}

/** Name of a game's trial folder, from its fingerprint. */
const nameTrial = (fingerprint: string): string => fingerprint.slice(0, 16);

/** Writes the texts of a drawn household. */
export function finishGame({ household, goal, ...facts }: Draft): GeneratedGame {
  return {
    ...facts,
    pddl_domain: householdDomain,
    grammar: householdGrammar(goal),
    pddl_problem: householdProblem(household, `household_${nameTrial(facts.fingerprint)}`),
    walkthrough: householdWalkthrough(household),
    solvable: true,
  };
}

/**
 * Generates a game like those of ALFWorld: a furnished room, a task and a shortest solution. The
 * game can be won; the goal does not hold at the start, no object of the requested class is at its
 * target, everything with a door is closed, and every object that can be taken can be put down
 * again.
 * @throws `RangeError` for an unknown size or kind, or a probability outside [0, 1].
 *
 * @example generateGame({ seed: 7, taskKind: "pick_and_place_simple" }).walkthrough;
 */
export function generateGame({ seed, ...options }: GenerateGameOptions): GeneratedGame {
  checkGenerateOptions("generateGame", options);
  return finishGame(draftGame(createRandom(seed), options));
}
