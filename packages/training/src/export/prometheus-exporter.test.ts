import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { createPrometheusExporter } from "./prometheus-exporter.ts";
import { createMetricTable } from "./prometheus-text.ts";
import type { RunEvent } from "./run-exporter.ts";

const run = { name: 'a "run"\\', config: { training: { iterations: 9 } }, startedAt: 0 };
const line = {
  stage: "iteration",
  warmStartEpoch: 1,
  iteration: 3,
  success: 0.25,
  oldNewKlK3: 1e-7,
};
const timings = { stage: "iteration", warmStartEpoch: 1, iteration: 3, seconds: { collect: 2.5 } };
const evaluation = {
  stage: "evaluation",
  warmStartEpoch: 1,
  iteration: 3,
  split: "held_out",
  mode: "greedy",
  success: 0.5,
  byKind: { "pick/two": 1 },
};
const events: RunEvent[] = [
  { kind: "start", run },
  { kind: "metrics", line, timings, segment: undefined, at: 0 },
  { kind: "metrics", line: evaluation, timings: undefined, segment: undefined, at: 0 },
];

/** Expected text for these events, written by hand from the definition of the format. */
const label = 'run="a \\"run\\"\\\\"';
const expected = `# TYPE turnwise_iterations_planned gauge
turnwise_iterations_planned{${label}} 9
# TYPE turnwise_success gauge
turnwise_success{${label},stage="iteration"} 0.25
turnwise_success{${label},stage="evaluation",split="held_out",mode="greedy"} 0.5
# TYPE turnwise_old_new_kl_k3 gauge
turnwise_old_new_kl_k3{${label},stage="iteration"} 1e-7
# TYPE turnwise_seconds gauge
turnwise_seconds{${label},stage="iteration",part="collect"} 2.5
# TYPE turnwise_iterations gauge
turnwise_iterations{${label}} 3
# TYPE turnwise_by_kind gauge
turnwise_by_kind{${label},stage="evaluation",split="held_out",mode="greedy",part="pick/two"} 1
`;

describe("createPrometheusExporter", () => {
  it("serves the newest values in the text format, on this machine, until it is closed", async () => {
    const exporter = createPrometheusExporter({ kind: "prometheus", port: 0 });
    for (const event of events) await exporter.handle(event);
    expect(exporter.destination).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/u);
    const response = await fetch(exporter.destination);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await response.text()).toBe(expected);
    const newer = { ...line, iteration: 4, success: 0.75 };
    await exporter.handle({ kind: "metrics", line: newer, timings, segment: undefined, at: 0 });
    const text = await (await fetch(exporter.destination)).text();
    expect(text).toContain(`turnwise_success{${label},stage="iteration"} 0.75\n`);
    expect(text).not.toContain(" 0.25\n");

    expect((await fetch(exporter.destination, { method: "POST" })).status).toBe(405);
    expect((await fetch(new URL("/", exporter.destination))).status).toBe(404);
    const foreign = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { host: "example.com" };
      request(exporter.destination, { headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .on("error", reject)
        .end();
    });
    expect(foreign).toBe(403);
    await exporter.close();
    await expect(fetch(exporter.destination)).rejects.toThrow(/fetch failed/u);
  });

  it("rejects if its port is taken, and the later events do no harm", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const exporter = createPrometheusExporter({ kind: "prometheus", port });
    await expect(exporter.handle(events[0]!)).rejects.toThrow(/EADDRINUSE/u);
    await exporter.handle(events[1]!);
    await exporter.close();
    other.close();
  });
});

describe("createMetricTable", () => {
  it("escapes backslashes, quotes and line feeds in labels, and nothing else", () => {
    const table = createMetricTable({ name: "r", config: {}, startedAt: 0 });
    table.set("advisory", 1, { name: 'a\\b"c\nd{}' });
    expect(table.write()).toBe(
      '# TYPE turnwise_advisory gauge\nturnwise_advisory{run="r",name="a\\\\b\\"c\\nd{}"} 1\n',
    );
  });
});
