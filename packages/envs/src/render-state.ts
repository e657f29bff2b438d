import { boundState, stateVersion, type EnvironmentState } from "@turnwise/core";
import { callWithin, readMessage } from "./call-within.ts";
import type { Environment } from "./environment.ts";

/**
 * Renders the state of an environment for the record. If rendering fails, the episode continues, so
 * that its result does not depend on whether states are recorded.
 * @param seconds - Time limit, seconds.
 * @returns The state; `undefined` if the environment has no `render`.
 * @throws The signal's reason if it aborts.
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
