import { gzipSync } from "node:zlib";
import type { IndexRow } from "./index-columns.ts";
import { encodeIndex } from "./index-file.ts";
import type { RecordedTrajectory } from "./recorded-trajectory.ts";
import { summarizeTrajectory } from "./summarize-trajectory.ts";

// Not the asynchronous function: for members of this size it costs three times the processor time.
const pack = (text: string): Uint8Array => gzipSync(text, { level: 1 });

/**
 * Packs trajectories: one gzip member for each, which holds a line of JSON, and an index of the
 * members. The whole is a gzip file too, of JSON lines.
 */
export function packTrajectories(
  trajectories: readonly RecordedTrajectory[],
  { iteration, seed }: { readonly iteration: number; readonly seed: number },
): { readonly packed: Uint8Array; readonly index: Uint8Array } {
  const groups = new Map<string, number>();
  const members = trajectories.map((trajectory) => pack(`${JSON.stringify(trajectory)}\n`));
  let offset = 0;
  const rows = trajectories.map((trajectory, i): IndexRow => {
    const { groupId } = trajectory;
    if (!groups.has(groupId)) groups.set(groupId, groups.size);
    const group = groups.get(groupId)!;
    const { length } = members[i]!;
    const summary = summarizeTrajectory(trajectory, { iteration, group, seed });
    offset += length;
    return { ...summary, offset: offset - length, length };
  });
  // An empty file is no gzip file.
  if (members.length === 0) members.push(pack(""));
  const packed = Buffer.concat(members);
  return { packed, index: encodeIndex(rows, packed.length) };
}
