import type { Random } from "@turnwise/core";

/** Point in a room, metres: right, up, forward. */
export type Point = readonly [x: number, y: number, z: number];

function addSign(text: string, value: number): string {
  return `${value < 0 ? "minus" : "plus"}_${text}`;
}

/** Formats a coordinate as in ids, rounded to centimetres: `plus_01_dot_25`. */
function coordinate(value: number): string {
  const [whole = "", cents = ""] = Math.abs(value).toFixed(2).split(".");
  return addSign(`${whole.padStart(2, "0")}_dot_${cents}`, value);
}

/** Formats an integer as in location ids: `2`, `_minus_4`. */
function step(value: number): string {
  return value < 0 ? `_minus_${-value}` : String(value);
}

/** Draws a point in the room. */
export function drawPoint(random: Random): Point {
  return [random.next() * 6 - 3, random.next() * 2, random.next() * 6 - 3];
}

/** Draws a point near another one, within an arm's length. */
export function drawPointNear([x, y, z]: Point, random: Random): Point {
  const near = (value: number): number => value + (random.next() - 0.5) * 0.6;
  return [near(x), near(y), near(z)];
}

/**
 * Creates distinct ids in the benchmark's format: a class and the coordinates of the object. The
 * order of ids determines the numbers in the names of objects (`mug 2`).
 */
export interface PlacedIds {
  /**
   * Creates the id of an object near a point:
   * `Mug_bar__plus_01_dot_25_bar__plus_00_dot_90_bar__minus_01_dot_08`.
   */
  thing(className: string, point: Point): string;
  /**
   * Creates the id of a location: `loc_bar_2_bar__minus_4_bar_1_bar_45` (position, direction,
   * tilt).
   */
  location(): string;
}

/** Creates the ids of one game. */
export function createPlacedIds(random: Random): PlacedIds {
  const taken = new Set<string>();
  const firstFree = (draw: () => string): string => {
    for (;;) {
      const id = draw();
      if (taken.has(id)) continue;
      taken.add(id);
      return id;
    }
  };
  return {
    thing: (className, point) => {
      // The id of a basin is the name of its furniture with the suffix `basin`.
      const isBasin = className.endsWith("Basin");
      const base = isBasin ? className.slice(0, -"Basin".length) : className;
      const suffix = isBasin ? `_bar_${className}` : "";
      return firstFree(
        () =>
          `${base}_bar_${drawPointNear(point, random)
            .map((value) => `_${coordinate(value)}`)
            .join("_bar_")}${suffix}`,
      );
    },
    location: () =>
      firstFree(
        () =>
          `loc_bar_${[
            step(random.integer(25) - 12),
            step(random.integer(25) - 12),
            step(random.integer(4)),
            step(random.integer(7) * 15 - 30),
          ].join("_bar_")}`,
      ),
  };
}
