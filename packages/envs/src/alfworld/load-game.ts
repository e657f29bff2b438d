import { GameFileError, formatValue } from "./game-file-error.ts";
import type { Game, GameFile, LoadOptions } from "./game.ts";
import { LoadedGame } from "./loaded-game.ts";
import { convertToOlderWording } from "./older-wording.ts";
import { parseProblem } from "./pddl/problem.ts";
import { type SharedDomain, findSharedDomain } from "./pddl/shared-domain.ts";
import { RecentCache } from "./recent-cache.ts";
import { Grammar } from "./text/grammar.ts";
import { parseGrammarFile } from "./text/grammar-file.ts";
import { parseSymbols } from "./text/symbols.ts";

interface SharedGrammar {
  readonly grammar: Grammar;
  /**
   * Text of the grammar before and after the goal sentence; `after` is absent if the grammar is not
   * split there.
   */
  readonly before: string;
  readonly after: string | undefined;
}

// Thousands of games share a few distinct grammars.
const grammars = new RecentCache<SharedDomain, SharedGrammar[]>(8);
const maxGrammars = 8;

/**
 * Loads a game: parses its domain, grammar and problem, and finds the operators that are applicable
 * at its start. Parsed domains and grammars are cached for other games; grammars may differ in the
 * goal sentence.
 *
 * Some errors of a grammar appear only when a text is generated, so playing may throw
 * `GameFileError` too.
 *
 * @param name - Name of the game, for messages and {@link Game.name}.
 * @throws `GameFileError` naming the game, the field, the line if known, the violated rule and the
 *   value.
 */
export function loadGame(source: GameFile, name: string, options: LoadOptions = {}): Game {
  const { wording, goal } = options;
  const file = wording === "put" ? convertToOlderWording(source, name) : source;
  const domain = findSharedDomain(file.pddl_domain, `${name}: pddl_domain`);
  const { grammar, task } = findSharedGrammar(file.grammar, domain, name);
  const problem = parseProblem(file.pddl_problem, domain.domain, `${name}: pddl_problem`);
  const shownTask = goal === undefined ? task : replaceGoal(task, goal, name);
  return new LoadedGame(name, domain, grammar, shownTask, problem, file.walkthrough, options);
}

function replaceGoal(task: string | undefined, goal: string, name: string): string {
  const start = "Your task is to";
  if (task?.startsWith(start) === true) return `${start}: ${goal}.`;
  throw new GameFileError(
    `${name}: grammar must have a rule "task" with one alternative that begins with "${start}", so that its goal can be replaced, got ${formatValue(task)}`,
  );
}

// Matches the only rule that differs between released games; in the grammar it is JSON text.
const taskRule = /("task"\s*:\s*\[\s*\{\s*"rhs"\s*:\s*")((?:[^"\\]|\\.)*)"/g;

function findSharedGrammar(
  text: string,
  domain: SharedDomain,
  name: string,
): { grammar: Grammar; task: string | undefined } {
  const known = grammars.get(domain) ?? [];
  if (known.length === 0) grammars.set(domain, known);
  for (const { grammar, before, after } of known) {
    if (after === undefined) {
      if (text === before) return { grammar, task: undefined };
    } else if (
      text.length >= before.length + after.length &&
      text.startsWith(before) &&
      text.endsWith(after)
    ) {
      const task = plainText(text.slice(before.length, text.length - after.length));
      if (task !== undefined) return { grammar, task };
    }
  }
  const parsed = parseGrammarFile(text, `${name}: grammar`);
  const matches = [...text.matchAll(taskRule)];
  const [match] = matches;
  const rules = parsed.rules.get("task");
  let task: string | undefined;
  let before = text;
  let after: string | undefined;
  if (match && matches.length === 1 && rules?.length === 1 && !rules[0]!.condition) {
    task = plainText(match[2]!);
    if (task !== undefined && task === rules[0]!.rhs) {
      before = text.slice(0, match.index + match[1]!.length);
      after = text.slice(match.index + match[0].length - 1);
    } else {
      task = undefined;
    }
  }
  const grammar = new Grammar(name, domain.domain, parsed, task !== undefined);
  known.unshift({ grammar, before, after });
  known.splice(maxGrammars);
  return { grammar, task };
}

/**
 * Returns the text of a JSON string in a grammar if it is literal: without escapes, and without
 * anything that the grammar would replace, drop or cut off. Otherwise `undefined`.
 */
function plainText(json: string): string | undefined {
  if (/["\\\p{Cc}]/u.test(json)) return undefined;
  const symbols = parseSymbols(json);
  const [only] = symbols;
  return symbols.length === 1 && only!.kind === "text" && only!.text === json ? json : undefined;
}
