import { mean } from "@turnwise/core";
import type { Arm } from "./arms.ts";
import type { Curve } from "./curves.ts";
import type { ViewedRun } from "./load-runs.ts";
import type { TrajectoryTable } from "./trajectory-table.ts";

/** A task and its results over all runs. */
export interface TaskSummary {
  /** Position of the task's id in the table of strings. */
  readonly task: number;
  readonly kind: number;
  readonly episodes: number;
  /** Number of segments, over all runs, in which the task was played. */
  readonly occasions: number;
  readonly solved: number;
}

/** All tasks of the table, the most often played first. */
export function listTasks(table: TrajectoryTable): TaskSummary[] {
  interface Counts {
    readonly kind: number;
    episodes: number;
    solved: number;
    occasions: number;
    lastOccasion: number;
  }
  const counts = new Map<number, Counts>();
  const { task, kind } = table.texts;
  for (let i = 0; i < table.length; i++) {
    const own = counts.get(task[i]!) ?? {
      kind: kind[i]!,
      episodes: 0,
      solved: 0,
      occasions: 0,
      lastOccasion: -1,
    };
    counts.set(task[i]!, own);
    own.episodes += 1;
    own.solved += table.numbers.success[i]!;
    // Rows of a segment are adjacent.
    const occasion = 0x1_0000 * table.run[i]! + table.segment[i]!;
    if (occasion !== own.lastOccasion) own.occasions += 1;
    own.lastOccasion = occasion;
  }
  return [...counts]
    .map(([task, { kind, episodes, solved, occasions }]) => ({
      task,
      kind,
      episodes,
      solved,
      occasions,
    }))
    .sort((a, b) => b.occasions - a.occasions || b.episodes - a.episodes || a.task - b.task);
}

/** One group of a task, in one run. */
export interface TaskOccasion {
  readonly run: ViewedRun;
  /** Position of the segment in the run, its name, and the group in it. */
  readonly segment: number;
  readonly name: string;
  readonly group: number;
  readonly iteration: number;
  readonly episodes: number;
  readonly solved: number;
  readonly meanReturn: number;
  readonly entropy: number;
  readonly turns: number;
  readonly coefficientMin: number;
  readonly coefficientMax: number;
}

/** Every group of a task, run by run, in the order of iterations. */
export function taskOccasions(
  table: TrajectoryTable,
  runs: readonly ViewedRun[],
  task: string,
): TaskOccasion[] {
  const position = table.strings.indexOf(task);
  const groups = new Map<string, number[]>();
  for (let i = 0; i < table.length; i++) {
    if (table.texts.task[i] !== position) continue;
    const key = `${table.run[i]}/${table.segment[i]}/${table.numbers.group[i]}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [i]);
    else known.push(i);
  }
  const { numbers } = table;
  return [...groups.values()]
    .flatMap((members): TaskOccasion[] => {
      const first = members[0]!;
      const run = runs[table.run[first]!];
      const segment = table.segment[first]!;
      const name = run?.segments[segment]?.name;
      if (run === undefined || name === undefined) return [];
      const values = (column: Float32Array): number[] =>
        members.map((i) => column[i]!).filter((value) => !Number.isNaN(value));
      const meanOf = (column: Float32Array): number => {
        const known = values(column);
        return known.length === 0 ? Number.NaN : mean(known);
      };
      const coefficients = values(numbers.coefficientMax);
      return [
        {
          run,
          segment,
          name,
          group: numbers.group[first]!,
          iteration: numbers.iteration[first]!,
          episodes: members.length,
          solved: members.filter((i) => numbers.success[i] === 1).length,
          meanReturn: meanOf(numbers.return),
          entropy: meanOf(numbers.entropy),
          turns: meanOf(numbers.turns),
          coefficientMin:
            coefficients.length === 0 ? Number.NaN : Math.min(...values(numbers.coefficientMin)),
          coefficientMax: coefficients.length === 0 ? Number.NaN : Math.max(...coefficients),
        },
      ];
    })
    .sort((a, b) => a.run.position - b.run.position || a.segment - b.segment);
}

/** Mean of a measure of a task over the runs of an arm, by iteration. */
export function taskCurve(
  occasions: readonly TaskOccasion[],
  arm: Arm,
  measure: (occasion: TaskOccasion) => number,
): Curve {
  const values = new Map<number, number[]>();
  for (const occasion of occasions) {
    if (!arm.runs.includes(occasion.run)) continue;
    const value = measure(occasion);
    if (Number.isNaN(value)) continue;
    const known = values.get(occasion.iteration);
    if (known === undefined) values.set(occasion.iteration, [value]);
    else known.push(value);
  }
  const x = [...values.keys()].sort((a, b) => a - b);
  return { x, y: x.map((iteration) => mean(values.get(iteration)!)) };
}
