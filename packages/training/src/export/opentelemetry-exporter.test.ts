import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { InMemorySpanExporter, type ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { recordVersion, type Trajectory } from "@turnwise/core";
import type { EpisodeActivity } from "@turnwise/envs";
import { describe, expect, it } from "vitest";
import { createOpentelemetryExporter } from "./opentelemetry-exporter.ts";
import type { RunEvent, RunExporter } from "./run-exporter.ts";

const start: RunEvent = {
  kind: "start",
  run: { name: "a-run", config: { experiment: "toy", seed: 3 }, startedAt: 0 },
};
const end: RunEvent = { kind: "end", state: "finished" };

const trajectory: Trajectory = {
  version: recordVersion,
  taskId: "wash",
  taskKind: "k",
  groupId: "iteration-1/group-0",
  trajectoryIndex: 2,
  presentation: "turn-wise",
  policyVersion: 0,
  firstObservation: "",
  turns: [
    {
      promptTokens: [1],
      responseTokens: [2, 3],
      samplerLogProbs: [-1, -1],
      action: "",
      isValidAction: true,
      observation: "",
      reward: 0.5,
    },
  ],
  outcome: { kind: "failed", error: { kind: "engine", message: "no engine" } },
};

/** Plays one episode of a group, with one response and one step, and reports it like a rollout. */
function playEpisode({ observe }: RunExporter, groupId: string): void {
  const activity = (kind: EpisodeActivity["kind"], name: string): EpisodeActivity => ({
    kind,
    name,
    taskId: "wash",
    groupId,
    trajectoryIndex: 2,
    turnIndex: 1,
  });
  const endEpisode = observe!(activity("episode", "episode"));
  observe!(activity("response", "respond"))();
  observe!(activity("environment", "step"))();
  endEpisode({ ...trajectory, groupId });
}

async function traceRun(detail: "episodes" | "calls"): Promise<ReadableSpan[]> {
  const spans: ReadableSpan[] = [];
  class KeepingExporter extends InMemorySpanExporter {
    // Keeps its spans at shutdown, unlike the SDK's in-memory exporter.
    override async shutdown(): Promise<void> {
      spans.push(...this.getFinishedSpans());
      await super.shutdown();
    }
  }
  const settings = { url: "http://127.0.0.1:4318/v1/traces", detail };
  const exporter = createOpentelemetryExporter(settings, async () => new KeepingExporter());
  await exporter.handle(start);
  playEpisode(exporter, "evaluation/held_out/greedy/0");
  for (const iteration of [1, 2]) {
    const endCollect = exporter.observe!({ kind: "phase", name: "collect", iteration });
    playEpisode(exporter, `iteration-${iteration}/group-0`);
    endCollect();
    exporter.observe!({ kind: "phase", name: "update", iteration })();
  }
  await exporter.handle(end);
  await exporter.close();
  return spans;
}

/** Spans as `parent > name`, by trace. */
function listPaths(spans: readonly ReadableSpan[]): string[][] {
  const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]));
  const pathOf = (span: ReadableSpan): string => {
    const parent = byId.get(span.parentSpanContext?.spanId ?? "");
    return parent === undefined ? span.name : `${pathOf(parent)} > ${span.name}`;
  };
  const traces = [...new Set(spans.map((span) => span.spanContext().traceId))];
  return traces.map((id) =>
    spans
      .filter((span) => span.spanContext().traceId === id)
      .map(pathOf)
      .sort(),
  );
}

describe("createOpentelemetryExporter", () => {
  it("makes a trace of each iteration and evaluation: phases, episodes, responses, calls", async () => {
    const iteration = (number: number): string[] => [
      `iteration ${number}`,
      `iteration ${number} > collect`,
      `iteration ${number} > collect > episode`,
      `iteration ${number} > collect > episode > environment step`,
      `iteration ${number} > collect > episode > respond`,
      `iteration ${number} > update`,
    ];
    const evaluation = "evaluation/held_out/greedy";
    expect(listPaths(await traceRun("calls"))).toEqual([
      [
        evaluation,
        `${evaluation} > episode`,
        `${evaluation} > episode > environment step`,
        `${evaluation} > episode > respond`,
      ],
      iteration(1),
      iteration(2),
    ]);
  });

  it("describes the episode, its failure and the run", async () => {
    const spans = await traceRun("episodes");
    expect(spans.map(({ name }) => name)).not.toContain("respond");
    const episode = spans.find(
      ({ attributes }) => attributes["turnwise.group"] === "iteration-1/group-0",
    )!;
    expect(episode.attributes).toEqual({
      "turnwise.task": "wash",
      "turnwise.group": "iteration-1/group-0",
      "turnwise.trajectory": 2,
      "turnwise.outcome": "failed:engine",
      "turnwise.return": 0.5,
      "turnwise.turns": 1,
      "turnwise.response_tokens": 2,
    });
    // Status code 2 is `SpanStatusCode.ERROR`.
    expect(episode.status).toEqual({ code: 2, message: "no engine" });
    expect(episode.resource.attributes).toMatchObject({
      "service.name": "turnwise",
      "turnwise.run": "a-run",
      "turnwise.seed": 3,
    });
  });

  it("sends spans by OTLP over HTTP, and says which were not taken", async () => {
    let status = 200;
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        bodies.push(`${request.method} ${request.url} ${String(Buffer.concat(parts))}`);
        response.writeHead(status, { "content-type": "application/json" });
        response.end("{}");
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
    const run = async (): Promise<void> => {
      const exporter = createOpentelemetryExporter({ url, detail: "calls" });
      await exporter.handle(start);
      playEpisode(exporter, "iteration-1/group-0");
      await exporter.handle(end);
    };
    await run();
    expect(bodies.join("\n")).toMatch(/^POST \/v1\/traces .*environment step/u);
    status = 400;
    await expect(run()).rejects.toThrow(/^1 batch of spans was not sent: /u);
    server.closeAllConnections();
    server.close();
  });

  it("observes nothing before it has begun", () => {
    const { observe } = createOpentelemetryExporter({ url: "http://x/", detail: "calls" });
    expect(() => observe!({ kind: "phase", name: "score", iteration: 1 })()).not.toThrow();
  });
});
