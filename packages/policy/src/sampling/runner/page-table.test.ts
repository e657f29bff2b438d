import fc from "fast-check";
import { expect, test } from "vitest";
import { pagePositions, PageTable, type CachedSequence } from "./page-table.ts";

/** Page memory in plain arrays: for each position, the number that was written. */
class PlainMemory {
  readonly pages: number[][] = [];

  reserve(page: number): void {
    if (this.pages[page]) throw new Error(`page ${page} is there already`);
    this.pages[page] = [];
  }

  copy(from: number, to: number): void {
    this.pages[to] = [...this.pages[from]!];
  }

  /** Appends numbers to a sequence. */
  append(table: PageTable, sequence: CachedSequence, numbers: readonly number[]): boolean {
    const start = sequence.length;
    if (!table.extend(sequence, numbers.length)) return false;
    numbers.forEach((number, i) => {
      const position = start + i;
      const page = sequence.pages[Math.floor(position / pagePositions)]!;
      this.pages[page]![position % pagePositions] = number;
    });
    table.commit(sequence, start, numbers.length);
    return true;
  }

  read({ pages, length }: CachedSequence): number[] {
    return Array.from(
      { length },
      (_, i) => this.pages[pages[Math.floor(i / pagePositions)]!]![i % pagePositions]!,
    );
  }
}

const anyEvent = fc.record({
  kind: fc.constantFrom("append", "truncate", "share", "release"),
  sequence: fc.nat(3),
  other: fc.nat(3),
  size: fc.nat(150),
});

test("every sequence holds what was written to it, whichever pages are shared", () => {
  fc.assert(
    fc.property(fc.array(anyEvent), fc.integer({ min: 1, max: 12 }), (events, maxPages) => {
      const memory = new PlainMemory();
      const table = new PageTable({ pageBytes: 1, maxPages, memory });
      const sequences = Array.from({ length: 4 }, () => table.create());
      const expected: number[][] = [[], [], [], []];
      let next = 0;
      let wasRight = true;
      for (const { kind, sequence: index, other, size } of events) {
        const sequence = sequences[index]!;
        if (kind === "append") {
          const numbers = Array.from({ length: size }, () => next++);
          const numFree = maxPages - table.numUsedPages;
          const needed = table.pagesToExtend(sequence, size);
          const isTaken = memory.append(table, sequence, numbers);
          wasRight &&= isTaken === needed <= numFree;
          if (isTaken) expected[index]!.push(...numbers);
        }
        if (kind === "truncate") {
          table.truncate(sequence, size);
          expected[index]!.splice(size);
        }
        if (kind === "release" || (kind === "share" && index !== other)) {
          table.release(sequence);
          expected[index] = [];
        }
        if (kind === "share" && index !== other) {
          const length = Math.min(size, sequences[other]!.length);
          table.sharePrefix(sequences[other]!, sequence, length);
          expected[index] = expected[other]!.slice(0, length);
        }
        expect(table.numUsedPages).toBe(new Set(sequences.flatMap(({ pages }) => pages)).size);
        expect(table.numUsedPages).toBeLessThanOrEqual(maxPages);
      }
      expect(wasRight).toBe(true);
      expect(sequences.map((sequence) => memory.read(sequence))).toEqual(expected);
    }),
  );
});

test("names the step that needs more pages than there are", () => {
  const table = new PageTable({ pageBytes: 1, maxPages: 1, memory: new PlainMemory() });
  const sequence = table.create();
  expect(() => table.mustExtend("step", sequence, 65)).toThrow(
    "step: not enough pages: 0 of 1 are in use, and a sequence needs 2 more",
  );
});
