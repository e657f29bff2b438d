import { join } from "node:path";
import { InputError, openDecoder, readInput } from "@turnwise/training";
import {
  listSegments,
  readEpisodes,
  readIndexRow,
  readMetrics,
  readSavedEvaluation,
  readTrajectory,
  type IndexRow,
  type RunSource,
  type SegmentEpisodes,
} from "@turnwise/training/reader";
import { createFolderSource } from "@turnwise/training/reader/node";
import { Command, Option } from "commander";
import { describeGroup } from "../show/describe-group.ts";
import { describeSavedEvaluation, describeRun } from "../show/describe-run.ts";
import { describeSegment } from "../show/describe-segment.ts";
import { describeTrajectory } from "../show/describe-trajectory.ts";
import { parseCount, parseWholeNumber } from "./arguments.ts";

interface ShowOptions {
  readonly iteration?: number;
  readonly evaluation?: string;
  readonly group?: number;
  readonly trajectory?: number;
  readonly full?: boolean;
  readonly json?: boolean;
}

/** `turnwise show`: prints a run, its groups and its trajectories. */
export function buildShowCommand(): Command {
  return new Command("show")
    .description("print a run or an evaluation: its results, a group, a trajectory turn by turn")
    .argument("<run>", "folder of a run or of an evaluation")
    .addOption(new Option("--iteration <number>", "iteration to print").argParser(parseCount))
    .addOption(
      new Option(
        "--evaluation <name>",
        "evaluation of a run to print: before, after, during-10-SPLIT ...",
      ).conflicts("iteration"),
    )
    .addOption(
      new Option("--group <number>", "index of the group to print, from 0").argParser(
        parseWholeNumber,
      ),
    )
    .addOption(
      new Option(
        "--trajectory <number>",
        "index of the trajectory to print, in the group, from 0",
      ).argParser(parseWholeNumber),
    )
    .option("--full", "print prompts and observations in full")
    .option("--json", "print JSON instead of text")
    .action(async (run: string, options: ShowOptions) => {
      const lines = await readInput(() => show(run, options));
      process.stdout.write(`${lines.join("\n")}\n`);
    });
}

async function show(path: string, options: ShowOptions): Promise<string[]> {
  const { iteration, evaluation, group, trajectory } = options;
  if (trajectory !== undefined && group === undefined) {
    throw new InputError("show: --trajectory needs --group");
  }
  const source = createFolderSource(path);
  const isSaved = (await source.read("evaluation.json")) !== undefined;
  const hasPlace = iteration !== undefined || evaluation !== undefined || group !== undefined;
  if (!hasPlace) return isSaved ? showSaved(source, options) : describeRun(source, options);
  const episodes = isSaved
    ? (await readSavedEvaluation(source)).episodes
    : await readEpisodes(source, await findSegment(source, options));
  const rows = Array.from({ length: episodes.index.numRows }, (_, row) =>
    readIndexRow(episodes.index, row),
  );
  if (group === undefined) return describeSegment(episodes.name, rows, options);
  return showGroup(source, path, episodes, rows, { ...options, group });
}

async function showSaved(source: RunSource, options: ShowOptions): Promise<string[]> {
  return describeSavedEvaluation(source.name, await readSavedEvaluation(source), options);
}

/**
 * Returns the name of the segment (iteration or evaluation) that the options choose; the last
 * iteration by default.
 */
async function findSegment(
  source: RunSource,
  { iteration, evaluation }: ShowOptions,
): Promise<string> {
  const names = listSegments(await readMetrics(source)).map(({ name }) => name);
  const iterations = names.filter((name) => name.startsWith("iteration-"));
  if (evaluation !== undefined) {
    const wanted = `evaluation-${evaluation.replace(/^evaluation-/u, "")}`;
    const matches = names.filter((name) => name === wanted || name.startsWith(`${wanted}-`));
    if (matches.length === 1) return matches[0]!;
    const choices =
      matches.length === 0 ? names.filter((name) => name.startsWith("evaluation-")) : matches;
    if (choices.length === 0) {
      throw new InputError(
        `${source.name}: the run has no evaluation, got --evaluation ${evaluation}`,
      );
    }
    throw new InputError(
      `${source.name}: --evaluation must be one of ${choices.map((name) => name.slice("evaluation-".length)).join(", ")}, got ${evaluation}`,
    );
  }
  const name =
    iteration === undefined
      ? iterations.at(-1)
      : iterations.find((one) => Number(one.slice("iteration-".length)) === iteration);
  if (name !== undefined) return name;
  const last = Number(iterations.at(-1)?.slice("iteration-".length) ?? 0);
  throw new InputError(
    `${source.name}: --iteration must be in [1, ${last}], the iterations so far, got ${iteration ?? "none"}`,
  );
}

async function showGroup(
  source: RunSource,
  path: string,
  episodes: SegmentEpisodes,
  all: readonly IndexRow[],
  options: ShowOptions & { readonly group: number },
): Promise<string[]> {
  const { group, trajectory } = options;
  const members = all.flatMap((row, index) => (row.group === group ? [{ row, index }] : []));
  if (members.length === 0) {
    const numGroups = new Set(all.map((row) => row.group)).size;
    throw new InputError(
      `${source.name}: --group must be an integer in [0, ${numGroups}) of ${episodes.name}, got ${group}`,
    );
  }
  const chosen =
    trajectory === undefined ? members : members.filter(({ row }) => row.trajectory === trajectory);
  if (chosen.length === 0) {
    throw new InputError(
      `${source.name}: --trajectory must be an integer in [0, ${members.length}) of group ${group}, got ${trajectory}`,
    );
  }
  const records = await Promise.all(
    chosen.map(({ index }) => readTrajectory(source, episodes, index)),
  );
  if (chosen.length > 1) {
    return describeGroup(
      episodes.name,
      chosen.map(({ row }) => row),
      records,
      options,
    );
  }
  const decode = await openDecoder(source, (name) => join(path, name));
  const place = { segment: episodes.name, row: chosen[0]!.row, numSiblings: members.length };
  return describeTrajectory(records[0]!, place, decode, options);
}
