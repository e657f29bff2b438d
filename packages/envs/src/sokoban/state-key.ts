import type { SokobanRoom, SokobanState } from "./level.ts";

/**
 * Creates a function that maps each state of a room to a unique number.
 * @throws `RangeError` if the room has too many cells and boxes for exact integers.
 */
export function createStateKeys(
  where: string,
  { width, height, targets }: SokobanRoom,
): (state: SokobanState) => number {
  const numCells = width * height;
  if (numCells ** (targets.length + 1) > Number.MAX_SAFE_INTEGER) {
    throw new RangeError(
      `${where}: boxes must be few enough for a room of ${numCells} cells, got ${targets.length}`,
    );
  }
  return ({ player, boxes }) => boxes.reduce((key, box) => key * numCells + box, player);
}
