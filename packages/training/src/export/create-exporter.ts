import { basename, join, resolve } from "node:path";
import type { ExportSettings } from "./export-schema.ts";
import { createJsonlExporter } from "./jsonl-exporter.ts";
import { createMlflowExporter } from "./mlflow-exporter.ts";
import { createOpentelemetryExporter } from "./opentelemetry-exporter.ts";
import { createPrometheusExporter } from "./prometheus-exporter.ts";
import type { RunExporter } from "./run-exporter.ts";
import { createTensorboardExporter } from "./tensorboard-exporter.ts";

/** Creates the exporter of a target. @param runPath - Folder of the run. */
export function createExporter(settings: ExportSettings, runPath: string): RunExporter {
  if (settings.kind === "jsonl") return createJsonlExporter(findFolder(settings, runPath));
  if (settings.kind === "prometheus") return createPrometheusExporter(settings);
  if (settings.kind === "opentelemetry") return createOpentelemetryExporter(settings);
  if (settings.kind === "mlflow") {
    return createMlflowExporter(settings, join(runPath, "exports", "mlflow.json"));
  }
  return createTensorboardExporter(findFolder(settings, runPath));
}

/**
 * Returns the output folder of a target: a folder inside the run folder, or, if the target has a
 * folder shared by several runs, a subfolder named after the run.
 */
function findFolder(
  { kind, folder }: { readonly kind: string; readonly folder: string | null },
  runPath: string,
): string {
  if (folder === null) return join(runPath, "exports", kind);
  return join(folder, basename(resolve(runPath)));
}
