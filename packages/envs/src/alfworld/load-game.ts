import { GameFileError, shown } from "./game-file-error.ts";
import type { Game, GameFile, LoadOptions } from "./game.ts";
import { LoadedGame } from "./loaded-game.ts";
import { withOlderWording } from "./older-wording.ts";
import { parseProblem } from "./pddl/problem.ts";
import { type SharedDomain, sharedDomain } from "./pddl/shared-domain.ts";
import { RecentCache } from "./recent-cache.ts";
import { Grammar } from "./text/grammar.ts";
import { parseGrammarFile } from "./text/grammar-file.ts";
import { parseSymbols } from "./text/symbols.ts";

interface SharedGrammar {
  readonly grammar: Grammar;
  /** The text of the grammar before and after the goal sentence; whole files have no `after`. */
  readonly before: string;
  readonly after: string | undefined;
}

// Grammars are few; games that share them are loaded by the thousand.
const grammars = new RecentCache<SharedDomain, SharedGrammar[]>(8);
const maxGrammars = 8;

/**
 * Loads a game: reads its domain, grammar and problem, and finds out what can be done at its start.
 * Domains and grammars are read once and shared by games that are loaded later, also where the
 * grammars differ in the goal sentence only.
 *
 * Some faults of a grammar show only when a text is made: `GameFileError` may then come from playing.
 *
 * @param name - What to call the game, in messages and as {@link Game.name}.
 * @throws `GameFileError` naming the game, the field, the line where there is one, the rule that is
 *   broken and what stands there instead.
 */
export function loadGame(source: GameFile, name: string, options: LoadOptions = {}): Game {
  const { wording, goal } = options;
  const file = wording === "put" ? withOlderWording(source, name) : source;
  const domain = sharedDomain(file.pddl_domain, `${name}: pddl_domain`);
  const { grammar, task } = sharedGrammar(file.grammar, domain, name);
  const problem = parseProblem(file.pddl_problem, domain.domain, `${name}: pddl_problem`);
  const told = goal === undefined ? task : taskWithGoal(task, goal, name);
  return new LoadedGame(name, domain, grammar, told, problem, file.walkthrough, options);
}

function taskWithGoal(task: string | undefined, goal: string, name: string): string {
  const start = "Your task is to";
  if (task?.startsWith(start) === true) return `${start}: ${goal}.`;
  throw new GameFileError(
    `${name}: grammar must have one rule task that begins with "${start}" to take another goal, got ${shown(task)}`,
  );
}

// The one rule that differs between the released games, as JSON within the grammar's text.
const taskRule = /("task"\s*:\s*\[\s*\{\s*"rhs"\s*:\s*")((?:[^"\\]|\\.)*)"/g;

function sharedGrammar(
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
 * The text that a JSON string in a grammar says, if it says just itself: without escapes, and with
 * nothing that a grammar's right-hand side would replace, drop or cut off.
 */
function plainText(json: string): string | undefined {
  if (/["\\\p{Cc}]/u.test(json)) return undefined;
  const symbols = parseSymbols(json);
  const [only] = symbols;
  return symbols.length === 1 && only!.kind === "text" && only!.text === json ? json : undefined;
}
