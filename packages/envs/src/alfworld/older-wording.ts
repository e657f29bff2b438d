import { GameFileError } from "./game-file-error.ts";
import type { GameFile } from "./game.ts";

// Sentences that differ between the grammars of the two data releases.
const replacements: readonly (readonly [now: string, before: string])[] = [
  ['template :: "move {o} to {r}"', 'template :: "put {o} in/on {r}"'],
  ["You move the {o.name} to the {r.name}.", "You put the {o.name} in/on the {r.name}."],
  ["You arrive at {r.name}.", "You arrive at {lend.name}."],
];

/**
 * Converts a game to the wording of data version 2.1.1: objects are put `in/on` receptacles,
 * `go to` answers with the number of the location (`You arrive at loc 12.`), and there is no
 * `help`. A game that already has this wording is returned unchanged.
 * @throws `GameFileError` for a grammar that has neither wording.
 */
export function convertToOlderWording(file: GameFile, name: string): GameFile {
  if (file.grammar.includes(replacements[0]![1])) return file;
  if (!file.grammar.includes(replacements[0]![0])) {
    throw new GameFileError(
      `${name}: grammar has no command "move {o} to {r}", which the older wording replaces`,
    );
  }
  let grammar = file.grammar.replace(/^action help \{[^}]*\}\n?/mu, "");
  for (const [now, before] of replacements) grammar = grammar.replaceAll(now, before);
  return {
    ...file,
    pddl_domain: removeAction(file.pddl_domain, "help"),
    grammar,
    ...(file.walkthrough && {
      walkthrough: file.walkthrough.map((command) =>
        command.replace(/^move (.*) to (.*)$/u, "put $1 in/on $2"),
      ),
    }),
  };
}

function removeAction(domain: string, action: string): string {
  const start = new RegExp(`\\(:action ${action}\\b`, "u").exec(domain)?.index;
  if (start === undefined) return domain;
  let depth = 0;
  for (let at = start; at < domain.length; at++) {
    if (domain[at] === "(") depth++;
    else if (domain[at] === ")" && --depth === 0) {
      return domain.slice(0, start) + domain.slice(at + 1);
    }
  }
  return domain;
}
