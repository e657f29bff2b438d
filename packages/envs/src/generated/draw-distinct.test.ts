import { describe, expect, it } from "vitest";
import { drawDistinct } from "./draw-distinct.ts";
import type { GeneratedSplit } from "./fingerprint.ts";

const numbers = (split: GeneratedSplit, count: number, seed = 1): string[] =>
  drawDistinct("numbers", {
    seed,
    split,
    count,
    draw: (random) => (random.next() < 0.5 ? undefined : String(random.integer(500))),
    contentOf: (value) => value,
  }).map(({ value }) => value);

describe("drawDistinct", () => {
  it("fills disjoint splits whatever the seeds, with prefixes of longer sets", () => {
    const train = numbers("train", 200);
    const heldOut = numbers("held_out", 50, 2);
    expect(new Set([...train, ...heldOut]).size).toBe(250);
    expect(numbers("train", 20)).toEqual(train.slice(0, 20));
    expect(numbers("train", 20, 3)).not.toEqual(train.slice(0, 20));
  });

  it("reports that there are fewer", () => {
    expect(() => numbers("held_out", 400)).toThrow(
      /^numbers: count must be at most the number of different tasks with these options, got 400, but found only \d+ in split held_out$/u,
    );
  });
});
