import type { EnvironmentFactory } from "@turnwise/envs";

/** Number of words in an observation. */
const numWords = 100;

/**
 * Creates environments that answer every action with the same words and never end. They replace
 * environments that would start containers.
 */
export const createSilentEnvironment: EnvironmentFactory = async () => {
  const text = Array.from({ length: numWords }, () => "word").join(" ");
  return {
    reset: async () => ({ text }),
    step: async () => ({ text, reward: 0, isTerminal: false, isSuccess: false }),
    close: async () => undefined,
  };
};
