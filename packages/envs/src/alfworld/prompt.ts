import { checkInteger } from "@turnwise/core";
import type { AgentFormat, PastTurn } from "../agent-format.ts";
import type { Observation } from "../environment.ts";
import { parseBareAction, parseTaggedAction } from "./parse.ts";
import { actionRoles, taggedRoles } from "../text-roles.ts";

/** Reads the task sentence of a first observation: the text after "Your task is to: ". */
function readTask(firstObservation: string): string {
  const mark = "Your task is to: ";
  const start = firstObservation.indexOf(mark);
  return start === -1 ? "" : firstObservation.slice(start + mark.length).trim();
}

function listActions(observation: Observation): string {
  return (observation.admissibleActions ?? [])
    .filter((action) => action !== "help")
    .map((action) => `'${action}'`)
    .join("\n ");
}

const instruction = `
Now it's your turn to take an action.
You should first reason step-by-step about the current situation. This reasoning process MUST be enclosed within <think> </think> tags. 
Once you've finished your reasoning, you should choose an admissible action for current step and present it within <action> </action> tags.
`;

/**
 * verl-agent's prompt for ALFWorld, character for character: each turn is one user message with the
 * task, the last turns, the current observation and its admissible actions (without `help`). The
 * misspelling is part of the benchmark.
 *
 * @param historyLength - Number of past turns in a prompt, `>= 0`. Default 2, as published.
 * @see github.com/langfengQ/verl-agent (Apache-2.0)
 */
export function verlAgentFormat({
  historyLength = 2,
}: { readonly historyLength?: number } = {}): AgentFormat {
  checkInteger("verlAgentFormat", { historyLength }, { min: 0 });
  return {
    presentation: "turn-wise",
    prompt: (history, observation) => {
      const head = "\nYou are an expert agent operating in the ALFRED Embodied Environment.";
      const actions = `Your admissible actions of the current situation are: [${listActions(observation)}].\n${instruction}`;
      const first = history[0];
      if (first === undefined || historyLength === 0) {
        return `${head}\nYour current observation is: ${observation.text}\n${actions}`;
      }
      const numTurns = history.length;
      const shown = history.slice(-historyLength);
      const past = shown
        .map((turn, i) => {
          const number = numTurns - shown.length + i + 1;
          return `[Observation ${number}: '${turn.observation.text}', Action ${number}: '${turn.action}']`;
        })
        .join("\n");
      return (
        `${head} Your task is to: ${readTask(first.observation.text)}\n` +
        `Prior to this step, you have already taken ${numTurns} step(s). ` +
        `Below are the most recent ${shown.length} observaitons and the corresponding actions you took: ${past}\n` +
        `You are now at step ${numTurns + 1} and your current observation is: ${observation.text}\n${actions}`
      );
    },
    write: (action) => `<think></think><action>${action}</action>`,
    parse: parseTaggedAction,
    roles: taggedRoles,
  };
}

/** Words without information in household games. */
const fillers = new Set([
  "a",
  "an",
  "and",
  "are",
  "around",
  "facing",
  "from",
  "i",
  "in",
  "is",
  "it",
  "looking",
  "middle",
  "next",
  "of",
  "on",
  "quickly",
  "room",
  "see",
  "that",
  "the",
  "them",
  "to",
  "up",
  "using",
  "welcome",
  "you",
  "your",
]);

/** Markers of {@link compactFormat}; a tokenizer for it keeps each as one token. */
export const compactMarkers = { observation: "<obs>", action: "<act>" } as const;

/** Joins a name and its number to one word: `mug 1` becomes `mug1`. */
function joinNumbers(text: string): string {
  return text.replaceAll(/\b([a-z]+) (\d+)\b/gu, "$1$2");
}

/**
 * Shortens an observation: lower case, no punctuation, no filler words, and each object as one
 * word.
 *
 * @example compactObservation("On the shelf 1, you see a mug 2, and a pen 1."); // "shelf1 mug2 pen1"
 */
export function compactObservation(text: string): string {
  const words = text
    .replace(/^-= .* =-\n/u, "")
    .toLowerCase()
    .split(/[^a-z0-9]+/u)
    .filter((word) => word !== "" && !fillers.has(word));
  return joinNumbers(words.join(" "));
}

/**
 * Short format for small models: one growing sequence; observations without filler words; each
 * object as one word (`mug1`); responses that consist of an action. The first observation contains
 * the task.
 */
export function compactFormat(): AgentFormat {
  return {
    presentation: "concatenated",
    prompt: (_history: readonly PastTurn[], observation) =>
      `${compactMarkers.observation} ${compactObservation(observation.text)} ${compactMarkers.action}`,
    write: joinNumbers,
    roles: actionRoles,
    parse: (response, observation) =>
      parseBareAction(
        // A word-level tokenizer splits the `in/on` of the older wording.
        response.replaceAll(/\b([a-z]+)(\d+)\b/gu, "$1 $2").replace(" in / on ", " in/on "),
        observation,
      ),
  };
}
