import type { Environment } from "../../environment.ts";
import type { TaskSource } from "../../task-source.ts";
import type { LocalTasks, ServedEnvironment } from "../served-environment.ts";

/** Counts of a toy environment's instances. */
export interface ToyCounts {
  created: number;
  closed: number;
}

/** Options of {@link createToyTasks}. */
export interface ToyOptions {
  readonly counts?: ToyCounts;
  /** Runs each call to an environment, perhaps later. Default: at once. */
  readonly call?: <T>(name: string, run: () => T) => Promise<T>;
}

/**
 * Creates toy tasks: replies name the task and count the actions. `win` ends the episode with
 * success, `fail` throws, `hang` never returns, and all other actions have a reward of 0.5.
 */
export function createToyTasks({
  counts = { created: 0, closed: 0 },
  call = async (_name, run) => run(),
}: ToyOptions = {}): TaskSource {
  const makeTasks = (split: string, count: number) =>
    Array.from({ length: count }, (_, i) => ({ id: `${split}/${i}`, kind: "toy" }));
  const createEnvironment = (id: string): Environment => {
    counts.created++;
    let isClosed = false;
    let numSteps = 0;
    return {
      reset: () => call("reset", () => ({ text: `task ${id}`, admissibleActions: ["add", "win"] })),
      step: (action) => {
        if (action === "hang") return new Promise(() => undefined);
        return call("step", () => {
          if (action === "fail") throw new Error("out of luck");
          const isSuccess = action === "win";
          return {
            text: `${id} step ${++numSteps}: ${action}`,
            admissibleActions: ["add", "win"],
            reward: isSuccess ? 1 : 0.5,
            isTerminal: isSuccess,
            isSuccess,
          };
        });
      },
      render: async () => ({ kind: "text", version: 1, text: `${numSteps} steps` }),
      close: async () => {
        if (!isClosed) counts.closed++;
        isClosed = true;
      },
    };
  };
  return {
    name: "toy",
    description: "toy tasks",
    training: makeTasks("train", 5),
    evaluation: [{ split: "test", tasks: makeTasks("test", 3) }],
    createEnvironment: (task) => call("create", () => createEnvironment(task.id)),
    format: {
      presentation: "turn-wise",
      prompt: (history, { text }) => `turn ${history.length + 1}: ${text}`,
      write: (action) => `<${action}>`,
      parse: (response) => {
        const action = /^<(.*)>$/u.exec(response)?.[1];
        return { action: action ?? response, isValid: action !== undefined };
      },
    },
  };
}

/** The toy tasks as a served environment. */
export function createToyEnvironment(
  options: ToyOptions = {},
  overrides: Partial<ServedEnvironment> = {},
): ServedEnvironment & { readonly tasks: LocalTasks } {
  return {
    name: "toy",
    description: "toy tasks",
    settings: {},
    maxTurns: 8,
    ...overrides,
    tasks: { kind: "local", open: async () => createToyTasks(options) },
  };
}
