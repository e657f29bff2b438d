import { z } from "zod";
import { exists } from "../files/exists.ts";
import { readChecked } from "../files/read-checked.ts";
import { writeWhole } from "../files/write-whole.ts";
import type { JsonObject } from "../reader/read-run.ts";
import type { SettingsOf } from "./export-schema.ts";
import { createMlflowClient, type MlflowMetric, type MlflowText } from "./mlflow-client.ts";
import { findStep, listScalars, type ExportedRun, type RunExporter } from "./run-exporter.ts";

/**
 * Maximum numbers of metrics and parameters in one call, and maximum length of a parameter,
 * characters.
 */
const [maxMetrics, maxParams, maxText] = [1000, 100, 500];

/** Progress of the export, with which a resumed run continues the same run on the server. */
const stateSchema = z.strictObject({
  url: z.string(),
  experiment: z.string(),
  runId: z.string(),
  numLines: z.int().nonnegative(),
});

/**
 * Creates an exporter for a run on a tracking server: settings become parameters; metrics and times
 * become metrics. Lines that the server did not accept are sent again together with the next lines.
 * @param statePath - File that stores the id of the run on the server and the number of lines
 * already sent.
 */
export function createMlflowExporter(
  { url, experiment, tokenVariable }: SettingsOf<"mlflow">,
  statePath: string,
): RunExporter {
  const client = createMlflowClient({ url, tokenVariable });
  let run: ExportedRun | undefined;
  let runId: string | undefined;
  /**
   * Number of lines already on the server. A run that resumes from an earlier checkpoint writes the
   * same lines again.
   */
  let numSent = 0;
  /** Metrics of all lines so far, by line. */
  const lines: MlflowMetric[][] = [];

  const writeState = async (): Promise<void> => {
    const state = { url, experiment, runId, numLines: numSent };
    await writeWhole(statePath, `${JSON.stringify(state)}\n`);
  };
  const openRun = async ({ name, config, startedAt }: ExportedRun): Promise<string> => {
    if (await exists(statePath)) {
      const state = await readChecked(statePath, stateSchema);
      if (state.url === url && state.experiment === experiment) {
        numSent = state.numLines;
        return state.runId;
      }
    }
    const experimentId = await client.openExperiment(experiment);
    const id = await client.createRun(experimentId, name, startedAt);
    const params = listSettings(config);
    for (let i = 0; i < params.length; i += maxParams) {
      await client.logBatch(id, { params: params.slice(i, i + maxParams) });
    }
    return id;
  };
  const send = async (): Promise<string | undefined> => {
    if (run === undefined) return undefined;
    if (runId === undefined) {
      runId = await openRun(run);
      await writeState();
    }
    const metrics = lines.slice(numSent).flat();
    const numLines = lines.length;
    for (let i = 0; i < metrics.length; i += maxMetrics) {
      await client.logBatch(runId, { metrics: metrics.slice(i, i + maxMetrics) });
    }
    if (numLines > numSent) {
      numSent = numLines;
      await writeState();
    }
    return runId;
  };
  return {
    name: "mlflow",
    destination: url,
    handle: async (event) => {
      if (event.kind === "advisory") return;
      if (event.kind === "start") run = event.run;
      if (event.kind === "metrics") {
        const { line, timings, at } = event;
        const step = findStep(line);
        const timestamp = Math.round(at);
        lines.push(
          listScalars(line, timings).map(([name, value]) => ({
            key: toKey(name),
            value,
            timestamp,
            step,
          })),
        );
      }
      const id = await send();
      if (event.kind !== "end" || id === undefined) return;
      await client.endRun(id, event.state === "finished" ? "FINISHED" : "FAILED", Date.now());
    },
    close: async () => undefined,
  };
}

/** Replaces characters that the server refuses in names. */
const toKey = (name: string): string => name.replaceAll(/[^\w\-. /]/gu, "_");

/** Settings as parameters, such as `training.iterations`. */
function listSettings(config: JsonObject, prefix = ""): MlflowText[] {
  return Object.entries(config).flatMap(([name, value]): MlflowText[] => {
    const key = `${prefix}${name}`;
    const isNested = typeof value === "object" && value !== null && !Array.isArray(value);
    if (isNested) return listSettings(value as JsonObject, `${key}.`);
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return [{ key: toKey(key), value: text.slice(0, maxText) }];
  });
}
