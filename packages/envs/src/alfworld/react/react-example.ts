import { createRandom } from "@turnwise/core";
import { createSearcher } from "../expert/searcher.ts";
import type { Game } from "../game.ts";
import type { GameKind } from "../game-kind.ts";
import { draftGames } from "../generator/generate-games.ts";
import { finishGame } from "../generator/generate-game.ts";
import { loadGame } from "../load-game.ts";
import type { Wording } from "../wording.ts";
import { thoughtMark } from "./answer-thoughts.ts";
import { shortenObservation } from "./react-format.ts";

/** First thought of an episode, by task type. */
const plans: Readonly<Record<GameKind, string>> = {
  pick_and_place_simple:
    "I need to find the object, take it, and bring it to the place that the task names.",
  look_at_obj_in_light:
    "I need to find the object and take it, then find a lamp and turn it on while I hold the object.",
  pick_clean_then_place_in_recep:
    "I need to find the object, take it, clean it at a sink, and bring it to the place that the task names.",
  pick_heat_then_place_in_recep:
    "I need to find the object, take it, heat it in a microwave, and bring it to the place that the task names.",
  pick_cool_then_place_in_recep:
    "I need to find the object, take it, cool it in a fridge, and bring it to the place that the task names.",
  pick_two_obj_and_place:
    "I need to find two such objects. I can carry one at a time, so I bring the first one to the place that the task names, and then the second one.",
};

/** Writes the thought before an action; `undefined` for an action that only looks around. */
export function thinkBefore(action: string): string | undefined {
  const match =
    /^(?<verb>take|clean|heat|cool|move|put|use) (?<object>[a-z]+ \d+)(?: (?:from|with|to|in\/on) (?<other>.*))?$/u.exec(
      action,
    );
  if (match === null) return undefined;
  const { verb, object, other } = match.groups as Readonly<Record<string, string>>;
  if (verb === "take") return `I see the ${object} here. I take it.`;
  if (verb === "use") return `I hold the object, and the ${object} is here. I turn it on.`;
  if (verb === "move" || verb === "put") return `I am at the ${other}. I put the ${object} there.`;
  return `I have the ${object}, and the ${other} is here. Now I ${verb} it.`;
}

/** Patterns in a goal that distinguish the task types; the first that matches applies. */
const signs: readonly (readonly [RegExp, GameKind])[] = [
  [/\b(?:two|both)\b/u, "pick_two_obj_and_place"],
  [/\b(?:clean|wash|rinse)/u, "pick_clean_then_place_in_recep"],
  [/\b(?:heat|hot|warm)/u, "pick_heat_then_place_in_recep"],
  [/\b(?:cool|cold|chill)/u, "pick_cool_then_place_in_recep"],
  [/\b(?:look|examine|lamp|light)/u, "look_at_obj_in_light"],
];

/**
 * Guesses the task type from the words of the goal; `pick_and_place_simple` if no pattern matches.
 */
export function guessKind(firstObservation: string): GameKind {
  const [, goal = firstObservation] = firstObservation.toLowerCase().split("your task is to: ");
  return signs.find(([sign]) => sign.test(goal))?.[1] ?? "pick_and_place_simple";
}

/** Seed of the example games. They are training games, so they are never in a held-out split. */
const exampleSeed = 1;

/**
 * Writes two complete episodes of a task type in ReAct's format. A searcher, which knows only what
 * it has seen, plays generated training games; a plan precedes the first action, and a thought
 * precedes each action that changes something. We wrote all thoughts ourselves.
 */
export function writeReactExamples(kind: GameKind, wording: Wording): readonly [string, string] {
  const drafts = draftGames({ seed: exampleSeed, size: "small", count: 2, taskKinds: [kind] });
  const [first, second] = drafts.map((draft, i) =>
    writeExample(loadGame(finishGame(draft), draft.name, { wording }), kind, wording, i),
  );
  return [first!, second!];
}

/** Maximum number of actions in an example. */
const maxActions = 50;

function writeExample(game: Game, kind: GameKind, wording: Wording, index: number): string {
  const searcher = createSearcher(createRandom(`react/${kind}/${index}`), { wording });
  const state = game.start();
  let text = `${shortenObservation(state.observation)}\n> ${thoughtMark} ${plans[kind]}\nOK.\n`;
  for (let i = 0; i < maxActions && !state.isWon; i++) {
    const action = searcher.next(state.observation);
    if (action === undefined) break;
    const thought = thinkBefore(action);
    if (thought !== undefined) text += `> ${thoughtMark} ${thought}\nOK.\n`;
    state.step(action);
    text += `> ${action}\n${shortenObservation(state.observation)}\n`;
  }
  return text;
}
