import { FailureError, findFailureKind } from "@turnwise/core";

/** Failure that ends an episode, as opposed to an error that ends the run. */
export class EpisodeFailure extends FailureError {}

/** Default time limit of one call to an environment, seconds. */
export const defaultTimeoutSeconds = 300;

/** Reads the message of a thrown value. */
export function readMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Calls the environment or a player with a time limit.
 * @throws {@link EpisodeFailure} for a failure or a timeout; the reason of `outer` if it aborts.
 */
export async function callWithin<T>(
  name: string,
  seconds: number,
  outer: AbortSignal | undefined,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer?.throwIfAborted();
  const controller = new AbortController();
  const forward = (): void => controller.abort(outer?.reason);
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    controller.signal.addEventListener("abort", () => reject(controller.signal.reason), {
      once: true,
    });
    timer = setTimeout(
      () =>
        controller.abort(new EpisodeFailure("timeout", `${name} took longer than ${seconds} s`)),
      seconds * 1000,
    );
  });
  outer?.addEventListener("abort", forward, { once: true });
  try {
    return await Promise.race([call(controller.signal), expired]);
  } catch (cause) {
    if (outer?.aborted) throw outer.reason;
    if (cause instanceof EpisodeFailure) throw cause;
    const kind = findFailureKind(cause) ?? "environment";
    throw new EpisodeFailure(kind, `${name}: ${readMessage(cause)}`, { cause });
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener("abort", forward);
  }
}
