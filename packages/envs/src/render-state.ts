import { boundState, stateVersion, type EnvironmentState } from "@turnwise/core";
import { callWithin, readMessage } from "./call-within.ts";
import type { Environment } from "./environment.ts";

/**
 * Renders the state of an environment for the record. An environment that cannot render does not fail its
 * episode, so that an episode ends alike whether it is recorded or not.
 * @param seconds - Time limit.
 * @returns `undefined` if the environment does not render at all.
 * @throws the signal's reason if it aborts.
 */
export async function renderState(
  environment: Environment,
  seconds: number,
  signal: AbortSignal | undefined,
): Promise<EnvironmentState | undefined> {
  if (environment.render === undefined) return undefined;
  try {
    const render = (inner: AbortSignal): Promise<EnvironmentState> => environment.render!(inner);
    return boundState(await callWithin("render", seconds, signal, render));
  } catch (cause) {
    signal?.throwIfAborted();
    return { kind: "unavailable", version: stateVersion, reason: readMessage(cause) };
  }
}
