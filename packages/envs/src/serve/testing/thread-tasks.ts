import type { TaskSource } from "../../task-source.ts";
import { createToyTasks } from "./toy-tasks.ts";

/** Opens the toy tasks with two more actions: `exit` ends the thread, `spin` blocks it for ever. */
export function openThreadTasks(name: string): TaskSource {
  if (name !== "toy") throw new Error(`name must be toy, got ${name}`);
  const toy = createToyTasks();
  return {
    ...toy,
    createEnvironment: async (task) => {
      const environment = await toy.createEnvironment(task);
      return {
        ...environment,
        step: async (action) => {
          if (action === "exit") process.exit(3);
          if (action === "spin") for (;;);
          return environment.step(action);
        },
      };
    },
  };
}
