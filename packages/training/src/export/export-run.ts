import type { ExportSettings } from "./export-schema.ts";
import { createExporter } from "./create-exporter.ts";
import { followRun } from "./follow-run.ts";
import { startExport, type ExportReport } from "./run-export.ts";

/** Time limit for reading and exporting a finished run, seconds. */
const maxSeconds = 24 * 3600;

/**
 * Exports a finished run, or the records that a running run has written so far.
 * @param path - Run folder.
 * @param onFailure - Called with the first failure, as one line.
 */
export async function exportRun(
  path: string,
  settings: ExportSettings,
  onFailure: (message: string) => void,
): Promise<ExportReport> {
  const exporting = startExport(followRun(path), [createExporter(settings, path)], onFailure);
  const [report] = await exporting.finish("finished", maxSeconds);
  return report!;
}
