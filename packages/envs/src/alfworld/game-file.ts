import { isRecord } from "../is-record.ts";
import type { GameFile } from "./game.ts";
import { GameFileError, formatValue } from "./game-file-error.ts";

/**
 * Parses a game file (`game.tw-pddl`): JSON with the texts `pddl_domain`, `grammar` and
 * `pddl_problem`, and optionally `walkthrough` and `solvable`. Other fields are ignored. The texts
 * themselves are parsed by `loadGame`.
 * @param name - Name of the file, for messages.
 * @throws `GameFileError` naming the first field that is missing or has the wrong type.
 */
export function parseGameFile(text: string, name: string): GameFile {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new GameFileError(`${name}: the file is not valid JSON: ${formatValue(text)}`, {
      cause: error,
    });
  }
  return checkGameFile(data, name);
}

/**
 * Checks the fields of a parsed game file.
 * @throws `GameFileError` like {@link parseGameFile}.
 */
export function checkGameFile(data: unknown, name: string): GameFile {
  if (!isRecord(data)) {
    throw new GameFileError(`${name}: the file must be a JSON object, got ${formatValue(data)}`);
  }
  const text = (field: string): string => {
    const value = data[field];
    if (typeof value === "string") return value;
    throw new GameFileError(`${name}: ${field} must be a string, got ${formatValue(value)}`);
  };
  const walkthrough = data["walkthrough"];
  if (walkthrough !== undefined && !isListOfTexts(walkthrough)) {
    throw new GameFileError(
      `${name}: walkthrough must be a list of strings, got ${formatValue(walkthrough)}`,
    );
  }
  const solvable = data["solvable"];
  if (solvable !== undefined && typeof solvable !== "boolean") {
    throw new GameFileError(
      `${name}: solvable must be true or false, got ${formatValue(solvable)}`,
    );
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
