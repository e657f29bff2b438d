import { basename, join, resolve } from "node:path";
import type { ExportSettings } from "./export-schema.ts";
import { createJsonlExporter } from "./jsonl-exporter.ts";
import type { RunExporter } from "./run-exporter.ts";
import { createTensorboardExporter } from "./tensorboard-exporter.ts";

/** Creates the exporter of a target. @param runPath - Folder of the run. */
export function createExporter(settings: ExportSettings, runPath: string): RunExporter {
  if (settings.kind === "jsonl") return createJsonlExporter(findFolder(settings, runPath));
  return createTensorboardExporter(findFolder(settings, runPath));
}

/** Folder of a target: in the run folder, or that of the run in a folder that several runs share. */
function findFolder(
  { kind, folder }: { readonly kind: string; readonly folder: string | null },
  runPath: string,
): string {
  if (folder === null) return join(runPath, "exports", kind);
  return join(folder, basename(resolve(runPath)));
}
