import { checkInteger, createRandom } from "@turnwise/core";
import type { SweInstance } from "./instance.ts";

/** Selection and order of instances. All conditions must hold. */
export interface SelectOptions {
  /** Ids; `*` matches any characters. */
  readonly ids?: readonly string[];
  /** Repositories; `*` matches any characters. */
  readonly repos?: readonly string[];
  readonly formats?: readonly SweInstance["format"][];
  /** Difficulties by their names in the data; an instance without a difficulty never matches. */
  readonly difficulties?: readonly string[];
  /** Maximum number of tests to fix, `>= 0`. */
  readonly maxFailToPass?: number;
  /** Seed for shuffling before the limit is applied. Default: the order of the file. */
  readonly seed?: number | string;
  /** Maximum number of instances, `>= 0`. */
  readonly limit?: number;
}

function matcher(patterns: readonly string[] | undefined): (text: string) => boolean {
  if (patterns === undefined) return () => true;
  const expressions = patterns.map(
    (pattern) =>
      new RegExp(
        `^${pattern
          .split("*")
          .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/gu, String.raw`\$&`))
          .join("[^]*")}$`,
        "u",
      ),
  );
  return (text) => expressions.some((expression) => expression.test(text));
}

/**
 * Selects instances. The order of a seed depends only on the ids, not on the order of the file.
 * @throws `RangeError` for a limit that is not an integer `>= 0`.
 */
export function selectInstances(
  instances: readonly SweInstance[],
  options: SelectOptions = {},
): SweInstance[] {
  const { formats, difficulties, maxFailToPass, seed, limit } = options;
  if (limit !== undefined) checkInteger("selectInstances", { limit }, { min: 0 });
  if (maxFailToPass !== undefined) {
    checkInteger("selectInstances", { maxFailToPass }, { min: 0 });
  }
  const hasId = matcher(options.ids);
  const hasRepo = matcher(options.repos);
  let chosen = instances.filter(
    (instance) =>
      hasId(instance.id) &&
      hasRepo(instance.repo) &&
      (formats === undefined || formats.includes(instance.format)) &&
      (difficulties === undefined ||
        (instance.format === "swe-bench" &&
          instance.difficulty !== undefined &&
          difficulties.includes(instance.difficulty))) &&
      (maxFailToPass === undefined ||
        (instance.format !== "r2e-gym" && instance.failToPass.length <= maxFailToPass)),
  );
  if (seed !== undefined) {
    chosen.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
    chosen = createRandom(seed).fork("instances").shuffle(chosen);
  }
  return limit === undefined ? chosen : chosen.slice(0, limit);
}
