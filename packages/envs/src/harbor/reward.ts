import { formatValue } from "../format-value.ts";
import { isRecord } from "../is-record.ts";

/** Result of a verifier. */
export interface Reward {
  /** The reward, usually in [0, 1]. */
  readonly value: number;
  /** All numbers of the reward file, by name. */
  readonly parts: Readonly<Record<string, number>>;
}

/** Contents of the reward files that a verifier wrote. */
export interface RewardFiles {
  readonly json?: string | undefined;
  readonly text?: string | undefined;
}

/**
 * Reads a verifier's reward: `reward.json` (a number, or an object of numbers) or, if there is none,
 * `reward.txt` (a number). Of several numbers, the one named `reward` is the reward; a single number
 * may have any name.
 * @returns The reward, or the reason why there is none.
 */
export function readReward({ json, text }: RewardFiles): Reward | { readonly problem: string } {
  if (json !== undefined) return readJsonReward(json);
  if (text === undefined) return { problem: "the verifier wrote no reward.json and no reward.txt" };
  const value = Number(text.trim() === "" ? Number.NaN : text.trim());
  if (!Number.isFinite(value)) {
    return { problem: `reward.txt must be a number, got ${formatValue(text.trim())}` };
  }
  return { value, parts: { reward: value } };
}

function readJsonReward(json: string): Reward | { readonly problem: string } {
  let given: unknown;
  try {
    given = JSON.parse(json);
  } catch {
    return { problem: `reward.json is not valid JSON: ${formatValue(json)}` };
  }
  if (typeof given === "number") return { value: given, parts: { reward: given } };
  const entries = isRecord(given) ? Object.entries(given) : [];
  const wrong = entries.find(([, value]) => typeof value !== "number");
  if (entries.length === 0 || wrong !== undefined) {
    return {
      problem: `reward.json must be a number or an object of numbers, got ${formatValue(given)}`,
    };
  }
  const parts = Object.fromEntries(entries) as Record<string, number>;
  const value = parts["reward"] ?? (entries.length === 1 ? Object.values(parts)[0] : undefined);
  if (value === undefined) {
    const names = Object.keys(parts).join(", ");
    return { problem: `reward.json must have a number named reward, got ${names}` };
  }
  return { value, parts };
}
