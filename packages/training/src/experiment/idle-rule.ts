import type { SettingsOn } from "./run-schema.ts";

/** Settings that have no effect under a condition. */
export interface IdleRule<T> {
  /** Paths of the settings, with dots; a path that ends in `.` means all settings below it. */
  readonly paths: readonly string[];
  isIdle(settings: SettingsOn<T>): boolean;
  /** Reason; continues the sentence "... has no effect". */
  readonly why: string;
}
