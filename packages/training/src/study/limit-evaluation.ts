import type { TaskSource } from "@turnwise/envs";

/**
 * Limits the number of tasks in each evaluation split of a module's task source, which has no
 * setting for it.
 * @param numTasks - Maximum number of tasks per split; the first tasks are kept.
 */
export function limitEvaluation(source: TaskSource, numTasks: number): TaskSource {
  if (source.evaluation.every(({ tasks }) => tasks.length <= numTasks)) return source;
  const evaluation = source.evaluation.map((split) => ({
    ...split,
    tasks: split.tasks.slice(0, numTasks),
  }));
  // Use a proxy instead of a copy, because a source may be a class instance with private fields.
  return new Proxy(source, {
    get: (target, key) => {
      if (key === "evaluation") return evaluation;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
