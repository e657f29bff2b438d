import { isRecord } from "../is-record.ts";
import { GameFileError, formatValue } from "./game-file-error.ts";
import { readGameText } from "./read-text.ts";

/** Goal sentences that people wrote for the tasks of games. */
export interface HumanGoals {
  /** Number of games with sentences. */
  readonly size: number;
  /**
   * Returns the sentences for a game, at least one; `undefined` if there are none.
   * @param path - Path of the game, or the part of the path from the task's folder on.
   */
  of(path: string): readonly string[] | undefined;
}

/**
 * Reads a file of human goals: a JSON object from the path of a game
 * (`valid_seen/TASK/TRIAL/game.tw-pddl`) to an object with the list `human_goals`, or to the list
 * itself.
 * @throws `GameFileError` naming the file, the game and the problem.
 */
export async function readHumanGoals(path: string): Promise<HumanGoals> {
  const text = await readGameText(path);
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    throw new GameFileError(`${path}: the file is not valid JSON: ${formatValue(text)}`, { cause });
  }
  if (!isRecord(data)) {
    throw new GameFileError(`${path}: the file must be a JSON object, got ${formatValue(data)}`);
  }
  const goals = new Map<string, readonly string[]>();
  for (const [game, entry] of Object.entries(data)) {
    const list: unknown = isRecord(entry) ? entry["human_goals"] : entry;
    if (!Array.isArray(list) || list.length === 0 || !list.every(isSentence)) {
      throw new GameFileError(
        `${path}: human_goals of ${formatValue(game)} must be a list of sentences, got ${formatValue(list)}`,
      );
    }
    // Remove line breaks, at which parsers of the introduction would end the sentence.
    goals.set(
      makeKey(game),
      list.map((sentence) => sentence.replaceAll(/(?<!\s)\s*[\r\n]\s*/gu, " ")),
    );
  }
  return { size: goals.size, of: (game) => goals.get(makeKey(game)) };
}

/** Key of a game: task and trial, which identify it in every split and folder. */
function makeKey(path: string): string {
  const parts = path.split(/[\\/]/u).filter((part) => part !== "");
  if (parts.at(-1)?.endsWith(".tw-pddl") === true) parts.pop();
  return parts.slice(-2).join("/");
}

function isSentence(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "";
}
