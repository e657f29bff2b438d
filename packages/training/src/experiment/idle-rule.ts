import type { SettingsOn } from "./run-schema.ts";

/** Settings that have no effect under a condition. */
export interface IdleRule<T> {
  /** Paths with dots; one that ends in `.` names all settings below it. */
  readonly paths: readonly string[];
  isIdle(settings: SettingsOn<T>): boolean;
  /** Continues "has no effect". */
  readonly why: string;
}
