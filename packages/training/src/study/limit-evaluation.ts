import type { TaskSource } from "@turnwise/envs";

/**
 * Limits the tasks of each evaluation split, since a module's task source has no setting for it.
 * @param numTasks - Maximum number of tasks of a split; the first ones are kept.
 */
export function limitEvaluation(source: TaskSource, numTasks: number): TaskSource {
  if (source.evaluation.every(({ tasks }) => tasks.length <= numTasks)) return source;
  const evaluation = source.evaluation.map((split) => ({
    ...split,
    tasks: split.tasks.slice(0, numTasks),
  }));
  // Not a copy: a source may be an object of a class with private fields.
  return new Proxy(source, {
    get: (target, key) => {
      if (key === "evaluation") return evaluation;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
