import type { AgentFormat, Environment, EnvironmentFactory } from "@turnwise/envs";

/** Creates a game of guessing a number from 1 to 7; the environment answers `more`, `less` or `found`. */
export const createEnvironment: EnvironmentFactory = async ({ id }) => {
  const secret = Number(id);
  const environment: Environment = {
    reset: async () => ({ text: "guess" }),
    step: async (action) => {
      const guess = Number(action);
      const isSuccess = guess === secret;
      // Text that is not a number gets an answer, not an exception.
      const text = isSuccess ? "found" : guess < secret ? "more" : guess > secret ? "less" : "what";
      return { text, reward: isSuccess ? 1 : 0, isTerminal: isSuccess, isSuccess };
    },
    close: async () => undefined,
  };
  return environment;
};

/** Presents an episode as one growing text: `guess 4 more 6 less 5 found`. */
export const format: AgentFormat = {
  presentation: "concatenated",
  prompt: (_history, observation) => `${observation.text} `,
  write: (action) => action,
  parse: (response) => {
    const action = response.trim();
    return { action, isValid: /^[1-7]$/u.test(action) };
  },
};
