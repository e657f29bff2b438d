import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace-base";
import type { SettingsOf } from "./export-schema.ts";
import type { ExportedRun, RunExporter } from "./run-exporter.ts";
import { traceRun, type RunTracer } from "./trace-run.ts";

/** Packages of OpenTelemetry's SDK, which users of this target must install. */
const packages = [
  "@opentelemetry/api@1.9",
  "@opentelemetry/sdk-trace-base@2",
  "@opentelemetry/resources@2",
  "@opentelemetry/exporter-trace-otlp-http@0.223",
] as const;
/**
 * Maximum number of spans that wait to be sent; further spans are dropped. The end of an iteration
 * can end thousands of spans at once.
 */
const maxQueueSize = 65_536;

/** Creates the SDK's span exporter. */
export type CreateSpanExporter = () => Promise<SpanExporter>;

/**
 * Creates an exporter that traces a live run with OpenTelemetry's SDK and sends its spans by OTLP
 * over HTTP. Spans have the wall-clock times of the process, so a finished run cannot be traced.
 * @param createSpanExporter - Default: OTLP to the address of the settings.
 */
export function createOpentelemetryExporter(
  { url, detail }: Pick<SettingsOf<"opentelemetry">, "url" | "detail">,
  createSpanExporter: CreateSpanExporter = async () => {
    const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-http");
    return new OTLPTraceExporter({ url });
  },
): RunExporter {
  let tracing: { readonly tracer: RunTracer; readonly close: () => Promise<void> } | undefined;
  const failures: string[] = [];
  const throwFailures = (): void => {
    const [first] = failures;
    const { length } = failures.splice(0);
    if (first === undefined) return;
    const batches = length === 1 ? "1 batch of spans was" : `${length} batches of spans were`;
    throw new Error(`${batches} not sent: ${first}`);
  };
  return {
    name: "opentelemetry",
    destination: url,
    observe: (activity) => tracing?.tracer.observe(activity) ?? (() => undefined),
    handle: async (event) => {
      if (event.kind === "start") {
        tracing = await startTracing(event.run, detail, createSpanExporter, (message) =>
          failures.push(message),
        );
      }
      if (event.kind === "end") {
        tracing?.tracer.endAll();
        await tracing?.close().catch((cause: Error) => {
          // The SDK also rejects for a failed batch that was already reported.
          if (failures.length === 0) failures.push(cause.message);
        });
      }
      throwFailures();
    },
    close: async () => undefined,
  };
}

/** Loads the SDK and starts a tracer. @throws `Error` with one line if a package is missing. */
async function startTracing(
  run: ExportedRun,
  detail: "episodes" | "calls",
  createSpanExporter: CreateSpanExporter,
  onFailure: (message: string) => void,
): Promise<{ readonly tracer: RunTracer; readonly close: () => Promise<void> }> {
  try {
    const api = await import("@opentelemetry/api");
    const { BasicTracerProvider, BatchSpanProcessor } =
      await import("@opentelemetry/sdk-trace-base");
    const { resourceFromAttributes } = await import("@opentelemetry/resources");
    const exporter = reportFailures(await createSpanExporter(), onFailure);
    const provider = new BasicTracerProvider({
      resource: resourceFromAttributes({
        "service.name": "turnwise",
        "turnwise.run": run.name,
        "turnwise.experiment": String(run.config["experiment"]),
        "turnwise.seed": Number(run.config["seed"]),
      }),
      spanProcessors: [new BatchSpanProcessor(exporter, { maxQueueSize })],
    });
    return {
      tracer: traceRun(provider.getTracer("turnwise"), api, detail),
      close: () => provider.shutdown(),
    };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new Error(`OpenTelemetry's SDK must be installed: npm install ${packages.join(" ")}`, {
      cause,
    });
  }
}

/** Wraps a span exporter, so that batches that could not be sent are reported. */
function reportFailures(inner: SpanExporter, onFailure: (message: string) => void): SpanExporter {
  return {
    export: (spans: ReadableSpan[], onResult) =>
      inner.export(spans, (result) => {
        // A failed batch has an error. The result codes are in another package, which is not
        // imported here.
        if (result.error !== undefined) onFailure(result.error.message);
        onResult(result);
      }),
    shutdown: () => inner.shutdown(),
    ...(inner.forceFlush && { forceFlush: () => inner.forceFlush!() }),
  };
}
