import { isRecord } from "../is-record.ts";
import type { GameFile } from "./game.ts";
import { GameFileError, shown } from "./game-file-error.ts";

/**
 * Reads a game file (`game.tw-pddl`): JSON with the texts `pddl_domain`, `grammar` and
 * `pddl_problem`, and optionally `walkthrough` and `solvable`. Other fields are ignored. The texts
 * are not looked into: `loadGame` does that.
 * @param name - What to call the file in messages.
 * @throws `GameFileError` naming the first field that is missing or of a wrong kind.
 */
export function parseGameFile(text: string, name: string): GameFile {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new GameFileError(`${name}: the file must be JSON, got ${shown(text)}`, { cause: error });
  }
  return checkGameFile(data, name);
}

/**
 * Checks the fields of a game file that was read already.
 * @throws `GameFileError` as {@link parseGameFile}.
 */
export function checkGameFile(data: unknown, name: string): GameFile {
  if (!isRecord(data)) {
    throw new GameFileError(`${name}: the file must hold a JSON object, got ${shown(data)}`);
  }
  const text = (field: string): string => {
    const value = data[field];
    if (typeof value === "string") return value;
    throw new GameFileError(`${name}: ${field} must be a text, got ${shown(value)}`);
  };
  const walkthrough = data["walkthrough"];
  if (walkthrough !== undefined && !isListOfTexts(walkthrough)) {
    throw new GameFileError(
      `${name}: walkthrough must be a list of texts, got ${shown(walkthrough)}`,
    );
  }
  const solvable = data["solvable"];
  if (solvable !== undefined && typeof solvable !== "boolean") {
    throw new GameFileError(`${name}: solvable must be true or false, got ${shown(solvable)}`);
  }
  return {
    pddl_domain: text("pddl_domain"),
    grammar: text("grammar"),
    pddl_problem: text("pddl_problem"),
    ...(walkthrough !== undefined && { walkthrough }),
    ...(solvable !== undefined && { solvable }),
  };
}

function isListOfTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}
