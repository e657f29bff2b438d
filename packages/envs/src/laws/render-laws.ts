import {
  expectThat,
  maxStateBytes,
  stateKinds,
  stateVersion,
  type EnvironmentState,
  type Task,
} from "@turnwise/core";
import type { Environment, EnvironmentFactory } from "../environment.ts";
import { playMoves, type Move, type PlayedEpisode } from "./play-moves.ts";

/**
 * Plays moves and renders every state twice, including the last.
 * @returns The states of the first and of the second rendering; empty if the environment cannot
 *   render.
 */
export async function renderStates(
  createEnvironment: EnvironmentFactory,
  task: Task,
  moves: readonly Move[],
): Promise<{
  readonly states: readonly EnvironmentState[];
  readonly again: readonly EnvironmentState[];
  readonly episode: PlayedEpisode;
}> {
  const states: EnvironmentState[] = [];
  const again: EnvironmentState[] = [];
  const create: EnvironmentFactory = async (one) =>
    renderAfterCalls(await createEnvironment(one), async (environment) => {
      if (environment.render === undefined) return;
      states.push(structuredClone(await environment.render()));
      again.push(await environment.render());
    });
  const episode = await playMoves(create, task, moves, (played) => played);
  return { states, again, episode };
}

function renderAfterCalls(
  inner: Environment,
  render: (environment: Environment) => Promise<void>,
): Environment {
  return {
    reset: async (signal) => {
      const observation = await inner.reset(signal);
      await render(inner);
      return observation;
    },
    step: async (action, signal) => {
      const reply = await inner.step(action, signal);
      await render(inner);
      return reply;
    },
    close: () => inner.close(),
  };
}

/** Checks that a state is plain data, of the current version and a known kind, and short enough. */
export function checkState(location: string, state: EnvironmentState): void {
  const { kind, version } = state;
  expectThat(
    stateKinds.includes(kind),
    `${location}: kind must be one of ${stateKinds.join(", ")}, got ${JSON.stringify(kind)}`,
  );
  expectThat(
    version === stateVersion,
    `${location}: version must be ${stateVersion}, got ${JSON.stringify(version)}`,
  );
  const path = findUnplain(state);
  expectThat(path === undefined, `${location}: ${path} must be plain data`);
  const numBytes = new TextEncoder().encode(JSON.stringify(state)).length;
  expectThat(
    numBytes <= maxStateBytes,
    `${location}: state must have at most ${maxStateBytes} bytes (boundState cuts it), got ${numBytes}`,
  );
}

/** Finds the path of the first value that JSON would drop or change. */
function findUnplain(value: unknown, path = "state"): string | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean") return undefined;
  if (typeof value === "number") return Number.isFinite(value) ? undefined : path;
  if (typeof value !== "object") return path;
  const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  if (!isPlain) return path;
  for (const [key, inner] of Object.entries(value)) {
    const found = findUnplain(inner, `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
