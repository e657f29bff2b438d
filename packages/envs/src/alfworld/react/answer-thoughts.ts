import type { Environment } from "../../environment.ts";

/** Prefix of thoughts among the actions of ReAct. */
export const thoughtMark = "think:";

/**
 * Answers thoughts with "OK.", as in ReAct. Thoughts are turns of the episode and do not change the
 * state.
 */
export function answerThoughts(environment: Environment): Environment {
  return {
    ...environment,
    step: async (action, signal) => {
      const reply = await environment.step(action, signal);
      return action.startsWith(thoughtMark) ? { ...reply, text: "OK." } : reply;
    },
  };
}
