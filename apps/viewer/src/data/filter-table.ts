import {
  numberColumns,
  textColumns,
  type NumberColumn,
  type TextColumn,
  type TrajectoryTable,
} from "./trajectory-table.ts";

/** Condition on a column, or a word that at least one text of the row must contain. */
export type Condition =
  | {
      readonly column: NumberColumn;
      readonly operator: "<" | "<=" | "=" | "!=" | ">=" | ">";
      readonly value: number;
    }
  | {
      readonly column: TextColumn | "run" | "stage" | "any";
      readonly text: string;
      readonly isNegated: boolean;
    };

/** Short names of columns in queries. */
const shortNames: Readonly<Record<string, NumberColumn>> = {
  coefficient: "coefficientMax",
  it: "iteration",
};

/**
 * Parses a query: words, `column:text`, `-column:text` and comparisons, all of which must hold.
 * Text with spaces must be in quotation marks.
 *
 * @throws `RangeError`, one line, for an unknown column or a value that is not a number.
 *
 * @example
 * parseQuery('heat outcome:failure entropy>0.5');
 */
export function parseQuery(query: string): Condition[] {
  const terms = query.match(/(?:[^\s"]|"[^"]*"?)+/gu) ?? [];
  return terms.map((term) => {
    const bare = term.replaceAll('"', "");
    const compared = /^([a-z]+)(<=|>=|!=|=|<|>)(.+)$/iu.exec(bare);
    if (compared !== null) return comparison(compared[1]!, compared[2]!, compared[3]!);
    const named = /^(-?)([a-z]+):(.+)$/iu.exec(bare);
    if (named !== null) {
      const column = named[2]!.toLowerCase();
      if (isTextColumn(column)) {
        return { column, text: named[3]!.toLowerCase(), isNegated: named[1] === "-" };
      }
    }
    return {
      column: "any",
      text: bare.replace(/^-/u, "").toLowerCase(),
      isNegated: bare.startsWith("-"),
    };
  });
}

const isTextColumn = (name: string): name is TextColumn | "run" | "stage" =>
  name === "run" || name === "stage" || (textColumns as readonly string[]).includes(name);

function comparison(name: string, operator: string, text: string): Condition {
  const column =
    shortNames[name] ?? numberColumns.find((known) => known.toLowerCase() === name.toLowerCase());
  if (column === undefined) {
    throw new RangeError(`query: column must be one of ${numberColumns.join(", ")}, got ${name}`);
  }
  const value = Number(text);
  if (Number.isNaN(value)) throw new RangeError(`query: ${name} must be a number, got ${text}`);
  return { column, operator, value } as Condition;
}

/** Names with which conditions on runs and stages are compared. */
export interface TableNames {
  /** Names of runs, by position. */
  readonly runs: readonly string[];
  /** `iteration` or `evaluation`, by position of the run and of the segment. */
  readonly stages: readonly (readonly string[])[];
}

/** Trajectories that meet all conditions, as positions in the table. */
export function filterTable(
  table: TrajectoryTable,
  conditions: readonly Condition[],
  names: TableNames,
): Uint32Array {
  const tests = conditions.map((condition) => testOf(table, condition, names));
  const kept = new Uint32Array(table.length);
  let length = 0;
  for (let i = 0; i < table.length; i++) {
    if (tests.every((test) => test(i))) kept[length++] = i;
  }
  return kept.subarray(0, length);
}

function testOf(
  table: TrajectoryTable,
  condition: Condition,
  names: TableNames,
): (index: number) => boolean {
  if ("operator" in condition) {
    const column = table.numbers[condition.column];
    const { value } = condition;
    // Columns have float32 precision. Round the value too, because 0.7 would otherwise equal no
    // entry.
    const near = Math.fround(value);
    switch (condition.operator) {
      case "<":
        return (i) => column[i]! < near;
      case "<=":
        return (i) => column[i]! <= near;
      case "=":
        return (i) => column[i] === near;
      case "!=":
        return (i) => column[i] !== near;
      case ">=":
        return (i) => column[i]! >= near;
      default:
        return (i) => column[i]! > near;
    }
  }
  const { column, text, isNegated } = condition;
  // Test each string once, not once per trajectory.
  const matches = table.strings.map((string) => string.toLowerCase().includes(text));
  const runs = names.runs.map((name) => name.toLowerCase().includes(text));
  const test = ((): ((i: number) => boolean) => {
    if (column === "run") return (i) => runs[table.run[i]!]!;
    if (column === "stage") {
      return (i) => names.stages[table.run[i]!]![table.segment[i]!]!.includes(text);
    }
    if (column !== "any") return (i) => matches[table.texts[column][i]!]!;
    return (i) =>
      textColumns.some((name) => matches[table.texts[name][i]!]!) || runs[table.run[i]!]!;
  })();
  return isNegated ? (i) => !test(i) : test;
}

/** Column and direction by which a table is sorted. */
export interface SortOrder {
  readonly column: NumberColumn | TextColumn | "run";
  readonly isDescending: boolean;
}

/** Sorts positions; trajectories without a value come last. The sort is stable. */
export function sortPositions(
  table: TrajectoryTable,
  positions: Uint32Array,
  { column, isDescending }: SortOrder,
): Uint32Array {
  const keys = keysOf(table, column);
  const sign = isDescending ? -1 : 1;
  return positions.slice().sort((a, b) => {
    const [left, right] = [keys[a]!, keys[b]!];
    if (left === right) return a - b;
    if (Number.isNaN(left)) return Number.isNaN(right) ? a - b : 1;
    if (Number.isNaN(right)) return -1;
    return left < right ? -sign : sign;
  });
}

/** Numbers with the same order as the values of a column. */
function keysOf(table: TrajectoryTable, column: SortOrder["column"]): ArrayLike<number> {
  if (column === "run") return table.run;
  if (column in table.numbers) return table.numbers[column as NumberColumn];
  const byText = new Intl.Collator("en", { numeric: true });
  const order = table.strings
    .map((_, i) => i)
    .sort((a, b) => byText.compare(table.strings[a]!, table.strings[b]!));
  const ranks = new Uint32Array(order.length);
  order.forEach((position, rank) => (ranks[position] = rank));
  return table.texts[column as TextColumn].map((position) => ranks[position]!);
}
