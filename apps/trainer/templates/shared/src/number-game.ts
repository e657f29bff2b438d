import type { Task } from "@turnwise/core";
import type { AgentFormat, Environment, TaskSource } from "@turnwise/envs";
import { definePart } from "@turnwise/training";

/** Creates a game of guessing a number from 1 to `highest`; the answer to a wrong guess is `more` or `less`. */
function createEnvironment({ id }: Task, highest: number): Environment {
  const secret = Number(id);
  let [from, to] = [1, highest];
  const candidates = (): string[] =>
    Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
  return {
    reset: async () => ({ text: "guess", admissibleActions: candidates() }),
    step: async (action) => {
      const guess = Number(action);
      const isNumber = /^\d+$/u.test(action) && guess >= 1 && guess <= highest;
      const isSuccess = guess === secret;
      if (isNumber && guess < secret) from = Math.max(from, guess + 1);
      if (isNumber && guess > secret) to = Math.min(to, guess - 1);
      return {
        // An invalid action gets an answer in words, not an exception.
        text: !isNumber ? "unknown" : isSuccess ? "found" : guess < secret ? "more" : "less",
        admissibleActions: candidates(),
        reward: isSuccess ? 1 : 0,
        isTerminal: isSuccess,
        isSuccess,
      };
    },
    close: async () => undefined,
  };
}

/** Presents an episode as one growing text: `guess 4 more 6 less 5 found`. */
const format: AgentFormat = {
  presentation: "concatenated",
  prompt: (_history, { text }) => `${text} `,
  write: (action) => action,
  parse: (response) => {
    const action = response.trim();
    return { action, isValid: /^\d+$/u.test(action) };
  },
};

/** Creates the tasks of the game, one per number. */
export function createTasks(highest: number): TaskSource {
  const numbers = Array.from({ length: highest }, (_, i) => String(i + 1));
  const all = numbers.map((id): Task => ({ id, kind: "number" }));
  return {
    name: "number-game",
    description: `numbers from 1 to ${highest}`,
    training: all,
    evaluation: [{ split: "all", tasks: all }],
    createEnvironment: async (task) => createEnvironment(task, highest),
    format,
    // Vocabulary of a new model; a model from a folder has its own tokenizer.
    vocabularyTexts: [`guess ${numbers.join(" ")} more less unknown found`],
  };
}

/** The game as a part of an experiment: `--set tasks.options.highest=5` changes its option. */
export const tasks = definePart({
  name: "number-game",
  options: { highest: 7 },
  create: ({ highest }) => createTasks(highest),
});
