/** Clock of a server. Tests use a clock that they set themselves. */
export interface Clock {
  /** Milliseconds since a fixed moment; never decreases. */
  now(): number;
  /**
   * Calls a function once, after some seconds.
   * @returns A function that cancels the call.
   */
  after(seconds: number, call: () => void): () => void;
}

/** The system's clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (seconds, call) => {
    const timer = setTimeout(call, seconds * 1000);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
