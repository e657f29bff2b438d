import { useEffect, useState } from "preact/hooks";
import { messageOf } from "./state.ts";

/** Loaded value, or a one-line error; both are absent while loading. */
export interface Loaded<Value> {
  readonly value?: Value;
  readonly error?: string;
}

/**
 * Loads a value when a view opens and whenever its key changes. Never returns the value of another
 * key, neither the previous value nor a value that arrives late.
 */
export function useLoaded<Value>(key: string, read: () => Promise<Value>): Loaded<Value> {
  const [loaded, setLoaded] = useState<{ readonly key: string } & Loaded<Value>>({ key: "" });
  useEffect(() => {
    let isCurrent = true;
    read().then(
      (value) => isCurrent && setLoaded({ key, value }),
      (error: unknown) => isCurrent && setLoaded({ key, error: messageOf(error) }),
    );
    return () => {
      isCurrent = false;
    };
  }, [key]);
  return loaded.key === key ? loaded : {};
}
