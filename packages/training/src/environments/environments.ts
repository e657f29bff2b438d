import { alfworld } from "./alfworld.ts";
import type { BuiltInEnvironment } from "./environment.ts";
import { frozenlake } from "./frozenlake.ts";
import { harbor } from "./harbor.ts";
import { sokoban } from "./sokoban.ts";
import { swebench } from "./swebench.ts";
import { textcraft } from "./textcraft.ts";
import { webshop } from "./webshop.ts";

const entries = [alfworld, frozenlake, harbor, sokoban, swebench, textcraft, webshop] as const;

type Schemas<E extends readonly BuiltInEnvironment[]> = { [I in keyof E]: E[I]["schema"] };

/** Schema of the tasks of each environment. */
export const taskSchemas = entries.map(({ schema }) => schema) as unknown as Schemas<
  typeof entries
>;

/** Built-in environments. */
export const environments: readonly BuiltInEnvironment[] = entries;

/** Finds a built-in environment; `undefined` for a custom one. */
export function findEnvironment(name: string): BuiltInEnvironment | undefined {
  return environments.find((environment) => environment.name === name);
}
