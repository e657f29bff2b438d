import { useEffect, useState } from "preact/hooks";
import { messageOf } from "./state.ts";

/** Value that is read; its error, one line; neither while it is being read. */
export interface Loaded<Value> {
  readonly value?: Value;
  readonly error?: string;
}

/**
 * Reads a value when a view opens and whenever its key changes. The value of another key is never
 * returned: neither the one before, nor one that arrives late.
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
