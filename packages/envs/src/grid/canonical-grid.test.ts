import fc from "fast-check";
import { expect, it } from "vitest";
import { canonicalGrid } from "./canonical-grid.ts";

const rowsArbitrary = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }))
  .chain(([height, width]) =>
    fc.array(
      fc.string({ unit: fc.constantFrom("#", "_", "P"), minLength: width, maxLength: width }),
      {
        minLength: height,
        maxLength: height,
      },
    ),
  );

it("is the same for mirror images and rotations", () => {
  fc.assert(
    fc.property(rowsArbitrary, (rows) => {
      const mirrored = rows.map((row) => Array.from(row).reverse().join(""));
      const transposed = Array.from({ length: rows[0]!.length }, (_, column) =>
        rows.map((row) => row[column]!).join(""),
      );
      expect(canonicalGrid(mirrored)).toBe(canonicalGrid(rows));
      expect(canonicalGrid(transposed)).toBe(canonicalGrid(rows));
    }),
  );
});

it("tells other grids apart", () => {
  expect(canonicalGrid(["P_", "__"])).toBe(canonicalGrid(["__", "_P"]));
  expect(canonicalGrid(["P_", "_#"])).not.toBe(canonicalGrid(["P#", "__"]));
});
