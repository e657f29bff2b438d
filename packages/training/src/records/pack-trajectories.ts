import { gzipSync } from "node:zlib";
import type { IndexRow } from "./index-columns.ts";
import { encodeIndex } from "./index-file.ts";
import type { RecordedTrajectory } from "./recorded-trajectory.ts";
import { summarizeTrajectory } from "./summarize-trajectory.ts";

/**
 * Packs trajectories: one gzip member for each, which holds a line of JSON, and an index of the
 * members. The whole is a gzip file too, of JSON lines.
 */
export function packTrajectories(
  trajectories: readonly RecordedTrajectory[],
  { iteration, seed }: { readonly iteration: number; readonly seed: number },
): { readonly packed: Uint8Array; readonly index: Uint8Array } {
  const groups = new Map<string, number>();
  const members: Uint8Array[] = [];
  const rows: IndexRow[] = [];
  let offset = 0;
  for (const trajectory of trajectories) {
    const { groupId } = trajectory;
    if (!groups.has(groupId)) groups.set(groupId, groups.size);
    const group = groups.get(groupId)!;
    const member = gzipSync(`${JSON.stringify(trajectory)}\n`, { level: 1 });
    const { length } = member;
    const summary = summarizeTrajectory(trajectory, { iteration, group, seed });
    rows.push({ ...summary, offset, length });
    members.push(member);
    offset += length;
  }
  // An empty file is no gzip file.
  if (members.length === 0) members.push(gzipSync("", { level: 1 }));
  const packed = Buffer.concat(members);
  return { packed, index: encodeIndex(rows, packed.length) };
}
