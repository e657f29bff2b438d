import { listNumbers, type ExportedRun } from "./run-exporter.ts";
import type { RecordedMetrics } from "../reader/read-run.ts";

/** Labels of a sample. */
type Labels = Readonly<Record<string, string>>;

/** Latest values of a run's metrics. */
export interface MetricTable {
  /** Replaces the values of a line. */
  add(line: RecordedMetrics, timings: RecordedMetrics | undefined): void;
  /** Sets one value. `name` has no prefix. */
  set(name: string, value: number, labels?: Labels): void;
  /** Writes all values in Prometheus' text format. */
  write(): string;
}

/**
 * Creates the metrics of a run: gauges named `turnwise_NAME`, with the labels run, stage, split,
 * mode and part.
 */
export function createMetricTable(run: ExportedRun): MetricTable {
  const samples = new Map<string, Map<string, number>>();
  const set = (name: string, value: number, labels: Labels = {}): void => {
    const full = formatName(name);
    const own = samples.get(full) ?? new Map<string, number>();
    samples.set(full, own.set(formatLabels({ run: run.name, ...labels }), value));
  };
  return {
    set,
    add: (line, timings) => {
      const { stage, split, mode } = line;
      const place = Object.entries({ stage, split, mode }).flatMap(([name, value]) =>
        typeof value === "string" ? [[name, value] as const] : [],
      );
      for (const [path, value] of listNumbers(line, timings)) {
        const [name, ...parts] = path.split("/");
        const part = parts.length === 0 ? [] : [["part", parts.join("/")] as const];
        set(name!, value, Object.fromEntries([...place, ...part]));
      }
    },
    write: () =>
      [...samples]
        .map(([name, own]) => {
          const rows = [...own].map(([labels, value]) => `${name}{${labels}} ${value}\n`);
          return `# TYPE ${name} gauge\n${rows.join("")}`;
        })
        .join(""),
  };
}

/**
 * Converts a metric's name to Prometheus' characters (letters, digits, underscores): `oldNewKlK3`
 * becomes `turnwise_old_new_kl_k3`.
 */
function formatName(name: string): string {
  const snake = name.replaceAll(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`);
  return `turnwise_${snake.replaceAll(/[^a-z0-9_]/gu, "_")}`;
}

/** Formats labels; values are escaped as the format requires. */
function formatLabels(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => {
      const escaped = value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
      return `${name}="${escaped}"`;
    })
    .join(",");
}
