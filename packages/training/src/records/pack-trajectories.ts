import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import { compressMembers, type PackedMembers } from "./compress-members.ts";
import type { TrajectorySummary } from "./index-columns.ts";
import { encodeIndex } from "./index-file.ts";
import { JsonWriter } from "./json-writer.ts";
import type { RecordedTrajectory } from "./recorded-trajectory.ts";
import { summarizeTrajectory } from "./summarize-trajectory.ts";
import { writeTrajectory } from "./write-trajectory.ts";

/** Bytes of text after which to return to the event loop: less than a millisecond of work. */
const sliceBytes = 1 << 16;
/** Bytes of text per compression job. */
const batchBytes = 1 << 20;

/**
 * Packs trajectories into one gzip member each, with one line of JSON, and creates an index of the
 * members. The packed file is also a valid gzip file of JSON lines.
 *
 * Runs in the background while a run waits for its engine: control returns to the event loop after
 * every few trajectories, and a worker thread compresses.
 */
export async function packTrajectories(
  trajectories: Iterable<RecordedTrajectory>,
  { iteration, seed }: { readonly iteration: number; readonly seed: number },
): Promise<{ readonly packed: Uint8Array; readonly index: Uint8Array }> {
  const writer = new JsonWriter(batchBytes + batchBytes / 4);
  const groups = new Map<string, number>();
  const summaries: TrajectorySummary[] = [];
  const batches: Promise<PackedMembers>[] = [];
  let ends: number[] = [];
  let sliceStart = 0;
  const compress = (): void => {
    const batch = compressMembers(writer.take(), ends);
    // Ignore the error here; it is thrown below, where all batches are awaited.
    batch.catch(() => undefined);
    batches.push(batch);
    ends = [];
  };
  for (const trajectory of trajectories) {
    const { groupId } = trajectory;
    if (!groups.has(groupId)) groups.set(groupId, groups.size);
    const group = groups.get(groupId)!;
    summaries.push(summarizeTrajectory(trajectory, { iteration, group, seed }));
    writeTrajectory(writer, trajectory);
    ends.push(writer.length);
    if (writer.length - sliceStart >= sliceBytes) {
      if (writer.length >= batchBytes) compress();
      sliceStart = writer.length;
      await yieldToEventLoop();
    }
  }
  // Zero bytes are not a valid gzip file, so write one empty member.
  if (summaries.length === 0) ends.push(0);
  compress();
  const parts = await Promise.all(batches);
  const packed = Buffer.concat(parts.map((part) => part.packed));
  const lengths = parts.flatMap((part) => part.lengths);
  let offset = 0;
  const rows = summaries.map((summary, i) => {
    const length = lengths[i]!;
    offset += length;
    return { ...summary, offset: offset - length, length };
  });
  return { packed, index: encodeIndex(rows, packed.length) };
}
