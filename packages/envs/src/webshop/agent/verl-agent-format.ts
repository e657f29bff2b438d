import { checkInteger } from "@turnwise/core";
import type { AgentFormat } from "../../agent-format.ts";
import type { Observation } from "../../environment.ts";
import { parseStrictShopAction, parseTaggedShopAction } from "./parse-response.ts";
import { taggedRoles } from "../../text-roles.ts";

const separator = " [SEP] ";

/** Maximum length of a prompt, characters; a longer one omits the history. */
const maxPromptLength = 13_000;

const closing = `
Now it's your turn to take one action for the current step.
You should first reason step-by-step about the current situation, then think carefully which admissible action best advances the shopping goal. This reasoning process MUST be enclosed within <think> </think> tags. 
Once you've finished your reasoning, you should choose an admissible action for current step and present it within <action> </action> tags.
`;

const opening =
  "\nYou are an expert autonomous agent operating in the WebShop e\u2011commerce environment.";

/** Instruction of the task: the third part of the first observation. */
function readTask(first: Observation): string {
  return first.text.split(separator)[2] ?? "";
}

/**
 * Text after the instruction, each part in quotes; the whole text if it does not contain the
 * instruction.
 */
function quoteParts(observation: Observation, task: string): string {
  const parts = observation.text.split(separator);
  const index = parts.indexOf(task);
  if (index === -1) return observation.text;
  return parts
    .slice(index + 1)
    .map((part) => `'${part}'`)
    .join(separator);
}

/**
 * verl-agent's prompt for WebShop, character for character: each turn is one user message with the
 * instruction, the last turns, the current observation and its admissible actions. For environments
 * in mode `"text"`.
 * @see github.com/langfengQ/verl-agent (Apache-2.0)
 */
export function verlAgentShopFormat({
  historyLength = 2,
  parsing = "published",
}: {
  /** Number of past turns in a prompt, `>= 0`. Default 2, as published. */
  readonly historyLength?: number;
  /** `"strict"` uses the parser of verl-agent's later configurations. Default `"published"`. */
  readonly parsing?: "published" | "strict";
} = {}): AgentFormat {
  checkInteger("verlAgentShopFormat", { historyLength }, { min: 0 });
  return {
    presentation: "turn-wise",
    prompt: (history, observation) => {
      const task = readTask(history[0]?.observation ?? observation);
      const present = quoteParts(observation, task);
      const actions = (observation.admissibleActions ?? []).map((action) => `'${action}',`);
      const ending =
        "Your admissible actions of the current situation are: \n[\n" +
        `${actions.join("\n")}\n].\n${closing}`;
      const plain =
        `${opening} \nYour task is to: ${task}.\n` +
        `Your current observation is: ${present}.\n${ending}`;
      if (history.length === 0 || historyLength === 0) return plain;
      const shown = history.slice(-historyLength);
      const past = shown.map(({ observation: before, action }, i) => {
        const number = history.length - shown.length + i + 1;
        return `[Observation ${number}: '${quoteParts(before, task)}', Action ${number}: '${action}']`;
      });
      const prompt =
        `${opening}\nYour task is to: ${task}.\n` +
        `Prior to this step, you have already taken ${history.length} step(s). ` +
        `Below are the most recent ${shown.length} observations and the corresponding actions you took: ` +
        `${past.join("\n")}\n` +
        `You are now at step ${history.length + 1} and your current observation is: ${present}.\n${ending}`;
      return Array.from(prompt).length > maxPromptLength ? plain : prompt;
    },
    write: (action) => `<think></think><action>${action}</action>`,
    roles: taggedRoles,
    parse: (response) =>
      parsing === "strict" ? parseStrictShopAction(response) : parseTaggedShopAction(response),
  };
}
