import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SettingsOf } from "./export-schema.ts";
import { createMlflowExporter } from "./mlflow-exporter.ts";
import type { MlflowBatch } from "./mlflow-client.ts";
import type { RunEvent } from "./run-exporter.ts";

/** Tracking server with the parts of the REST API that the exporter uses. */
class TrackingServer {
  readonly experiments = new Map<string, string>();
  readonly runs = new Map<string, { name: string; status: string; batches: MlflowBatch[] }>();
  readonly authorizations = new Set<string | undefined>();
  isBroken = false;
  #server: Server | undefined;

  async start(): Promise<string> {
    this.#server = createServer((request, response) => {
      let text = "";
      request.on("data", (part: Buffer) => (text += String(part)));
      request.on("end", () => {
        this.authorizations.add(request.headers.authorization);
        const url = new URL(request.url!, "http://server");
        const body = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
        const [status, answer] = this.isBroken
          ? [503, { error_code: "TEMPORARILY_UNAVAILABLE" }]
          : this.#answer(`${request.method} ${url.pathname}`, url.searchParams, body);
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => this.#server!.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  #answer(
    call: string,
    query: URLSearchParams,
    body: Readonly<Record<string, unknown>>,
  ): [number, object] {
    const missing: [number, object] = [404, { error_code: "RESOURCE_DOES_NOT_EXIST" }];
    const run = this.runs.get(String(body["run_id"]));
    const prefix = "/api/2.0/mlflow";
    if (call === `GET ${prefix}/experiments/get-by-name`) {
      const id = this.experiments.get(query.get("experiment_name")!);
      return id === undefined ? missing : [200, { experiment: { experiment_id: id } }];
    }
    if (call === `POST ${prefix}/experiments/create`) {
      this.experiments.set(String(body["name"]), "7");
      return [200, { experiment_id: "7" }];
    }
    if (call === `POST ${prefix}/runs/create`) {
      if (body["experiment_id"] !== "7") return missing;
      const id = `run-${this.runs.size}`;
      this.runs.set(id, { name: String(body["run_name"]), status: "RUNNING", batches: [] });
      return [200, { run: { info: { run_id: id } } }];
    }
    if (run === undefined) return missing;
    if (call === `POST ${prefix}/runs/log-batch`) {
      const { metrics = [], params = [] } = body as MlflowBatch;
      const names = [...metrics, ...params].map(({ key }) => key);
      const isAllowed = names.every((name) => /^[\w\-. /]+$/u.test(name));
      if (metrics.length > 1000 || params.length > 100 || !isAllowed) return [400, {}];
      run.batches.push({ metrics, params });
      return [200, {}];
    }
    if (call === `POST ${prefix}/runs/update`) {
      run.status = String(body["status"]);
      return [200, {}];
    }
    return missing;
  }
}

let server: TrackingServer;
let folder: string;
let settings: SettingsOf<"mlflow">;
beforeEach(async () => {
  server = new TrackingServer();
  folder = await mkdtemp(join(tmpdir(), "turnwise-mlflow-"));
  const url = await server.start();
  settings = { kind: "mlflow", url, experiment: "turnwise", tokenVariable: null };
});
afterEach(async () => {
  server.close();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const many = Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`setting${i}`, i]));
const start: RunEvent = {
  kind: "start",
  run: {
    name: "a-run",
    config: { seed: 1, training: { iterations: 2, ...many }, exports: [] },
    startedAt: Date.parse("2026-01-01T00:00:00.000Z"),
  },
};
const iteration = (number: number): RunEvent => ({
  kind: "metrics",
  line: { stage: "iteration", warmStartEpoch: 0, iteration: number, success: number / 4 },
  timings: undefined,
  segment: undefined,
  at: 1000 * number,
});
const evaluation: RunEvent = {
  kind: "metrics",
  line: { stage: "evaluation", warmStartEpoch: 0, iteration: 2, byKind: { "a:b": 1 } },
  timings: undefined,
  segment: undefined,
  at: 9000,
};
const open = () => createMlflowExporter(settings, join(folder, "mlflow.json"));
const metricsOf = (id: string) =>
  server.runs.get(id)!.batches.flatMap(({ metrics = [] }) => metrics);

describe("createMlflowExporter", () => {
  it("logs settings, metrics and the end of a run", async () => {
    const exporter = open();
    const end: RunEvent = { kind: "end", state: "finished" };
    for (const event of [start, iteration(1), iteration(2), evaluation, end]) {
      await exporter.handle(event);
    }
    expect([...server.experiments.keys()]).toEqual(["turnwise"]);
    const { name, status, batches } = server.runs.get("run-0")!;
    expect([name, status]).toEqual(["a-run", "FINISHED"]);
    const params = new Map(
      batches.flatMap(({ params: own = [] }) => own).map((p) => [p.key, p.value]),
    );
    expect(params.size).toBe(153);
    expect(params.get("training.iterations")).toBe("2");
    expect(params.get("exports")).toBe("[]");
    expect(metricsOf("run-0")).toEqual([
      { key: "iteration/success", value: 0.25, timestamp: 1000, step: 1 },
      { key: "iteration/success", value: 0.5, timestamp: 2000, step: 2 },
      { key: "evaluation/byKind/a_b", value: 1, timestamp: 9000, step: 2 },
    ]);
  });

  it("sends again what a broken server did not take", async () => {
    const exporter = open();
    server.isBroken = true;
    await expect(exporter.handle(start)).rejects.toThrow(/get-by-name: status 503/u);
    await expect(exporter.handle(iteration(1))).rejects.toThrow(/status 503/u);
    server.isBroken = false;
    await exporter.handle(iteration(2));
    expect(metricsOf("run-0").map(({ step }) => step)).toEqual([1, 2]);
  });

  it("continues its run after a resume, without repeating lines", async () => {
    const first = open();
    for (const event of [start, iteration(1), { kind: "end", state: "stopped" } as const]) {
      await first.handle(event);
    }
    expect(server.runs.get("run-0")!.status).toBe("FAILED");
    const second = open();
    for (const event of [start, iteration(1), iteration(2)]) await second.handle(event);
    expect(server.runs.size).toBe(1);
    expect(metricsOf("run-0").map(({ step }) => step)).toEqual([1, 2]);
  });

  it("sends the token of its variable, and names the variable that is not set", async () => {
    settings = { ...settings, tokenVariable: "A_TRACKING_TOKEN" };
    await expect(open().handle(start)).rejects.toThrow(
      "tokenVariable: environment variable A_TRACKING_TOKEN must be set, got none",
    );
    vi.stubEnv("A_TRACKING_TOKEN", "secret");
    await open().handle(start);
    expect([...server.authorizations]).toEqual(["Bearer secret"]);
  });

  it("says that a server is not there", async () => {
    server.close();
    await expect(open().handle(start)).rejects.toThrow(/get-by-name: .*ECONNREFUSED/u);
  });
});
