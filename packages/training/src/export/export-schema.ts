import { setting } from "@turnwise/envs";
import { z } from "zod";

const folder = setting(
  z.string().min(1).nullable(),
  "Folder in which a subfolder with the run's name is created; null for the folder exports in the run folder",
).default(null);

/** Conversations as JSON lines. */
const jsonlSchema = z.strictObject({ kind: z.literal("jsonl"), folder });

/** Event files of TensorBoard. */
const tensorboardSchema = z.strictObject({ kind: z.literal("tensorboard"), folder });

/** Metrics for Prometheus to collect. */
const prometheusSchema = z.strictObject({
  kind: z.literal("prometheus"),
  port: setting(
    z.int().min(0).max(65_535),
    "TCP port of http://127.0.0.1:PORT/metrics; 0 for any free port",
  ).default(9464),
});

/** Tracking server of MLflow. */
const mlflowSchema = z.strictObject({
  kind: z.literal("mlflow"),
  url: setting(z.url({ protocol: /^https?$/u }), "Address of the tracking server"),
  experiment: setting(
    z.string().min(1),
    "Name of the experiment on the server; created if it does not exist",
  ).default("turnwise"),
  tokenVariable: setting(
    z.string().min(1).nullable(),
    "Environment variable that holds the access token; null for none",
  ).default(null),
});

/** Traces, sent to an OpenTelemetry collector. */
const opentelemetrySchema = z.strictObject({
  kind: z.literal("opentelemetry"),
  url: setting(
    z.url({ protocol: /^https?$/u }),
    "Address of the collector, which receives OTLP over HTTP",
  ).default("http://127.0.0.1:4318/v1/traces"),
  detail: setting(
    z.enum(["episodes", "calls"]),
    "Smallest unit that gets a span: episodes, or turns (each response and environment call)",
  ).default("calls"),
});

/** Targets that a run is exported to. */
export const exportsSchema = z.array(
  z.discriminatedUnion("kind", [
    jsonlSchema,
    tensorboardSchema,
    prometheusSchema,
    mlflowSchema,
    opentelemetrySchema,
  ]),
);

/** A target with all its settings. */
export type ExportSettings = z.output<typeof exportsSchema>[number];

/** Settings of the targets of a kind. */
export type SettingsOf<Kind extends ExportSettings["kind"]> = Extract<
  ExportSettings,
  { readonly kind: Kind }
>;
