import { createServer } from "node:http";
import { listen, type ListeningServer } from "@turnwise/envs";
import type { SettingsOf } from "./export-schema.ts";
import { createMetricTable, type MetricTable } from "./prometheus-text.ts";
import type { RunExporter } from "./run-exporter.ts";

/**
 * Creates an exporter that serves the latest metrics at `/metrics` in Prometheus' text format until
 * the run ends. Only this machine can connect.
 */
export function createPrometheusExporter({ port }: SettingsOf<"prometheus">): RunExporter {
  let table: MetricTable | undefined;
  let server: ListeningServer | undefined;
  let address = `http://127.0.0.1:${port}/metrics`;
  return {
    name: "prometheus",
    get destination() {
      return address;
    },
    handle: async (event) => {
      if (event.kind === "start") {
        const own = createMetricTable(event.run);
        table = own;
        const training = event.run.config["training"] as
          | { readonly iterations?: unknown }
          | undefined;
        if (typeof training?.iterations === "number")
          own.set("iterationsPlanned", training.iterations);
        server = await serve(port, () => own.write());
        address = `${server.address}/metrics`;
      } else if (event.kind === "metrics") {
        table?.add(event.line, event.timings);
        if (event.line.stage === "iteration") table?.set("iterations", event.line.iteration);
      } else if (event.kind === "advisory") {
        table?.set("advisory", 1, { name: event.advisory.name });
      }
    },
    close: async () => {
      await server?.close();
    },
  };
}

/**
 * Serves a text. The server does not keep the process alive. @throws `Error` if the port is in use.
 */
async function serve(port: number, write: () => string): Promise<ListeningServer> {
  const server = createServer();
  const listening = await listen(server, "127.0.0.1", port);
  server.unref();
  server.on("request", ({ method, url, headers }, response) => {
    const end = (status: number, text: string): void => {
      response.writeHead(status, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
      response.end(method === "HEAD" ? undefined : text);
    };
    if (listening.hosts?.has(headers.host ?? "") !== true)
      end(403, "Host header must name this machine\n");
    else if (method !== "GET" && method !== "HEAD") end(405, "method must be GET\n");
    else if (url !== "/metrics") end(404, "path must be /metrics\n");
    else end(200, write());
  });
  return listening;
}
