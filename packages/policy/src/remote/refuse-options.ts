import type { SampleRequest } from "@turnwise/core";

/** Options that every remote sampler supports. */
const common = ["promptTokens", "seed", "sequenceId", "temperature", "maxTokens", "stopTokens"];
/** Option values that have no effect, which every sampler therefore accepts. */
const neutral: Readonly<Record<string, unknown>> = { topK: 0, topP: 1, minP: 0 };

/**
 * Throws for options that a sampler would have to ignore.
 * @param further - Names of further options that the sampler supports.
 * @throws `RangeError` naming the first unsupported option.
 */
export function refuseOptions(
  where: string,
  request: SampleRequest,
  further: readonly string[] = [],
): void {
  for (const [name, value] of Object.entries(request) as [string, unknown][]) {
    if (common.includes(name) || further.includes(name) || value === undefined) continue;
    if (value === neutral[name] || (Array.isArray(value) && value.length === 0)) continue;
    throw new RangeError(
      `${where}: ${name} must be absent, because this sampler does not support it, got ${JSON.stringify(value)}`,
    );
  }
}
