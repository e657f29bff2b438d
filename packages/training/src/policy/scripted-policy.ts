import { createDemonstratingPlayers, createRandomPlayers, type TaskSource } from "@turnwise/envs";
import { InputError } from "../input-error.ts";
import type { EvaluatedPolicy, PolicyParts } from "./evaluated-policy.ts";

/** Policies without a model, by their names on the command line. */
const scriptedPolicies: Readonly<Record<string, (source: TaskSource) => PolicyParts>> = {
  random: (source) => ({ createPlayer: createRandomPlayers(source) }),
  demonstrator: (source) => {
    const createPlayer = createDemonstratingPlayers(source);
    if (createPlayer !== undefined) return { createPlayer };
    throw new InputError(`policy demonstrator needs tasks with a demonstrator, got ${source.name}`);
  },
};

/** Opens the scripted policy with a name; `undefined` if there is none. */
export function openScriptedPolicy(name: string): EvaluatedPolicy | undefined {
  if (!Object.hasOwn(scriptedPolicies, name)) return undefined;
  const parts = scriptedPolicies[name]!;
  return {
    parts: async (source) => parts(source),
    takesMessages: false,
    close: async () => undefined,
  };
}
