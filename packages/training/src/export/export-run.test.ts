import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createFolderSource } from "../reader/folder-source.ts";
import { readMetrics } from "../reader/read-run.ts";
import { readEpisodes, readTrajectory } from "../reader/read-trajectories.ts";
import { generateRun } from "../testing/generate-run.ts";
import type { ChatRecord } from "./chat-record.ts";
import { exportRun } from "./export-run.ts";
import { followRun } from "./follow-run.ts";
import { startExport, describeExport } from "./run-export.ts";
import type { RunEvent, RunExporter } from "./run-exporter.ts";
import { decodeMessage, readRecords } from "./testing/read-event-file.ts";

let folder: string;
let run: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "turnwise-export-"));
  run = join(folder, "a-run");
  await generateRun(run, { seed: 1, isModulated: true, iterations: 3, groups: 2 });
});
afterAll(() => rm(folder, { recursive: true }));

const fail = (message: string): void => {
  throw new Error(message);
};

describe("exportRun to jsonl", () => {
  it("writes each trajectory as a conversation, one a line", async () => {
    const report = await exportRun(run, { kind: "jsonl", folder: join(folder, "chat") }, fail);
    const destination = join(folder, "chat", "a-run");
    expect(report).toMatchObject({ name: "jsonl", destination, numFailed: 0 });
    expect((await readdir(destination)).sort()).toEqual([
      "evaluation-after-held_out-sampled.jsonl",
      "evaluation-before-held_out-sampled.jsonl",
      "iteration-0001.jsonl",
      "iteration-0002.jsonl",
      "iteration-0003.jsonl",
    ]);
    const text = await readFile(join(destination, "iteration-0002.jsonl"), "utf8");
    const lines = text.trimEnd().split("\n");
    expect(lines).toHaveLength(8);
    const source = createFolderSource(run);
    const episodes = await readEpisodes(source, "iteration-0002");
    for (const [row, line] of lines.entries()) {
      const chat = JSON.parse(line) as ChatRecord;
      const recorded = await readTrajectory(source, episodes, row);
      expect(chat.episode_id).toBe(`${recorded.groupId}/${recorded.trajectoryIndex}`);
      expect(chat.reward).toBe(recorded.turns.reduce((sum, { reward }) => sum + reward, 0));
      expect(chat.done).toBe(recorded.outcome.kind === "terminated");
      expect(chat.task.id).toBe(recorded.taskId);
      const roles = chat.messages.map(({ role }) => role);
      expect(roles).toEqual([...recorded.turns.flatMap(() => ["user", "assistant"]), "user"]);
      expect(chat.messages[0]!.content).toBe(recorded.firstObservation);
      // The generated run has a tokenizer, so responses are decoded, without the end token.
      expect(chat.messages[1]!.content).toBe(recorded.turns[0]!.action);
      expect(chat.messages[2]!.content).toBe(recorded.turns[0]!.observation);
      expect(chat.metadata).toMatchObject({ run: "a-run", seed: 1, segment: "iteration-0002" });
      expect(chat.metadata["turns"]).toMatchObject(
        recorded.turns.map(({ credit }) => ({ coefficient: credit!.coefficient })),
      );
    }
  });

  it("leaves complete files alone, and writes into the run folder by default", async () => {
    await exportRun(run, { kind: "jsonl", folder: null }, fail);
    const path = join(run, "exports", "jsonl", "iteration-0001.jsonl");
    await writeFile(path, "mine\n");
    await exportRun(run, { kind: "jsonl", folder: null }, fail);
    expect(await readFile(path, "utf8")).toBe("mine\n");
  });
});

describe("exportRun to tensorboard", () => {
  const exportEvents = async (): Promise<string> => {
    const report = await exportRun(run, { kind: "tensorboard", folder: join(folder, "tb") }, fail);
    expect(report.numFailed).toBe(0);
    const [name, ...others] = await readdir(report.destination);
    expect(others).toEqual([]);
    expect(name).toMatch(/tfevents/u);
    return join(report.destination, name!);
  };

  it("writes every metric as a scalar, histograms, and a trajectory as text", async () => {
    const events = readRecords(await readFile(await exportEvents())).map(decodeMessage);
    expect(events[0]!.text(3)).toBe("brain.Event:2");
    const values = events.slice(1).flatMap((event) =>
      event
        .message(5)
        .messages(1)
        .map((value) => ({ step: event.number(2), tag: value.text(1), value })),
    );
    const lines = await readMetrics(createFolderSource(run));
    for (const line of lines.filter(({ stage }) => stage === "iteration")) {
      const ofStep = values.filter(
        ({ step, tag }) => step === line.iteration && tag.startsWith("iteration/"),
      );
      const find = (tag: string) => ofStep.filter((value) => value.tag === `iteration/${tag}`);
      for (const [name, number] of Object.entries(line)) {
        if (typeof number !== "number" || ["iteration", "warmStartEpoch"].includes(name)) continue;
        expect(find(name).map(({ value }) => value.float(2))).toEqual([Math.fround(number)]);
      }
      expect(find("seconds/collect")).toHaveLength(1);
      for (const name of ["return", "turns", "coefficient", "advantage", "entropy"]) {
        expect(find(`histogram/${name}`)[0]!.value.message(5).double(3)).toBeGreaterThan(0);
      }
      const [text] = find("trajectory");
      expect(text!.value.message(9).message(1).text(1)).toBe("text");
      expect(text!.value.message(8).text(8)).toMatch(/\*\*user\*\*[^]*heat some cup/u);
    }
    const evaluations = values.filter(({ tag }) => tag === "evaluation/held_out/sampled/success");
    expect(evaluations.map(({ step }) => step)).toEqual([0, 3]);
  });

  it("writes equal files for equal runs, and replaces its own", async () => {
    const path = await exportEvents();
    const before = await readFile(path);
    expect(await readFile(await exportEvents())).toEqual(before);
  });

  const hasTensorboard =
    spawnSync("python3", ["-c", "import tensorboard"], { stdio: "ignore" }).status === 0;
  it.skipIf(!hasTensorboard)("is read by TensorBoard (skipped where Python lacks it)", async () => {
    const program = `
import sys, json
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "histograms": 0, "tensors": 0})
events.Reload()
print(json.dumps({"scalars": {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]},
  "histograms": events.Tags()["histograms"], "tensors": events.Tags()["tensors"]}))`;
    const found = spawnSync("python3", ["-c", program, await exportEvents()], { encoding: "utf8" });
    const read = JSON.parse(found.stdout) as {
      readonly scalars: Readonly<Record<string, [number, number][]>>;
      readonly histograms: readonly string[];
      readonly tensors: readonly string[];
    };
    const lines = await readMetrics(createFolderSource(run));
    const expected = lines
      .filter(({ stage }) => stage === "iteration")
      .map((line) => [line.iteration, Math.fround(Number(line["success"]))]);
    expect(read.scalars["iteration/success"]).toEqual(expected);
    expect(read.histograms).toContain("iteration/histogram/coefficient");
    expect(read.tensors).toContain("iteration/trajectory");
  });
});

/** An exporter that stores the events it receives. */
function createProbe(handle: (event: RunEvent) => Promise<void> = async () => undefined) {
  const events: RunEvent[] = [];
  const exporter: RunExporter = {
    name: "probe",
    destination: "memory",
    handle: async (event) => {
      events.push(event);
      await handle(event);
    },
    close: async () => undefined,
  };
  return { exporter, events };
}

describe("startExport", () => {
  it("gives every exporter the same events, whatever another one does", async () => {
    const whole = createProbe();
    const broken = createProbe(() => Promise.reject(new Error("disk\nfull")));
    const warnings: string[] = [];
    const exporting = startExport(followRun(run), [broken.exporter, whole.exporter], (message) =>
      warnings.push(message),
    );
    exporting.advance();
    exporting.advance();
    const [first, second] = await exporting.finish("finished", 60);
    expect(whole.events.map(({ kind }) => kind)).toEqual(broken.events.map(({ kind }) => kind));
    const kinds = whole.events.map(({ kind }) => kind).filter((kind) => kind !== "advisory");
    expect(kinds).toEqual(["start", ...Array<string>(5).fill("metrics"), "end"]);
    expect(second).toMatchObject({ numFailed: 0 });
    expect(first).toMatchObject({ numFailed: whole.events.length, lastFailure: "disk full" });
    expect(describeExport(first!)).toMatch(/ events to memory, \d+ failed \(last: disk full\)$/u);
    expect(warnings).toEqual(["export probe (memory): disk full"]);
  });

  it("counts a damaged run as a failure of each target, and does not reject", async () => {
    const probe = createProbe();
    const exporting = startExport(followRun(join(folder, "no-run")), [probe.exporter], () => {});
    const [report] = await exporting.finish("finished", 60);
    expect(report!.numFailed).toBe(1);
    expect(report!.lastFailure).toMatch(/config\.json: no such file/u);
  });

  it("ends although a target never answers", async () => {
    const stuck = createProbe(() => new Promise(() => undefined));
    const exporting = startExport(followRun(run), [stuck.exporter], () => undefined);
    const [report] = await exporting.finish("stopped", 0.01);
    expect(report!.lastFailure).toBe("not finished 0.01 s after the end of the run");
  });

  it("keeps the exceptions of an observer from the episode", () => {
    const { exporter } = createProbe();
    const observe = (): never => fail("no tracer") as never;
    const exporting = startExport(followRun(run), [{ ...exporter, observe }], fail);
    const end = exporting.observe({ kind: "phase", name: "score", iteration: 1 });
    expect(() => end()).not.toThrow();
  });

  it("estimates times of a finished run from its start and durations", async () => {
    const probe = createProbe();
    await startExport(followRun(run), [probe.exporter], fail).finish("finished", 60);
    const times = probe.events.flatMap((event) => (event.kind === "metrics" ? [event.at] : []));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(3 * 14_000);
  });
});
