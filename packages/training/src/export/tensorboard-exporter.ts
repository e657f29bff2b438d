import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeHeader, encodeSummary, type SummaryValue } from "./event-file.ts";
import {
  listScalars,
  nameLine,
  findStep,
  type ExportedSegment,
  type RunExporter,
} from "./run-exporter.ts";
import { toChatRecord } from "./chat-record.ts";
import type { ExportedRun } from "./run-exporter.ts";
import type { RecordedTrajectory } from "../records/recorded-trajectory.ts";

/**
 * Creates an exporter that writes a TensorBoard event file: metrics and times as scalars;
 * entropies, coefficients, advantages and returns as histograms; the trajectory with the largest
 * coefficient in each iteration as text. The file is written from the beginning, so a resumed run
 * replaces it.
 */
export function createTensorboardExporter(folder: string): RunExporter {
  let run: ExportedRun | undefined;
  let file = "";
  return {
    name: "tensorboard",
    destination: folder,
    handle: async (event) => {
      if (event.kind === "start") {
        run = event.run;
        const { startedAt: at } = run;
        await mkdir(folder, { recursive: true });
        // TensorBoard recognizes files by `tfevents` in their names.
        file = join(folder, `events.out.tfevents.${Math.floor(at / 1000)}.turnwise`);
        await writeFile(file, encodeHeader(at));
        const text = `\`\`\`json\n${JSON.stringify(run.config, null, 2)}\n\`\`\``;
        await appendFile(
          file,
          encodeSummary({ at, step: 0 }, [{ kind: "text", tag: "config", text }]),
        );
      }
      if (event.kind === "advisory") return;
      if (event.kind !== "metrics" || run === undefined) return;
      const { line, timings, segment, at } = event;
      const values: SummaryValue[] = listScalars(line, timings).map(([tag, value]) => ({
        kind: "scalar",
        tag,
        value,
      }));
      if (segment !== undefined)
        values.push(...(await summarizeSegment(segment, run, nameLine(line))));
      await appendFile(file, encodeSummary({ at, step: findStep(line) }, values));
    },
    close: async () => undefined,
  };
}

/** Histograms and text of the trajectories of a segment. */
async function summarizeSegment(
  segment: ExportedSegment,
  run: ExportedRun,
  prefix: string,
): Promise<SummaryValue[]> {
  const lists = { return: [], turns: [], coefficient: [], advantage: [], entropy: [] } as Record<
    string,
    number[]
  >;
  let shown: RecordedTrajectory | undefined;
  let largest = -Infinity;
  for await (const trajectory of segment.trajectories()) {
    const { turns } = trajectory;
    lists["return"]!.push(turns.reduce((total, { reward }) => total + reward, 0));
    lists["turns"]!.push(turns.length);
    shown ??= trajectory;
    for (const { credit } of turns) {
      if (credit === undefined) continue;
      lists["coefficient"]!.push(credit.coefficient);
      lists["entropy"]!.push(credit.meanTokenEntropy);
      const { advantage } = credit;
      if (typeof advantage === "number") lists["advantage"]!.push(advantage);
      else for (const value of advantage) lists["advantage"]!.push(value);
      if (credit.coefficient > largest) [largest, shown] = [credit.coefficient, trajectory];
    }
  }
  const histograms = Object.entries(lists).flatMap(([name, all]): SummaryValue[] => {
    const values = all.filter(Number.isFinite);
    return values.length === 0
      ? []
      : [{ kind: "histogram", tag: `${prefix}/histogram/${name}`, values }];
  });
  if (shown === undefined) return histograms;
  const { messages, task, reward } = toChatRecord(shown, run, segment.name, segment.decode);
  const text = [
    `**${task.id}**, return ${reward}`,
    ...messages.map(({ role, content }) => `**${role}**\n\n${indent(content)}`),
  ].join("\n\n");
  return [...histograms, { kind: "text", tag: `${prefix}/trajectory`, text }];
}

/** Formats text as a code block, so that it is not interpreted as Markdown. */
const indent = (text: string): string =>
  text
    .split("\n")
    .map((row) => `    ${row}`)
    .join("\n");
