/** Time of a server. Tests pass a clock that they set themselves. */
export interface Clock {
  /** Milliseconds since a fixed moment; never goes back. */
  now(): number;
  /**
   * Calls a function once, after some seconds.
   * @returns A function that cancels the call.
   */
  after(seconds: number, call: () => void): () => void;
}

/** Time of the machine. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (seconds, call) => {
    const timer = setTimeout(call, seconds * 1000);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
