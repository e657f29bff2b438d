import type { SessionEvent } from "./session-records.ts";

/** Upper bounds of the histogram of call times, seconds. */
const bounds = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60];

interface Histogram {
  /** Number of calls in each bin, not cumulative; the last bin is for longer calls. */
  readonly counts: number[];
  sum: number;
}

/** Values at the time of a report. */
export interface Gauges {
  readonly sessions: number;
  readonly capacity: number;
  readonly episodes: number;
  readonly residentBytes: number;
}

/** Counts events of sessions, and reports the counts in the text format of Prometheus. */
export class Metrics {
  readonly #counters = new Map<string, number>();
  readonly #histograms = new Map<string, Histogram>();

  /** Counts an event. */
  count(event: SessionEvent): void {
    const environment = event.environment;
    switch (event.event) {
      case "session opened":
        return this.#add("turnwise_sessions_opened_total", { environment });
      case "session closed":
        return this.#add("turnwise_sessions_closed_total", { environment, reason: event.reason });
      case "episode started":
        return this.#observe("turnwise_reset_seconds", { environment }, event.seconds);
      case "turn":
        return this.#observe("turnwise_step_seconds", { environment }, event.seconds);
      case "episode ended":
        return this.#add("turnwise_episodes_total", {
          environment,
          outcome: event.isSuccess ? "success" : event.outcome,
        });
      case "call refused":
        return this.#add("turnwise_refused_calls_total", { environment, code: event.code });
    }
  }

  /** Writes a report. */
  write({ sessions, capacity, episodes, residentBytes }: Gauges): string {
    const lines = [
      `turnwise_sessions ${sessions}`,
      `turnwise_sessions_capacity ${capacity}`,
      `turnwise_episodes ${episodes}`,
      `process_resident_memory_bytes ${residentBytes}`,
    ].flatMap((line) => [`# TYPE ${line.split(" ")[0]} gauge`, line]);
    const typed = new Set<string>();
    const declare = (name: string, type: string): void => {
      if (!typed.has(name)) lines.push(`# TYPE ${name} ${type}`);
      typed.add(name);
    };
    for (const [series, value] of [...this.#counters].sort(([a], [b]) => (a < b ? -1 : 1))) {
      declare(series.split("{")[0]!, "counter");
      lines.push(`${series} ${value}`);
    }
    for (const [series, { counts, sum }] of this.#histograms) {
      const [name, labels = ""] = series.split(/[{}]/u);
      declare(name!, "histogram");
      let total = 0;
      for (const [i, count] of counts.entries()) {
        total += count;
        lines.push(`${name}_bucket{${labels},le="${bounds[i] ?? "+Inf"}"} ${total}`);
      }
      lines.push(`${name}_sum{${labels}} ${sum}`, `${name}_count{${labels}} ${total}`);
    }
    return `${lines.join("\n")}\n`;
  }

  #add(name: string, labels: Readonly<Record<string, string>>): void {
    const series = writeSeries(name, labels);
    this.#counters.set(series, (this.#counters.get(series) ?? 0) + 1);
  }

  #observe(name: string, labels: Readonly<Record<string, string>>, seconds: number): void {
    const series = writeSeries(name, labels);
    let histogram = this.#histograms.get(series);
    if (histogram === undefined) {
      histogram = { counts: Array.from({ length: bounds.length + 1 }, () => 0), sum: 0 };
      this.#histograms.set(series, histogram);
    }
    const found = bounds.findIndex((bound) => seconds <= bound);
    histogram.counts[found === -1 ? bounds.length : found]!++;
    histogram.sum += seconds;
  }
}

function writeSeries(name: string, labels: Readonly<Record<string, string>>): string {
  const list = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${name}{${list.join(",")}}`;
}
