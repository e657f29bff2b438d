import type { Environment } from "../../environment.ts";

/** Beginning of a thought among the actions of ReAct. */
export const thoughtMark = "think:";

/** Answers thoughts with "OK.", as ReAct does. They are turns of the episode, and change nothing. */
export function answerThoughts(environment: Environment): Environment {
  return {
    ...environment,
    step: async (action, signal) => {
      const reply = await environment.step(action, signal);
      return action.startsWith(thoughtMark) ? { ...reply, text: "OK." } : reply;
    },
  };
}
