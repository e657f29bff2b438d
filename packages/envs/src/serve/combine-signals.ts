/** A signal that aborts with the first of two others. */
export interface CombinedSignal {
  readonly signal: AbortSignal;
  /** Removes the listeners from the two signals; to be called when the signal is no longer needed. */
  readonly detach: () => void;
}

/**
 * Combines two signals. `AbortSignal.any` keeps a record of each combination as long as the
 * longer-lived signal; here `detach` removes everything.
 */
export function combineSignals(first: AbortSignal, second: AbortSignal): CombinedSignal {
  const controller = new AbortController();
  const sources = [first, second];
  const forward = (): void => {
    controller.abort(sources.find(({ aborted }) => aborted)?.reason);
  };
  if (sources.some(({ aborted }) => aborted)) forward();
  else for (const source of sources) source.addEventListener("abort", forward, { once: true });
  return {
    signal: controller.signal,
    detach: () => {
      for (const source of sources) source.removeEventListener("abort", forward);
    },
  };
}
