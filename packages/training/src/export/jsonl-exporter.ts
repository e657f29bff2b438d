import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { exists } from "../files/exists.ts";
import { toChatRecord } from "./chat-record.ts";
import type { ExportedRun, ExportedSegment, RunExporter } from "./run-exporter.ts";

/**
 * Creates an exporter that writes trajectories as conversations: a JSONL file for each iteration
 * and evaluation, one trajectory per line. An existing file is complete and is not rewritten.
 */
export function createJsonlExporter(folder: string): RunExporter {
  let run: ExportedRun | undefined;
  const write = async (segment: ExportedSegment, of: ExportedRun): Promise<void> => {
    const path = join(folder, `${segment.name}.jsonl`);
    if (await exists(path)) return;
    await mkdir(folder, { recursive: true });
    const file = await open(`${path}.part`, "w");
    try {
      for await (const trajectory of segment.trajectories()) {
        const record = toChatRecord(trajectory, of, segment.name, segment.decode);
        await file.write(`${JSON.stringify(record)}\n`);
      }
    } finally {
      await file.close();
    }
    await rename(`${path}.part`, path);
  };
  return {
    name: "jsonl",
    destination: folder,
    handle: async (event) => {
      if (event.kind === "start") run = event.run;
      if (event.kind !== "metrics" || event.segment === undefined) return;
      if (run !== undefined) await write(event.segment, run);
    },
    close: async () => undefined,
  };
}
