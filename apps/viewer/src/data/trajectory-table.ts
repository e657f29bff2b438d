import type { IndexColumns, SegmentEpisodes } from "@turnwise/training/reader";

/** Numeric columns of the table. */
export const numberColumns = [
  "iteration",
  "group",
  "trajectory",
  "seed",
  "return",
  "success",
  "score",
  "turns",
  "tokens",
  "entropy",
  "coefficientMin",
  "coefficientMax",
  "advantage",
] as const;
/** Columns with positions in {@link TrajectoryTable.strings}. */
export const textColumns = ["task", "kind", "outcome", "status"] as const;

export type NumberColumn = (typeof numberColumns)[number];
export type TextColumn = (typeof textColumns)[number];

/**
 * All trajectories of all runs as columns, `[trajectory]`: the contents of the indexes, about 80
 * bytes per trajectory. Trajectories themselves are read when they are opened.
 */
export interface TrajectoryTable {
  readonly length: number;
  readonly strings: readonly string[];
  readonly numbers: Readonly<Record<NumberColumn, Float32Array>>;
  readonly texts: Readonly<Record<TextColumn, Uint32Array>>;
  /** Position of the run, position of the segment in the run, and row in the segment's index. */
  readonly run: Uint16Array;
  readonly segment: Uint16Array;
  readonly row: Uint32Array;
  /** Rows of each segment, see {@link segmentRows}. */
  readonly ranges: ReadonlyMap<number, RowRange>;
}

/** Rows from `start` up to but not including `end`. */
export interface RowRange {
  readonly start: number;
  readonly end: number;
}

const rangeKey = (run: number, segment: number): number => 0x1_0000 * run + segment;

/** Rows of a segment in the table; `undefined` until its index is read. */
export function segmentRows(
  { ranges }: TrajectoryTable,
  run: number,
  segment: number,
): RowRange | undefined {
  return ranges.get(rangeKey(run, segment));
}

/** Collects the indexes of segments into one table. */
export class TableBuilder {
  #capacity = 1024;
  #length = 0;
  #numbers = columnsOf(numberColumns, () => new Float32Array(this.#capacity));
  #texts = columnsOf(textColumns, () => new Uint32Array(this.#capacity));
  #run = new Uint16Array(this.#capacity);
  #segment = new Uint16Array(this.#capacity);
  #row = new Uint32Array(this.#capacity);
  readonly #ranges = new Map<number, RowRange>();
  readonly #strings: string[] = [];
  readonly #positions = new Map<string, number>();

  /** Number of rows so far. */
  get length(): number {
    return this.#length;
  }

  /** Allocates memory for all rows at once: growing in steps takes up to twice the memory. */
  reserve(numRows: number): void {
    if (numRows <= this.#capacity) return;
    this.#capacity = numRows;
    const numbers = this.#numbers;
    const texts = this.#texts;
    this.#numbers = columnsOf(numberColumns, (name) => grow(numbers[name], this.#capacity));
    this.#texts = columnsOf(textColumns, (name) => grow(texts[name], this.#capacity));
    this.#run = grow(this.#run, this.#capacity);
    this.#segment = grow(this.#segment, this.#capacity);
    this.#row = grow(this.#row, this.#capacity);
  }

  /** Appends the rows of a segment. */
  append(run: number, segment: number, { index }: SegmentEpisodes): void {
    const { numRows, columns, strings } = index;
    const start = this.#length;
    if (start + numRows > this.#capacity)
      this.reserve(Math.max(start + numRows, 2 * this.#capacity));
    for (const name of numberColumns) this.#numbers[name].set(columns[name], start);
    const own = strings.map((text) => this.#positionOf(text));
    for (const name of textColumns) copyTexts(columns, name, own, this.#texts[name], start);
    this.#run.fill(run, start, start + numRows);
    this.#segment.fill(segment, start, start + numRows);
    for (let row = 0; row < numRows; row++) this.#row[start + row] = row;
    this.#length += numRows;
    this.#ranges.set(rangeKey(run, segment), { start, end: this.#length });
  }

  /** Current table, which shares the memory of the builder. */
  table(): TrajectoryTable {
    const length = this.#length;
    return {
      length,
      strings: this.#strings,
      numbers: columnsOf(numberColumns, (name) => this.#numbers[name].subarray(0, length)),
      texts: columnsOf(textColumns, (name) => this.#texts[name].subarray(0, length)),
      run: this.#run.subarray(0, length),
      segment: this.#segment.subarray(0, length),
      row: this.#row.subarray(0, length),
      ranges: this.#ranges,
    };
  }

  #positionOf(text: string): number {
    const known = this.#positions.get(text);
    if (known !== undefined) return known;
    this.#positions.set(text, this.#strings.length);
    return this.#strings.push(text) - 1;
  }
}

function columnsOf<Name extends string, Column>(
  names: readonly Name[],
  make: (name: Name) => Column,
): Record<Name, Column> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, Column>;
}

function grow<Column extends Float32Array | Uint16Array | Uint32Array>(
  old: Column,
  capacity: number,
): Column {
  const grown = new (old.constructor as new (length: number) => Column)(capacity);
  grown.set(old);
  return grown;
}

function copyTexts(
  columns: IndexColumns,
  name: TextColumn,
  own: readonly number[],
  into: Uint32Array,
  start: number,
): void {
  const column = columns[name];
  for (let row = 0; row < column.length; row++) into[start + row] = own[column[row]!]!;
}

/** Text of a cell. */
export function textAt(table: TrajectoryTable, name: TextColumn, index: number): string {
  return table.strings[table.texts[name][index]!] ?? "";
}
