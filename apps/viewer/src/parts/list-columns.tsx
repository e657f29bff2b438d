import type { JSX } from "preact";
import type { SortOrder } from "../data/filter-table.ts";
import type { ViewedRun } from "../data/load-runs.ts";
import { textAt, type TrajectoryTable } from "../data/trajectory-table.ts";
import { visibleLine } from "../data/visible-text.ts";
import { fixed, shortSegmentTitle, words } from "../format.ts";
import { runs } from "../state.ts";
import { Outcome } from "./outcome.tsx";

/** Column of the list of trajectories. */
export interface ListColumn {
  readonly name: SortOrder["column"];
  readonly label: string;
  readonly title?: string;
  /** Width of the column, as a CSS grid track size. */
  readonly width: string;
  readonly isNumber: boolean;
  readonly isShown: (runs: readonly ViewedRun[]) => boolean;
  readonly render: (table: TrajectoryTable, index: number) => JSX.Element | string;
}

const always = (): boolean => true;

function numberColumn(
  name: Exclude<SortOrder["column"], "run" | "task" | "kind" | "outcome" | "status">,
  label: string,
  decimals: number,
  title: string,
): ListColumn {
  return {
    name,
    label,
    title,
    width: name.startsWith("coefficient") || name === "advantage" ? "70px" : "58px",
    isNumber: true,
    isShown: always,
    render: ({ numbers }, index) => fixed(numbers[name][index], decimals),
  };
}

/** Columns of the list, in their order. */
export const listColumns: readonly ListColumn[] = [
  {
    name: "run",
    label: "run",
    width: "minmax(90px, 1.2fr)",
    isNumber: false,
    isShown: (shown) => shown.length > 1,
    render: ({ run }, index) => runs.value[run[index]!]?.name ?? "",
  },
  {
    name: "iteration",
    label: "stage",
    title: "iteration or evaluation",
    width: "84px",
    isNumber: false,
    isShown: always,
    render: ({ run, segment }, index) =>
      shortSegmentTitle(runs.value[run[index]!]?.segments[segment[index]!]?.name ?? ""),
  },
  {
    name: "kind",
    label: "kind",
    width: "minmax(90px, 1.2fr)",
    isNumber: false,
    isShown: always,
    render: (table, index) => visibleLine(words(textAt(table, "kind", index))),
  },
  {
    name: "task",
    label: "task",
    width: "minmax(130px, 3fr)",
    isNumber: false,
    isShown: always,
    render: (table, index) => visibleLine(textAt(table, "task", index)),
  },
  {
    name: "outcome",
    label: "outcome",
    width: "124px",
    isNumber: false,
    isShown: always,
    render: (table, index) => <Outcome name={textAt(table, "outcome", index)} />,
  },
  numberColumn("return", "return", 2, "sum of the rewards, without penalties"),
  numberColumn("turns", "turns", 0, "number of turns"),
  numberColumn("tokens", "tokens", 0, "number of response tokens"),
  numberColumn("entropy", "entropy", 3, "mean entropy of the response tokens, nats"),
  numberColumn("advantage", "advantage", 2, "mean advantage of the trained tokens"),
  numberColumn("coefficientMin", "coef. min", 2, "smallest coefficient of its responses"),
  numberColumn("coefficientMax", "coef. max", 2, "largest coefficient of its responses"),
  {
    name: "status",
    label: "use",
    title: "trained, left out, filtered or evaluated",
    width: "62px",
    isNumber: false,
    isShown: always,
    render: (table, index) => textAt(table, "status", index),
  },
];
